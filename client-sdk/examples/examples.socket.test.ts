import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { ensureBuilt } from "@multitap/native/build";
import type { RomParts } from "@multitap/server/contract/roms";
import { makeBytes, makeRom, makeScan, makeStats } from "../src/testing/fixtures.ts";
import { until } from "../src/testing/manual-environment.ts";
import { type ServedTestServer, serveTestServer } from "../src/testing/serve.ts";
import { createTempFolder } from "../src/testing/temp-folder.ts";
import { main as deviceLogin } from "./device-login.ts";
import { buildPage } from "./drop-a-disc/build.ts";
import { main as liveScan } from "./live-scan.ts";
import { main as mirrorPlatform } from "./mirror-platform.ts";

const AT = "2029-12-31T00:00:00.000Z";

function addRom(
  { server }: ServedTestServer,
  id: number,
  file: Partial<RomParts["files"][number]> = {},
): Uint8Array<ArrayBuffer> {
  const bytes = makeBytes(50_000 + id, id);
  const fileName = `rom-${id}.sfc`;
  server.roms.push(makeRom(id));
  server.contents.set(id, { bytes, etag: `"${id}"`, fileName });
  server.files.set(id, [
    {
      id: id * 10,
      romId: id,
      fileName,
      filePath: "roms/snes",
      sizeBytes: bytes.length,
      modifiedAt: AT,
      isTopLevel: true,
      crc32: "",
      md5: "",
      sha1: new Bun.CryptoHasher("sha1").update(bytes).digest("hex"),
      raHash: "",
      chdSha1: "",
      isPacked: false,
      archiveMembers: null,
      category: null,
      trackMeta: null,
      createdAt: AT,
      updatedAt: AT,
      ...file,
    },
  ]);
  return bytes;
}

describe("mirror-platform", () => {
  test("copies what is missing and leaves the rest alone", async () => {
    await using served = await serveTestServer();
    await using folder = await createTempFolder();
    served.server.platforms.push({ id: 3, slug: "snes", name: "SNES" });
    const first = addRom(served, 1);
    const second = addRom(served, 2, { filePath: "roms/snes/Game/disc" });
    await writeFile(folder.at("rom-1.sfc"), first);
    const lines: string[] = [];
    const args = [served.url, "token", "snes", folder.path];
    expect(
      await mirrorPlatform(args, (line, isFinal) => {
        if (isFinal) lines.push(line);
      }),
    ).toBe(0);
    expect(lines).toEqual(["rom-2.sfc is there"]);
    expect(new Uint8Array(await readFile(folder.at("Game", "disc", "rom-2.sfc")))).toEqual(second);
    expect(served.server.requests.filter(({ path }) => path.includes("/content/"))).toHaveLength(1);
  });

  test("writes nothing outside of the folder", async () => {
    await using served = await serveTestServer();
    await using folder = await createTempFolder();
    served.server.platforms.push({ id: 3, slug: "snes", name: "SNES" });
    addRom(served, 1, { fileName: "../../evil.sfc" });
    await mkdir(folder.at("a", "b"), { recursive: true });
    const lines: string[] = [];
    await mirrorPlatform([served.url, "token", "snes", folder.at("a", "b")], (line) => lines.push(line));
    expect(lines.join()).toContain("skipped ../../evil.sfc");
    expect(await readdir(folder.path)).toEqual(["a"]);
  });

  test("tells what is wrong with its arguments", async () => {
    await using served = await serveTestServer();
    const lines: string[] = [];
    expect(await mirrorPlatform(["only-one"], (line) => lines.push(line))).toBe(2);
    expect(await mirrorPlatform([served.url, "t", "nes", "/tmp/x"], (line) => lines.push(line))).toBe(1);
    expect(lines).toEqual([
      "usage: mirror-platform <url> <token> <platform slug> <folder>",
      'the library has no platform "nes"',
    ]);
  });
});

describe("live-scan", () => {
  test("prints the steps of the scan it started", async () => {
    await using served = await serveTestServer();
    const { server } = served;
    const lines: string[] = [];
    const running = liveScan([served.url, "token"], (line) => lines.push(line));
    await until(() => lines.length === 1 && server.log.followers > 0);
    const raise = (romsDone: number, changes: object) =>
      server.log.raise("scan", {
        scanId: 1,
        status: "running",
        phase: "hashing",
        platformFsSlug: "snes",
        stats: makeStats({ romsDone }),
        errorMessage: null,
        ...changes,
      });
    raise(5, {});
    raise(9, { status: "done", phase: "ended", platformFsSlug: null });
    expect(await running).toBe(0);
    expect(lines[0]).toBe("queued: 0 roms, 0 new, 0 problems");
    expect(lines.at(-1)).toBe("done: 9 roms, 0 new, 0 problems");
  });

  test("joins the scan that runs", async () => {
    await using served = await serveTestServer();
    served.server.scans.set(4, makeScan(4, { status: "failed", phase: "ended" }));
    served.server.runningScanId = 4;
    const lines: string[] = [];
    expect(await liveScan([served.url, "token"], (line) => lines.push(line))).toBe(1);
    expect(lines).toEqual(["failed: 0 roms, 0 new, 0 problems"]);
  });
});

describe("device-login", () => {
  const STARTED = {
    deviceCode: "0".repeat(64),
    userCode: "RN7WHEJ6",
    verificationPath: "/pair/device",
    verificationPathComplete: "/pair/device?user_code=RN7WHEJ6",
    expiresInSeconds: 600,
    intervalSeconds: 0.02,
  };
  const ok = (data: unknown) => Response.json({ result: { data } });
  const refuse = (kind: string, code: string) =>
    Response.json({ error: { message: code, data: { kind, code } } }, { status: 400 });

  /** Answers the flow with one reply after the other. */
  function answerFlow({ server }: ServedTestServer, replies: Response[]): void {
    server.intercept = ({ url }) => {
      if (url.endsWith("/deviceFlow.start")) return ok(STARTED);
      return url.endsWith("/deviceFlow.poll") ? replies.shift() : undefined;
    };
  }

  test("shows the code, waits, and is signed in from then on", async () => {
    await using served = await serveTestServer();
    await using folder = await createTempFolder();
    const accessToken = `rmm_${"0".repeat(64)}`;
    served.server.tokens = new Set([accessToken]);
    const grant = { accessToken, deviceId: "device-1", scopes: ["me.read"], expiresAt: null };
    answerFlow(served, [refuse("conflict", "DEVICE_FLOW_PENDING"), ok(grant)]);
    const lines: string[] = [];
    const run = () => deviceLogin([served.url, folder.at("me.json")], (line) => lines.push(line));
    expect([await run(), await run()]).toEqual([0, 0]);
    expect(lines).toEqual([
      `Enter RN7WHEJ6 at ${served.url}/pair/device`,
      "signed in as ana",
      "signed in as ana",
    ]);
  });

  test.each([
    ["forbidden", "DEVICE_FLOW_DENIED", "the request was refused"],
    ["not_found", "DEVICE_FLOW_EXPIRED", "nobody approved in time; try again"],
  ])("tells of %s %s", async (kind, code, line) => {
    await using served = await serveTestServer();
    await using folder = await createTempFolder();
    answerFlow(served, [refuse(kind, code)]);
    const lines: string[] = [];
    const args = [served.url, folder.at("me.json"), "Deck"];
    expect(await deviceLogin(args, (each) => lines.push(each))).toBe(1);
    expect(lines.at(-1)).toBe(line);
  });

  test("tells what is wrong with its arguments", async () => {
    const lines: string[] = [];
    expect(await deviceLogin([], (line) => lines.push(line))).toBe(2);
    expect(lines).toEqual(["usage: device-login <url> <file for the credentials> [name of this device]"]);
  });
});

describe("drop-a-disc", () => {
  test("builds into a page, its worker and the file of its threads", async () => {
    await using folder = await createTempFolder();
    await ensureBuilt();
    await buildPage(folder.path);
    const names = await readdir(folder.path);
    expect(names).toEqual(
      expect.arrayContaining(["decode.js", "index.html", "page.css", "page.js", "work.js"]),
    );
    // A thread whose file came out empty would never answer.
    expect(await readFile(folder.at("decode.js"), "utf8")).toContain("addEventListener");
  }, 60_000);
});

test("README and guide quote the examples as they are", async () => {
  const folder = `${import.meta.dir}/..`;
  const squeeze = (text: string) => text.replace(/\s+/g, " ");
  const sources = await Promise.all(
    ["mirror-platform", "live-scan", "drop-a-disc/work"].map((name) =>
      readFile(`${folder}/examples/${name}.ts`, "utf8"),
    ),
  );
  const pages = await Promise.all(
    ["README", "docs/guide"].map((name) => readFile(`${folder}/${name}.md`, "utf8")),
  );
  const blocks = [...pages.join("\n").matchAll(/```ts\n(.*?)```/gs)];
  const quotes = blocks
    .map(([, code]) => squeeze(code ?? "").trim())
    .filter((code) => !code.includes("import"));
  expect(quotes).toHaveLength(5);
  for (const quote of quotes) expect(squeeze(sources.join("\n"))).toContain(quote);
});
