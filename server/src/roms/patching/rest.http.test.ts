import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ADMIN, VIEWER } from "../../auth/calls.testing.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { ascii, hex, noise } from "../../ports/compute/patches/testing/apply.ts";
import { writeBps, writeIps, writeUps } from "../../ports/compute/patches/testing/writers.ts";
import type { Compute } from "../../ports/compute/port.ts";
import { createRawZip } from "../../ports/compute/testing/archives.ts";
import { openRomScene, type RomScene } from "../access/scene.testing.ts";
import { PATCHES_WAITING_MAX } from "./limits.ts";
import { patchRom } from "./service.ts";

const BYTES = "ABCDEFGH";
const PATCHED = "AbCDEFgHIJ";
const UPS = writeUps(ascii(BYTES), ascii(PATCHED));
const IPS = writeIps(ascii(BYTES), ascii(PATCHED));
const LIMIT = 600_000;
const SENT_IPS: ReceivedFile = {
  fieldName: "patch_file",
  fileName: "x.ips",
  contentType: "",
  sizeBytes: IPS.length,
  content: { bytes: IPS },
};

let scene: RomScene;
let romFileId = 0;
let patchFileId = 0;

beforeAll(async () => {
  scene = await openRomScene({
    ROM_PATCHER_MAX_FILE_SIZE_BYTES: String(LIMIT),
    ROM_PATCHER_TIMEOUT: "20",
    ROM_PATCHER_MAX_CONCURRENCY: "1",
  });
  romFileId = await addFile("Star Pilot (USA).gba", ascii(BYTES));
  patchFileId = await addFile("French v1.ups", UPS);
}, 30_000);
afterAll(() => scene.close());

/** Adds a file to the rom `A.gba`; gives its id. */
async function addFile(name: string, bytes: Uint8Array): Promise<number> {
  const { library } = scene;
  await writeFile(join(library.app.basePath, "library", "roms", "gba", name), bytes);
  const { sql } = library.app.database.handle;
  const [row] = await sql<
    { id: number }[]
  >`insert into rom_files (rom_id, file_name, file_path, file_size_bytes)
    values (${scene.a}, ${name}, 'roms/gba', ${bytes.length}) returning id`;
  return row?.id ?? 0;
}

interface Upload {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface PatchCall {
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly upload?: Upload | undefined;
  readonly authorization?: string | undefined;
}

async function patch(fileId: number | string, { fields = {}, upload, authorization = ADMIN }: PatchCall) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  if (upload !== undefined) body.set("patch_file", new Blob([Uint8Array.from(upload.bytes)]), upload.name);
  const headers = { authorization };
  const response = await scene.library.app.fetch(`/api/roms/${fileId}/patch`, {
    method: "POST",
    headers,
    body,
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text: Buffer.from(bytes).toString("latin1"),
  };
}

/** Status and body of a refusal, and that nothing was left on disk. */
async function refusalOf(calling: ReturnType<typeof patch>): Promise<readonly unknown[]> {
  const { status, text } = await calling;
  expect(await listLeft()).toEqual([]);
  return [status, JSON.parse(text).detail];
}

async function listLeft(): Promise<readonly string[]> {
  const folder = join(scene.library.app.facts.tempPath, "patched");
  await mkdir(folder, { recursive: true });
  return await readdir(folder);
}

const withIps = (bytes = IPS): PatchCall => ({ upload: { name: "fix.ips", bytes } });

describe("patching a file of the library", () => {
  test("gives the patched bytes under a name of their own, and keeps nothing", async () => {
    const { status, headers, text } = await patch(romFileId, {
      fields: { patch_file_id: String(patchFileId) },
    });
    expect([status, text]).toEqual([200, PATCHED]);
    const name = encodeURIComponent("Star Pilot (USA) (patched-French v1).gba")
      .replaceAll("(", "%28")
      .replaceAll(")", "%29");
    expect(headers.get("content-disposition")).toBe(
      `attachment; filename*=UTF-8''${name}; filename="${name}"`,
    );
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("x-patch-validated")).toBe("true");
    expect(headers.get("x-multitap-patch-check")).toBe("matched");
    expect(headers.get("x-multitap-total-bytes")).toBe("10");
    expect(await listLeft()).toEqual([]);
    const again = await patch(romFileId, { fields: { patch_file_id: String(patchFileId) } });
    expect(again.text).toBe(PATCHED);
  });

  test("takes a patch that is sent, however long, and a wish for the name", async () => {
    const first = await patch(romFileId, {
      ...withIps(),
      fields: { output_file_name: "Mein Hack.sfc", patch_file_id: "" },
    });
    expect([first.status, first.text, first.headers.get("x-patch-validated")]).toEqual([
      200,
      PATCHED,
      "false",
    ]);
    expect(first.headers.get("x-multitap-patch-check")).toBe("unknown");
    expect(first.headers.get("content-disposition")).toContain("Mein%20Hack.gba");
    const large = noise(400_000);
    const bps = writeBps(ascii(BYTES), large, [{ kind: "targetRead", bytes: large }]);
    const second = await patch(romFileId, { upload: { name: "large.bps", bytes: bps } });
    expect([second.status, Buffer.compare(second.bytes, large)]).toEqual([200, 0]);
    expect(await readdir(join(scene.library.app.facts.tempPath, "received"))).toEqual([]);
  });

  test("says that the rom is another one than the patch was made for", async () => {
    const otherId = await addFile("Other.gba", ascii("XBCDEFGH"));
    const { status, headers, text } = await patch(otherId, {
      fields: { patch_file_id: String(patchFileId) },
    });
    expect([status, text, headers.get("x-patch-validated")]).toEqual([200, "XbCDEFgHIJ", "false"]);
    expect(headers.get("x-multitap-patch-check")).toBe("differs");
  });

  test("patches the only file of an archive, and refuses one of several", async () => {
    const member = { name: "folder/Game.gba", content: BYTES };
    const oneId = await addFile("Packed.zip", createRawZip([member]));
    const { status, headers, text } = await patch(oneId, withIps());
    expect([status, text]).toEqual([200, PATCHED]);
    expect(decodeURIComponent(headers.get("content-disposition") ?? "")).toContain(
      "Packed (patched-fix).gba",
    );
    const twoId = await addFile("Two.zip", createRawZip([member, { name: "readme.txt", content: "x" }]));
    const message = "The rom holds 2 files, and a patch is for one; unpack it first";
    expect(await refusalOf(patch(twoId, withIps()))).toEqual([400, message]);
  });

  test.each([
    ["neither patch", {}],
    ["both patches", { ...withIps(), fields: { patch_file_id: "1" } }],
    ["a file that was not chosen", { upload: { name: "", bytes: new Uint8Array(0) } }],
  ])("refuses %s", async (_what, call) => {
    const message = "Exactly one of patch_file_id and patch_file is required";
    expect(await refusalOf(patch(romFileId, call))).toEqual([400, message]);
  });

  test("refuses an id that is no number, in the form of the compatible API", async () => {
    const [status, detail] = await refusalOf(patch(romFileId, { fields: { patch_file_id: "x" } }));
    expect([status, detail]).toEqual([
      422,
      [
        {
          type: "int_parsing",
          loc: ["body", "patch_file_id"],
          msg: "Input should be a valid integer, unable to parse string as an integer",
          input: "x",
        },
      ],
    ]);
  });

  test.each([
    ["damaged", IPS.subarray(0, 7)],
    [
      "of another rom than can be patched",
      writeBps(noise(50), ascii("AB"), [{ kind: "sourceCopy", count: 2, move: 40 }]),
    ],
  ])("answers 500 to a patch that is %s", async (_what, bytes) => {
    expect(await refusalOf(patch(romFileId, withIps(bytes)))).toEqual([500, "Patching failed"]);
  });

  test("refuses clearly what is no patch that is known", async () => {
    const message = "The patch is of no format that is known here";
    expect(await refusalOf(patch(romFileId, withIps(ascii("PK\x03\x04"))))).toEqual([400, message]);
    const [status] = await refusalOf(patch(romFileId, withIps(hex("d6c3c4000102000500 01000000"))));
    expect(status).toBe(400);
  });

  test("refuses roms, patches and results over the limit", async () => {
    const largeId = await addFile("Large.bin", new Uint8Array(LIMIT + 1));
    expect((await refusalOf(patch(largeId, withIps())))[0]).toBe(413);
    expect((await refusalOf(patch(romFileId, withIps(new Uint8Array(LIMIT + 1)))))[0]).toBe(413);
    const bomb = writeBps(ascii(BYTES), new Uint8Array(LIMIT + 1), [
      { kind: "targetRead", bytes: new Uint8Array(1) },
      { kind: "targetCopy", count: LIMIT, move: 0 },
    ]);
    expect((await refusalOf(patch(romFileId, withIps(bomb))))[0]).toBe(413);
  });

  test("finds no file that is absent, hidden, or gone from disk", async () => {
    const absent = [404, "Rom file with id '999999' not found"];
    expect(await refusalOf(patch(999_999, withIps()))).toEqual(absent);
    expect(await refusalOf(patch(romFileId, { fields: { patch_file_id: "999999" } }))).toEqual(absent);
    const { sql } = scene.library.app.database.handle;
    const [secret] = await sql<{ id: number }[]>`select id from rom_files where rom_id = ${scene.secret}`;
    const secretId = secret?.id ?? 0;
    const hidden = [404, `Rom file with id '${secretId}' not found`];
    expect(await refusalOf(patch(secretId, { ...withIps(), authorization: VIEWER }))).toEqual(hidden);
    const asPatch = { fields: { patch_file_id: String(secretId) }, authorization: VIEWER };
    expect(await refusalOf(patch(romFileId, asPatch))).toEqual(hidden);
    const goneId = await addFile("Gone.gba", ascii(BYTES));
    await unlink(join(scene.library.app.basePath, "library", "roms", "gba", "Gone.gba"));
    expect((await refusalOf(patch(goneId, withIps())))[0]).toBe(404);
  });

  test("lets a viewer patch, with the scope to read roms and no other", async () => {
    expect((await patch(romFileId, { ...withIps(), authorization: VIEWER })).text).toBe(PATCHED);
    const token = await scene.library.tokenWith("roms.read");
    expect((await patch(romFileId, { ...withIps(), authorization: token })).status).toBe(200);
    const other = await scene.library.tokenWith("platforms.read");
    expect((await patch(romFileId, { ...withIps(), authorization: other })).status).toBe(403);
  });

  test("lets so many wait and tells the others when to come again", async () => {
    const context = scene.library.app.createContext();
    const gate = Promise.withResolvers<void>();
    const { compute } = context.ports;
    const run: Compute["run"] = async (...call) => {
      await gate.promise;
      return await compute.run(...call);
    };
    const gated = { ...context, ports: { ...context.ports, compute: { ...compute, run } } };
    const calls = Array.from({ length: 1 + PATCHES_WAITING_MAX + 1 }, () =>
      patchRom.run(gated, { romFileId, patchFile: SENT_IPS }),
    );
    // Nothing else can end as long as the gate is closed.
    const refusal: unknown = await Promise.race(calls).catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({ kind: "unavailable", code: "PATCH_BUSY", retryAfterMs: 10_000 });
    gate.resolve();
    const ended = await Promise.allSettled(calls);
    const made = ended.filter((end) => end.status === "fulfilled");
    expect(made.length).toBe(1 + PATCHES_WAITING_MAX);
    for (const { value } of made) expect(await new Response(value.content).text()).toBe(PATCHED);
    expect(await listLeft()).toEqual([]);
  });

  test("removes what a crash left a day ago, and nothing else", async () => {
    const folder = join(scene.library.app.facts.tempPath, "patched");
    await listLeft();
    const [old, young, foreign] = ["a".repeat(24), "b".repeat(24), "notes"];
    for (const name of [`${old}.patched`, `${young}.patched`, `${foreign}.txt`])
      await writeFile(join(folder, name), "x");
    const before = new Date(Date.now() - 25 * 60 * 60 * 1000);
    for (const name of [`${old}.patched`, `${foreign}.txt`]) await utimes(join(folder, name), before, before);
    await patch(romFileId, withIps());
    expect((await readdir(folder)).sort()).toEqual([`${young}.patched`, `${foreign}.txt`]);
    for (const name of await readdir(folder)) await unlink(join(folder, name));
  });

  test("stops for a caller who has gone, and leaves nothing", async () => {
    const abort = new AbortController();
    const context = { ...scene.library.app.createContext(), signal: abort.signal };
    abort.abort(new DOMException("gone", "AbortError"));
    const error = await patchRom
      .run(context, { romFileId, patchFile: SENT_IPS })
      .catch((thrown: unknown) => thrown);
    expect([String(error), await listLeft()]).toEqual(["AbortError: gone", []]);
  });
});

describe("a patch that takes too long", () => {
  test.each([
    [
      "in the work itself fails",
      true,
      { kind: "internal", code: "PATCH_FAILED", message: "Patching failed" },
    ],
    [
      "to begin may be asked for again",
      false,
      { kind: "unavailable", code: "PATCH_BUSY", retryAfterMs: 10_000 },
    ],
  ])("%s", async (_what, begins, expected) => {
    const context = scene.library.app.createContext();
    // A worker that is busy for ever, or never free.
    const compute: Compute = {
      ...context.ports.compute,
      async run(_name, _input, { signal, onProgress } = {}) {
        if (begins) onProgress?.({ doneBytes: 0 } as never);
        const { promise, reject } = Promise.withResolvers<never>();
        signal?.addEventListener("abort", () => reject(signal.reason));
        return await promise;
      },
    };
    const slow = {
      ...context,
      ports: { ...context.ports, compute },
      facts: { ...context.facts, patching: { ...context.facts.patching, timeoutMs: 30 } },
    };
    const error = await patchRom
      .run(slow, { romFileId, patchFile: SENT_IPS })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(expected);
    expect(await listLeft()).toEqual([]);
  });
});
