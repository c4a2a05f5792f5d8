import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ensureWebBuilt, findWebBundle, type StoredWebBundle, type WebBundle } from "./web-build.ts";

/** What a phone loads before it shows anything, and the pieces that come later. */
const PACKED_BYTES_MAX = 60 * 1024;
const TIMEOUT_MS = 60_000;

let folder: string;
let path: string;
let bundle: WebBundle;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-web-"));
  path = join(folder, "web", "bundle.json");
  bundle = await ensureWebBuilt(path);
}, TIMEOUT_MS);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const readStored = async () => JSON.parse(await readFile(path, "utf8")) as StoredWebBundle;

describe("the built page", () => {
  test("is small: script, style and icon together", () => {
    const packed = bundle.files.map(({ name, text }) => [name, gzipSync(text, { level: 9 }).length] as const);
    const total = packed.reduce((sum, [, bytes]) => sum + bytes, 0);
    console.log(`${packed.map((file) => file.join(" ")).join(", ")}; ${total} bytes in all`);
    expect(total).toBeLessThanOrEqual(PACKED_BYTES_MAX);
  });

  test("names its files by their bytes, and asks for nothing from elsewhere", () => {
    const names = bundle.files.map(({ name }) => name);
    expect(names).toContainEqual(expect.stringMatching(/^page-[a-z0-9]{8}\.js$/));
    expect(names).toContainEqual(expect.stringMatching(/^page-[a-z0-9]{8}\.css$/));
    const named = [...bundle.html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? "");
    expect(named).toHaveLength(3);
    for (const address of named) expect(names.map((name) => `web/${name}`)).toContain(address);
    expect(bundle.html).not.toMatch(/<script(?! type="module" src)|<style|style=|\son\w+=/);
    for (const { text } of bundle.files) expect(text).not.toMatch(/innerHTML|\beval\(|new Function\(/);
  });

  test("is the same wherever and whenever it is built", async () => {
    const elsewhere = join(folder, "again", "bundle.json");
    const script = join(import.meta.dir, "../../scripts/build-web.ts");
    const child = Bun.spawn([process.execPath, script, "--print", elsewhere], { cwd: "/", stdout: "pipe" });
    const text = await new Response(child.stdout).text();
    expect(JSON.parse(text)).toEqual(await readStored());
  });

  test(
    "is taken as it is until a source changes",
    async () => {
      const fresh = await readStored();
      expect(await findWebBundle(path)).toEqual(fresh);
      const [source = ""] = Object.keys(fresh.inputs);
      const inputs = { ...fresh.inputs, [source]: "another digest" };
      for (const stale of [
        { ...fresh, inputs },
        { ...fresh, inputs: { ...fresh.inputs, "server/src/app/web/gone.ts": "" } },
        { ...fresh, bun: "0.1.0" },
        { ...fresh, format: 0 },
      ]) {
        await writeFile(path, JSON.stringify(stale));
        expect(await findWebBundle(path)).toBeNull();
      }
      await writeFile(path, JSON.stringify(fresh).slice(0, 1_000));
      expect(await findWebBundle(path)).toBeNull();
      expect((await ensureWebBuilt(path)).html).toBe(bundle.html);
      expect(await readStored()).toEqual(fresh);
    },
    TIMEOUT_MS,
  );
});
