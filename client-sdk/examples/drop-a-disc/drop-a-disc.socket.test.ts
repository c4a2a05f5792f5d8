import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureBuilt } from "@multitap/native/build";
import type { Page } from "puppeteer-core";
import { type Chromium, openChromium, requireChromium } from "../../../scripts/testing/chromium.ts";
import { makeRom } from "../../src/testing/fixtures.ts";
import { createTempFolder, type TempFolder } from "../../src/testing/temp-folder.ts";
import { createTestServer, type TestServer } from "../../src/testing/test-server.ts";
import { CHD_FACTS, readChdVector } from "../../src/testing/vectors.ts";
import { buildPage } from "./build.ts";

const TIMEOUT_MS = 60_000;
const PSX = CHD_FACTS["cd-psx-default"];
/** A strict policy: no inline script, no blob, no eval; WebAssembly is all that is asked for. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'";
const isMissing = requireChromium() === null;

interface Site extends AsyncDisposable {
  readonly url: string;
  readonly server: TestServer;
  /** Bytes of request bodies that reached the server. */
  readonly receivedBytes: () => number;
  readonly requests: readonly string[];
}

/** Serves a folder, and a test server that knows the given digest behind the same address. */
function serveSite(folder: string, marks: Readonly<Record<string, string>>): Site {
  const server = createTestServer();
  server.tokens = new Set(["token-1"]);
  server.roms.push(makeRom(7, { name: "Crystal Maze" }));
  server.intercept = (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/api/roms/by-hash") return undefined;
    const isHit = [...searchParams].some(([name, value]) => marks[name] === value);
    return Response.json(isHit ? { id: 7 } : { detail: "" }, { status: isHit ? 200 : 404 });
  };
  let receivedBytes = 0;
  const requests: string[] = [];
  const listener = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      requests.push(`${request.method} ${pathname}${search}`);
      const body = await request.arrayBuffer();
      receivedBytes += body.byteLength;
      if (/^\/(?:api|trpc)\//.test(pathname)) {
        const { method, headers } = request;
        return server.handle(
          new Request(request.url, { method, headers, ...(body.byteLength > 0 && { body }) }),
        );
      }
      const file = Bun.file(join(folder, pathname === "/" ? "index.html" : pathname));
      if (!(await file.exists())) return new Response(null, { status: 404 });
      return new Response(file, { headers: { "content-security-policy": POLICY } });
    },
  });
  return {
    url: `http://127.0.0.1:${listener.port}/`,
    server,
    receivedBytes: () => receivedBytes,
    requests,
    [Symbol.asyncDispose]: () => listener.stop(true),
  };
}

let chromium: Chromium | null = null;
let folder: TempFolder | null = null;
const complaints: string[] = [];

beforeAll(async () => {
  if (isMissing) return;
  await ensureBuilt();
  folder = await createTempFolder();
  await buildPage(folder.path);
  await Bun.build({
    entrypoints: [join(import.meta.dir, "../../src/testing/first-hash.ts")],
    outdir: folder.path,
    splitting: true,
    minify: true,
    throw: true,
  });
  await writeFile(
    folder.at("first.html"),
    '<!doctype html><script type="module" src="/first-hash.js"></script>',
  );
  chromium = await openChromium({
    onPageMessage: ({ kind, text }) => {
      // The browser asks for an icon that there is none of.
      if (!text.includes("404")) complaints.push(`${kind} ${text}`);
    },
  });
}, TIMEOUT_MS);

afterAll(async () => {
  await chromium?.close();
  await folder?.[Symbol.asyncDispose]();
}, TIMEOUT_MS);

/** Opens the page, signs in and notes each value that the progress bar shows. */
async function openDropPage(url: string): Promise<Page> {
  if (chromium === null) throw new TypeError("the browser was started before");
  const page = await chromium.openPage();
  await page.goto(url);
  await page.type("input[name=token]", "token-1");
  await page.evaluate(() => {
    const bar = document.querySelector("progress");
    const shares: number[] = [];
    Object.assign(globalThis, { shares });
    if (bar !== null)
      new MutationObserver(() => shares.push(bar.value)).observe(bar, { attributeFilter: ["value"] });
  });
  return page;
}

async function readPage(page: Page) {
  await page.waitForFunction(() =>
    /^Done|\(\w+\)$/.test(document.querySelector("#status")?.textContent ?? ""),
  );
  return await page.evaluate(() => {
    const textOf = (selector: string) => document.querySelector(selector)?.textContent;
    const { shares } = globalThis as unknown as { shares: number[] };
    const tracks = [...document.querySelectorAll("#tracks li")].map(({ textContent }) => textContent);
    return { status: textOf("#status"), game: textOf("#game"), hash: textOf("#hash"), tracks, shares };
  });
}

describe.skipIf(isMissing)("drop-a-disc", () => {
  test(
    "shows tracks, hash and game of a chosen CHD, and sends no byte of it",
    async () => {
      await using site = serveSite(folder?.path ?? "", { ra_hash: PSX.ra });
      await writeFile(folder?.at("mystery.chd") ?? "", await readChdVector("cd-psx-default"));
      const page = await openDropPage(site.url);
      const chooser = await page.$("input[type=file]");
      await (chooser as unknown as { uploadFile(path: string): Promise<void> }).uploadFile(
        folder?.at("mystery.chd") ?? "",
      );
      const { shares, ...shown } = await readPage(page);
      expect(shown).toEqual({
        status: "Done",
        game: "Crystal Maze",
        hash: PSX.ra,
        tracks: ["1: MODE2_RAW, 33 sectors"],
      });
      expect(shares.length).toBeGreaterThan(2);
      expect(shares.at(-1)).toBe(1);
      expect(site.receivedBytes()).toBe(0);
      // The hunks were decoded by a thread of the worker.
      expect(site.requests).toContain("GET /decode.js");
      const asked = site.requests.filter((request) => /\/(?:api|trpc)\//.test(request));
      expect(asked.map((request) => request.replace(/\?.*/, ""))).toEqual([
        "GET /api/roms/by-hash",
        "GET /api/roms/by-hash",
        expect.stringContaining("roms.get"),
      ]);
      await page.close();
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "takes what is dropped, and tells when the library does not have it",
    async () => {
      await using site = serveSite(folder?.path ?? "", {});
      const page = await openDropPage(site.url);
      await page.evaluate(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["a cartridge"], "game.sfc"));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
      });
      const { shares, ...shown } = await readPage(page);
      const hash = new Bun.CryptoHasher("md5").update("a cartridge").digest("hex");
      expect(shown).toEqual({ status: "Done", game: "not in the library", hash, tracks: [] });
      expect(site.receivedBytes()).toBe(0);
      await page.close();
    },
    TIMEOUT_MS,
  );

  test(
    "shows why a file cannot be read",
    async () => {
      await using site = serveSite(folder?.path ?? "", {});
      const page = await openDropPage(site.url);
      await page.evaluate(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([new Uint8Array(500)], "broken.chd"));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
      });
      expect((await readPage(page)).status).toEndWith("(CHD_NOT_A_CHD)");
      await page.close();
    },
    TIMEOUT_MS,
  );

  test(
    "a fresh page hashes soon",
    async () => {
      await using site = serveSite(folder?.path ?? "", {});
      const rows: string[] = [];
      for (let round = 0; round < 5; round += 1) {
        if (chromium === null) throw new TypeError("the browser was started before");
        const page = await chromium.openPage();
        await page.setCacheEnabled(false);
        await page.goto(`${site.url}first.html`);
        await page.waitForFunction(() => "firstHash" in globalThis);
        const found = await page.evaluate(() => {
          const { firstHash } = globalThis as unknown as {
            firstHash: { sha1: string; ms: number; sinceNavigationMs: number };
          };
          return firstHash;
        });
        expect(found.sha1).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
        rows.push(`${found.ms.toFixed(1)} (${found.sinceNavigationMs.toFixed(1)})`);
        await page.close();
      }
      console.log(
        `first hash in a fresh page, ms after the script ran (after navigation): ${rows.join(", ")}`,
      );
    },
    TIMEOUT_MS,
  );
});
