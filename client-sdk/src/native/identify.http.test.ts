import { beforeAll, describe, expect, test } from "bun:test";
import { ensureBuilt } from "@multitap/native/build";
import { createClientIn } from "../client.ts";
import { identify, openChd } from "../entries/native.ts";
import { failureOf } from "../testing/failure-of.ts";
import { makeBytes, makeRom } from "../testing/fixtures.ts";
import { createManualEnvironment } from "../testing/manual-environment.ts";
import { createTestServer } from "../testing/test-server.ts";
import { CHD_FACTS, readChdVector } from "../testing/vectors.ts";

const PSX = CHD_FACTS["cd-psx-default"];
const BYTES = makeBytes(50_000);
const digestOf = (name: "md5" | "sha1", bytes: Uint8Array) =>
  new Bun.CryptoHasher(name).update(bytes).digest("hex");
const cartridge = () => new File([BYTES], "game.sfc");

beforeAll(async () => {
  await ensureBuilt();
}, 60_000);

/** A server that knows game 7 by these marks of the by-hash route. */
function setUp(known: Readonly<Record<string, string>>) {
  const server = createTestServer();
  server.roms.push(makeRom(7));
  const asked: Record<string, string>[] = [];
  server.intercept = (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/api/roms/by-hash") return undefined;
    asked.push(Object.fromEntries(searchParams));
    const isHit = [...searchParams].some(([name, value]) => known[name] === value);
    return isHit
      ? Response.json({ id: 7, name: "as other apps see it" })
      : Response.json({ detail: "No ROM or file found with given hash values" }, { status: 404 });
  };
  const environment = createManualEnvironment();
  const client = createClientIn(environment, { url: "http://nas", fetch: server.fetch, auth: "token" });
  return { server, client, asked };
}

describe("identify", () => {
  test("finds a cartridge by its bytes", async () => {
    const { client, server, asked } = setUp({ sha1_hash: digestOf("sha1", BYTES) });
    const hit = await identify(client, cartridge());
    expect([hit?.rom.id, hit?.matchedBy]).toEqual([7, "bytes"]);
    expect(asked).toEqual([{ sha1_hash: digestOf("sha1", BYTES), md5_hash: digestOf("md5", BYTES) }]);
    expect(server.requests.map(({ method }) => method)).toEqual(["GET", "GET"]);
  });

  test("finds a cartridge by its ra hash when no bytes match", async () => {
    const { client } = setUp({ ra_hash: digestOf("md5", BYTES) });
    const hit = await identify(client, cartridge(), { target: { platform: "snes" } });
    expect(hit).toMatchObject({ matchedBy: "ra", raHash: digestOf("md5", BYTES), raConsoleId: 3 });
  });

  test("asks for checksum and size at last, for games that are listed by these only", async () => {
    const { client, server } = setUp({});
    const marks: unknown[] = [];
    server.beforeCall = async (path, { request }) => {
      if (path !== "roms.find") return;
      marks.push(JSON.parse(new URL(request.url).searchParams.get("input") ?? "null"));
    };
    expect(await identify(client, cartridge())).toBeNull();
    const crc32 = Bun.hash.crc32(BYTES).toString(16).padStart(8, "0");
    expect(marks).toEqual([{ 0: { crc32, sizeBytes: BYTES.length } }]);
  });

  test.each([
    ["by the digest it holds of itself, without reading a hunk", { sha1_hash: PSX.sha1 }, "chd", null],
    ["by the disc inside of it", { ra_hash: PSX.ra }, "ra", 12],
  ] as const)("finds a CHD %s", async (_how, known, matchedBy, raConsoleId) => {
    const { client } = setUp(known);
    const bytes = await readChdVector("cd-psx-default");
    const chd = await openChd(bytes);
    for (const input of [bytes, new File([bytes], "a.chd"), [new Blob([bytes])], chd.source()]) {
      const hit = await identify(client, input);
      expect([hit?.rom.id, hit?.matchedBy, hit?.raConsoleId]).toEqual([7, matchedBy, raConsoleId]);
    }
    await chd.close();
  });

  test("finds a CHD by its file's bytes at last", async () => {
    const bytes = await readChdVector("cd-psx-default");
    const { client, asked } = setUp({ md5_hash: digestOf("md5", bytes) });
    const hit = await identify(client, new File([bytes], "a.chd"));
    expect(hit).toMatchObject({ matchedBy: "bytes", raHash: PSX.ra, raConsoleId: 12 });
    expect(asked.map((marks) => Object.keys(marks))).toEqual([
      ["sha1_hash"],
      ["ra_hash"],
      ["sha1_hash", "md5_hash"],
    ]);
  });

  test("takes the largest of several files", async () => {
    const { client } = setUp({ sha1_hash: digestOf("sha1", BYTES) });
    const files = [new File(["REM"], "a.cue"), new File([BYTES], "a.bin"), new File(["x"], "b.bin")];
    expect((await identify(client, files))?.matchedBy).toBe("bytes");
  });

  test("gives null for no files, and for what the library does not have", async () => {
    const { client, server } = setUp({});
    expect(await identify(client, [])).toBeNull();
    expect(server.requests).toHaveLength(0);
    expect(await identify(client, new File([await readChdVector("gd-default")], "a.chd"))).toBeNull();
  });

  test("fails as the server does", async () => {
    const { client, server } = setUp({});
    server.tokens = new Set();
    server.intercept = (request) =>
      new URL(request.url).pathname === "/api/roms/by-hash"
        ? Response.json({ detail: "Not authenticated" }, { status: 401 })
        : undefined;
    const failure = await failureOf(identify(client, cartridge()));
    expect(failure.kind).toBe("unauthenticated");
  });

  test("takes no other answer for a game", async () => {
    const { client, server } = setUp({});
    server.intercept = () => new Response("<html>", { headers: { "content-type": "text/html" } });
    expect((await failureOf(identify(client, cartridge()))).code).toBe("ANSWER_NOT_OURS");
  });

  test("stops when it is aborted, before anything is sent", async () => {
    const { client, server } = setUp({});
    const controller = new AbortController();
    const failure = await failureOf(
      identify(client, cartridge(), {
        signal: controller.signal,
        onProgress: () => controller.abort("enough"),
      }),
    );
    expect([failure.kind, failure.cause, server.requests.length]).toEqual(["aborted", "enough", 0]);
  });
});
