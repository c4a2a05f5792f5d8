import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { createFaultyFiles, type FaultyFiles } from "../../ports/files/faulty.ts";
import { UPLOAD_CHUNK_BYTES_MAX, UPLOADS_PER_USER_MAX } from "./limits.ts";
import { openUploads, type UploadScene } from "./scene.testing.ts";

let scene: UploadScene;
let files: FaultyFiles;
let folder = "";
/** As if the library were mounted so: root may write everywhere else. */
let isReadOnly = false;
beforeAll(async () => {
  files = createFaultyFiles(createDiskFiles());
  const canWrite = async (path: string) => !isReadOnly && (await files.canWrite(path));
  scene = await openUploads({ files: { ...files, canWrite } });
  folder = join(scene.library.app.basePath, "library", "roms", "gba");
}, 30_000);
afterAll(() => scene?.close());
afterEach(async () => {
  files.heal();
  isReadOnly = false;
  rmSync(folder, { recursive: true, force: true });
  await scene.library.change("delete from rom_uploads");
  rmSync(join(scene.library.app.facts.tempPath, "uploads"), { recursive: true, force: true });
});

const sha1Of = (text: string) => createHash("sha1").update(text).digest("hex");
const refusal = (status: number, detail: string) => ({ status, json: { detail } });
const NO_UPLOAD = "00000000-0000-0000-0000-000000000000";
const NOT_FOUND = refusal(404, "Upload session not found or expired");

describe("an upload in chunks", () => {
  test("becomes a file of the library, whole and under its name only at the end", async () => {
    const started = await scene.start({ name: "Uploaded Game (USA).gba", total: 25, chunks: 3 });
    expect([started.status, Object.keys(started.json as object)]).toEqual([201, ["upload_id"]]);
    const { upload_id: id } = started.json as { upload_id: string };
    expect(await scene.chunk(id, 0, "A".repeat(10))).toEqual({
      status: 200,
      json: { received: 1, total: 3 },
    });
    expect(await scene.complete(id)).toEqual(refusal(400, "Missing chunks: [1, 2]"));
    expect(await scene.chunk(id, 2, "CCCCC")).toEqual({ status: 200, json: { received: 2, total: 3 } });
    expect(await scene.chunk(id, 1, "B".repeat(10))).toEqual({
      status: 200,
      json: { received: 3, total: 3 },
    });
    expect(scene.listLibrary()).toEqual([]);
    expect(await scene.complete(id)).toEqual({ status: 201, json: null });
    expect(scene.read("Uploaded Game (USA).gba")).toBe(`${"A".repeat(10)}${"B".repeat(10)}CCCCC`);
    expect(scene.listLibrary()).toEqual(["Uploaded Game (USA).gba"]);
    expect(scene.listWaiting()).toEqual([]);
  });

  test("is finished once, and says so again to whoever missed it", async () => {
    const id = await scene.open({ name: "Again.gba", total: 3, chunks: 1 });
    await scene.chunk(id, 0, "abc");
    const answers = await Promise.all([scene.complete(id), scene.complete(id), scene.complete(id)]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect((await scene.complete(id)).status).toBe(201);
    const viewer = { authorization: await scene.library.tokenWith("roms.read") };
    expect((await scene.complete(id, viewer)).status).toBe(403);
    expect(await scene.chunk(id, 0, "abc")).toEqual(NOT_FOUND);
    expect(scene.listLibrary()).toEqual(["Again.gba"]);
  });

  test("takes chunks again, at the same time and of other bytes: the last one counts", async () => {
    const id = await scene.open({ name: "Repeated.gba", total: 6, chunks: 3 });
    await Promise.all([0, 1, 2, 0, 1, 2, 2].map((index) => scene.chunk(id, index, "xy")));
    for (const [index, bytes] of ["ab", "cd", "ef"].entries()) await scene.chunk(id, index, bytes);
    expect((await scene.complete(id)).status).toBe(201);
    expect(scene.read("Repeated.gba")).toBe("abcdef");
  });

  test("may lead into a folder of the platform, which is made", async () => {
    const id = await scene.open({ name: "Final%20Saga/Disc%201.bin", total: 2, chunks: 1 });
    await scene.chunk(id, 0, "ok");
    expect((await scene.complete(id)).status).toBe(201);
    expect(scene.listLibrary()).toEqual(["Final Saga", "Final Saga/Disc 1.bin"]);
    const below = await scene.start({ name: "Final Saga/Disc 1.bin/x", total: 2, chunks: 1 });
    expect(below).toEqual(refusal(400, "File Final Saga/Disc 1.bin already exists"));
  });

  test.each([
    ["Pok%C3%A9mon%20%28USA%29.gba", "Pokémon (USA).gba"],
    [Buffer.from("Pokémon.gba").toString("latin1"), "Pokémon.gba"],
    ["100% Hero.gba", "100% Hero.gba"],
    ["A+B & C.gba", "A+B & C.gba"],
  ])("takes the name %j for %j", async (sent, name) => {
    const id = await scene.open({ name: sent, total: 1, chunks: 1 });
    await scene.chunk(id, 0, "x");
    expect((await scene.complete(id)).status).toBe(201);
    expect(scene.listLibrary()).toEqual([name]);
  });

  test("goes on after a restart: what is there is what lies whole on disk", async () => {
    const id = await scene.open({
      name: "Resumed.gba",
      total: 6,
      chunks: 3,
      headers: { "x-upload-resume-id": "r1" },
    });
    await scene.chunk(id, 1, "cd");
    // What a killed process was writing.
    const waiting = join(scene.library.app.facts.tempPath, "uploads", id);
    writeFileSync(join(waiting, ".multitap-0123456789abcdef.partial"), "c");
    writeFileSync(join(waiting, "00009"), "not of this upload");
    const session = await scene.call("GET", `/api/roms/upload/${id}/session`);
    const { expires_at, ...rest } = session.json as Record<string, unknown>;
    expect(rest).toEqual({
      upload_id: id,
      platform_id: scene.platformId,
      file_name: "Resumed.gba",
      total_size: 6,
      total_chunks: 3,
      received_chunks: [1],
      received_bytes: 2,
    });
    expect(Date.parse(String(expires_at))).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    const again = await scene.start({
      name: "Resumed.gba",
      total: 6,
      chunks: 3,
      headers: { "x-upload-resume-id": "r1" },
    });
    expect(again).toEqual({ status: 201, json: { upload_id: id } });
    const other = await scene.start({
      name: "Resumed.gba",
      total: 7,
      chunks: 3,
      headers: { "x-upload-resume-id": "r1" },
    });
    expect((other.json as { upload_id: string }).upload_id).not.toBe(id);
    expect(await scene.chunk(id, 0, "ab")).toEqual(NOT_FOUND);
  });

  test("of the same resume id is one, however many start it at once", async () => {
    const wish = { name: "Once.gba", total: 6, chunks: 3, headers: { "x-upload-resume-id": "once" } };
    const ids = await Promise.all(Array.from({ length: 6 }, () => scene.open(wish)));
    expect(new Set(ids).size).toBe(1);
  });
});

describe("the older names of the routes", () => {
  test("start, send, look at, finish and drop an upload", async () => {
    const json = {
      platform_id: scene.platformId,
      file_name: "Old%20Way.gba",
      total_size: 4,
      total_chunks: 2,
    };
    const init = await scene.call("POST", "/api/roms/upload/init", {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(json),
    });
    expect(init).toMatchObject({ status: 201, json: { chunk_size_max: UPLOAD_CHUNK_BYTES_MAX } });
    const { upload_id: id } = init.json as { upload_id: string };
    const path = `/api/roms/upload/${id}`;
    expect((await scene.call("POST", `${path}/chunk?index=1`, { body: "cd" })).json).toEqual({
      received: 1,
      total: 2,
    });
    const headers = { "x-chunk-index": "0" };
    expect((await scene.call("POST", `${path}/chunk`, { body: "ab", headers })).json).toEqual({
      received: 2,
      total: 2,
    });
    expect((await scene.complete(id)).status).toBe(201);
    // JSON says the name as it is.
    expect(scene.read("Old%20Way.gba")).toBe("abcd");
    const dropped = await scene.open({ name: "Dropped.gba", total: 4, chunks: 2 });
    await scene.chunk(dropped, 0, "ab");
    expect(await scene.call("DELETE", `/api/roms/upload/${dropped}`)).toEqual({ status: 204, json: null });
    expect(await scene.call("DELETE", `/api/roms/upload/${dropped}`)).toEqual({ status: 204, json: null });
    expect(scene.listWaiting()).toEqual([]);
  });

  test.each([
    [{}, ["platform_id", "file_name", "total_size", "total_chunks"]],
    [
      { platform_id: "1", file_name: 2, total_size: 0, total_chunks: 1.5 },
      ["platform_id", "file_name", "total_size", "total_chunks"],
    ],
    [{ platform_id: 1, file_name: "a.gba", total_size: 1, total_chunks: 1, sha1: "x" }, ["sha1"]],
  ])("refuse the JSON %j", async (json, fields) => {
    const answer = await scene.call("POST", "/api/roms/upload/init", { body: JSON.stringify(json) });
    const { detail } = answer.json as { detail: { loc: string[] }[] };
    expect([answer.status, detail.map(({ loc }) => loc.join("."))]).toEqual([
      422,
      fields.map((name) => `body.${name}`),
    ]);
  });
});

describe("a start", () => {
  test("without its headers says which are missing", async () => {
    const names = ["x-upload-platform", "x-upload-filename", "x-upload-total-size", "x-upload-total-chunks"];
    const detail = names.map((name) => ({
      type: "missing",
      loc: ["header", name],
      msg: "Field required",
      input: null,
    }));
    expect(await scene.call("POST", "/api/roms/upload/start")).toEqual({ status: 422, json: { detail } });
  });

  test.each([
    ["x-upload-platform", "0"],
    ["x-upload-total-size", "0"],
    ["x-upload-total-size", "many"],
    ["x-upload-total-chunks", "-1"],
    ["x-upload-total-chunks", "1.5"],
  ])("refuses %s: %s", async (name, value) => {
    const answer = await scene.start({ name: "a.gba", total: 1, chunks: 1, headers: { [name]: value } });
    expect([answer.status, (answer.json as { detail: { loc: string[] }[] }).detail[0]?.loc]).toEqual([
      422,
      ["header", name],
    ]);
  });

  test("refuses a platform that is not there", async () => {
    const answer = await scene.start({
      name: "a.gba",
      total: 1,
      chunks: 1,
      headers: { "x-upload-platform": "999" },
    });
    expect(answer).toEqual(refusal(400, "Platform with id '999' not found"));
  });

  test.each([
    "../up.gba",
    "a/../../up.gba",
    "/etc/passwd",
    "a//b.gba",
    "a/",
    "",
    ".",
    "..",
    "a\\b.gba",
    "%00.gba",
    "%2e%2e%2fup.gba",
    "x".repeat(256),
    Array.from({ length: 17 }, () => "a").join("/"),
    " a.gba",
  ])("refuses the name %j", async (name) => {
    const answer = await scene.start({
      name: encodeURIComponent(decodeURIComponent(name)),
      total: 1,
      chunks: 1,
    });
    expect(answer.status).toBe(400);
    expect(String((answer.json as { detail: string }).detail)).toStartWith("Invalid file name: ");
  });

  test.each([".DS_Store", "Game/._Disc 1.bin", "@eaDir/a.bin", ".multitap-0123456789abcdef.partial"])(
    "refuses the name %j, which no scan would find",
    async (name) => {
      const detail = `File ${name} is excluded by the configuration, so no scan would find it`;
      expect(await scene.start({ name, total: 1, chunks: 1 })).toEqual(refusal(400, detail));
    },
  );

  test("refuses numbers that cannot be", async () => {
    const tooLarge = await scene.start({ name: "a.gba", total: UPLOAD_CHUNK_BYTES_MAX + 1, chunks: 1 });
    expect(tooLarge).toEqual(refusal(413, `A chunk may have ${UPLOAD_CHUNK_BYTES_MAX} bytes at most`));
    expect(await scene.start({ name: "a.gba", total: 2, chunks: 3 })).toEqual(
      refusal(400, "2 bytes cannot make 3 chunks"),
    );
    expect(await scene.start({ name: "a.gba", total: 1e6, chunks: 10_001 })).toEqual(
      refusal(400, "An upload has 10000 chunks at most"),
    );
  });

  test("refuses more bytes than there is room for, before any is sent", async () => {
    const answer = await scene.start({ name: "a.gba", total: 5e11, chunks: 10_000 });
    expect(answer.status).toBe(507);
  });

  test("refuses a library that cannot be written, as does a finish", async () => {
    const id = await scene.open({ name: "Later.gba", total: 1, chunks: 1 });
    await scene.chunk(id, 0, "x");
    isReadOnly = true;
    const readOnly = refusal(409, "The library is mounted read-only");
    expect(await scene.start({ name: "a.gba", total: 1, chunks: 1 })).toEqual(readOnly);
    expect(await scene.complete(id)).toEqual(readOnly);
    isReadOnly = false;
    expect((await scene.complete(id)).status).toBe(201);
  });

  test("refuses one upload too many", async () => {
    await scene.library.change(`insert into rom_uploads (id, user_id, platform_id, file_name, total_size_bytes, total_chunks, expires_at)
      select n::text, (select min(id) from users), ${scene.platformId}, 'x', 1, 1, now() + '1 day'
      from generate_series(1, ${UPLOADS_PER_USER_MAX}) n`);
    expect((await scene.start({ name: "a.gba", total: 1, chunks: 1 })).status).toBe(409);
  });

  test("says that the platform has the very bytes already", async () => {
    const romId = await scene.library.addRom("gba", "Known.gba", "known");
    const sha1 = sha1Of("known");
    await scene.library.setHashes(romId, { crc32: "0".repeat(8), md5: "0".repeat(32), sha1 });
    const wish = {
      name: "Other name.gba",
      total: 5,
      chunks: 1,
      headers: { "x-upload-sha1": sha1.toUpperCase() },
    };
    expect(await scene.start(wish)).toEqual({
      status: 200,
      json: { upload_id: null, rom_id: romId, fs_name: "Known.gba" },
    });
    const elsewhere = await scene.library.addPlatform("snes");
    const other = await scene.start({
      ...wish,
      headers: { ...wish.headers, "x-upload-platform": String(elsewhere) },
    });
    expect(other.status).toBe(201);
  });
});

describe("a name that is taken", () => {
  test("is refused at the start and at the end, and never overwritten", async () => {
    const [first, second] = [
      await scene.open({ name: "Race.gba", total: 3, chunks: 1 }),
      await scene.open({ name: "Race.gba", total: 3, chunks: 1 }),
    ];
    await scene.chunk(first, 0, "one");
    await scene.chunk(second, 0, "two");
    const answers = await Promise.all([scene.complete(first), scene.complete(second)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400]);
    const taken = refusal(400, "File Race.gba already exists");
    expect(answers).toContainEqual(taken);
    expect(scene.read("Race.gba")).toBe(answers[0]?.status === 201 ? "one" : "two");
    expect(scene.listLibrary()).toEqual(["Race.gba"]);
    expect(await scene.start({ name: "Race.gba", total: 3, chunks: 1 })).toEqual(taken);
    // The loser's bytes wait until the name is free.
    rmSync(join(folder, "Race.gba"));
    const loser = answers[0]?.status === 201 ? second : first;
    expect((await scene.complete(loser)).status).toBe(201);
    expect(scene.read("Race.gba")).toBe(loser === first ? "one" : "two");
  });

  test("by a folder counts too", async () => {
    mkdirSync(join(folder, "Taken.gba"), { recursive: true });
    expect((await scene.start({ name: "Taken.gba", total: 3, chunks: 1 })).status).toBe(400);
  });
});

describe("a chunk", () => {
  test("has to be of an upload, and of the caller's", async () => {
    expect(await scene.chunk(NO_UPLOAD, 0, "A")).toEqual(NOT_FOUND);
    expect(await scene.chunk("..%2F..%2Fx", 0, "A")).toEqual(refusal(400, "Invalid upload ID"));
    const id = await scene.open({ name: "Own.gba", total: 3, chunks: 1 });
    await scene.library.change("update rom_uploads set user_id = (select max(id) from users)");
    const foreign = refusal(403, "Upload session belongs to another user");
    expect(await scene.chunk(id, 0, "abc")).toEqual(foreign);
    expect(await scene.complete(id)).toEqual(foreign);
    // Administrators may look at others' uploads and end them.
    expect((await scene.call("GET", `/api/roms/upload/${id}/session`)).status).toBe(200);
    expect((await scene.call("POST", `/api/roms/upload/${id}/cancel`)).status).toBe(204);
  });

  test("has to have a number and bytes that fit", async () => {
    const id = await scene.open({ name: "Fit.gba", total: 6, chunks: 3 });
    expect(await scene.chunk(id, 3, "A")).toEqual(
      refusal(400, "Chunk index 3 is out of range: there are 3 chunks"),
    );
    expect((await scene.chunk(id, -1, "A")).status).toBe(422);
    expect((await scene.call("PUT", `/api/roms/upload/${id}`, { body: "x" })).status).toBe(422);
    const tooMuch = refusal(400, "The chunks would have more than the 6 bytes of the file");
    expect(await scene.chunk(id, 0, "1234567")).toEqual(tooMuch);
    expect((await scene.chunk(id, 0, "12345")).status).toBe(200);
    expect(await scene.chunk(id, 1, "12")).toEqual(tooMuch);
    expect((await scene.chunk(id, 1, "1")).status).toBe(200);
    expect((await scene.chunk(id, 2, "")).status).toBe(200);
    expect((await scene.complete(id)).status).toBe(201);
    expect(scene.read("Fit.gba")).toBe("123451");
  });

  test("of more than the limit is refused, announced or not, and leaves nothing", async () => {
    const id = await scene.open({ name: "Large.gba", total: UPLOAD_CHUNK_BYTES_MAX * 3, chunks: 4 });
    const piece = new Uint8Array(1 << 20);
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(piece) });
    const answer = await scene.call("PUT", `/api/roms/upload/${id}`, {
      headers: { "x-chunk-index": "0" },
      body: endless,
    });
    expect(answer.status).toBe(413);
    const headers = { "x-chunk-index": "0", "content-length": String(UPLOAD_CHUNK_BYTES_MAX + 1) };
    expect((await scene.call("PUT", `/api/roms/upload/${id}`, { headers, body: "x" })).status).toBe(413);
    expect(scene.listWaiting()).toEqual([id]);
  });

  test("that ends early is no chunk", async () => {
    const id = await scene.open({ name: "Early.gba", total: 6, chunks: 3 });
    const headers = { "x-chunk-index": "0", "content-length": "4" };
    const cut = await scene.call("PUT", `/api/roms/upload/${id}`, { headers, body: "ab" });
    expect(cut).toEqual(refusal(400, "The bytes of the chunk ended early"));
    expect(scene.listWaiting()).toEqual([id]);
  });

  test("that does not fit on the disk is told so, and the ones before stay", async () => {
    const id = await scene.open({ name: "Full.gba", total: 6, chunks: 3 });
    await scene.chunk(id, 0, "ab");
    files.inject({ operation: "writeAtomic", path: /\/00001$/, error: "ENOSPC", afterBytes: 1 });
    expect((await scene.chunk(id, 1, "cd")).status).toBe(507);
    expect(scene.listWaiting()).toEqual([id, `${id}/00000`]);
  });
});

describe("a finish", () => {
  test("of too few bytes is refused and may be tried again", async () => {
    const id = await scene.open({ name: "Short.gba", total: 6, chunks: 2 });
    await scene.chunk(id, 0, "abc");
    await scene.chunk(id, 1, "d");
    expect(await scene.complete(id)).toEqual(refusal(400, "File size mismatch: expected 6 bytes, got 4"));
    await scene.chunk(id, 1, "def");
    expect((await scene.complete(id)).status).toBe(201);
  });

  test.each(["start", "finish"])("of other bytes than the SHA-1 of the %s names drops them", async (when) => {
    const sha1 = { "x-upload-sha1": sha1Of("abc") };
    const wish = { name: "Digest.gba", total: 3, chunks: 1, headers: when === "start" ? sha1 : {} };
    const id = await scene.open(wish);
    await scene.chunk(id, 0, "abd");
    const detail = `The bytes received have the SHA-1 ${sha1Of("abd")}, not ${sha1Of("abc")}`;
    expect(await scene.complete(id, when === "finish" ? sha1 : {})).toEqual(refusal(400, detail));
    expect([scene.listLibrary(), scene.listWaiting()]).toEqual([[], []]);
    expect(await scene.complete(id)).toEqual(NOT_FOUND);
    const again = await scene.open(wish);
    await scene.chunk(again, 0, "abc");
    expect((await scene.complete(again, sha1)).status).toBe(201);
  });

  test.each(["concatenate", "publish"] as const)(
    "whose %s fails leaves the chunks and no half file",
    async (operation) => {
      const id = await scene.open({ name: "Failing.gba", total: 4, chunks: 2 });
      await scene.chunk(id, 0, "ab");
      await scene.chunk(id, 1, "cd");
      files.inject({ operation, path: /gba/, error: "ENOSPC", times: 1 });
      expect((await scene.complete(id)).status).toBe(507);
      expect(scene.listLibrary()).toEqual([]);
      expect((await scene.complete(id)).status).toBe(201);
      expect(scene.read("Failing.gba")).toBe("abcd");
    },
  );

  test("after one that was cut off behind the naming knows its own file", async () => {
    const id = await scene.open({ name: "Cut.gba", total: 4, chunks: 2 });
    await scene.chunk(id, 0, "ab");
    await scene.chunk(id, 1, "cd");
    files.inject({ operation: "remove", path: new RegExp(`uploads/${id}$`), error: "EIO", times: 1 });
    expect((await scene.complete(id)).status).toBe(201);
    // As if the process had ended before it could note the end anywhere but on disk.
    const { app } = scene.library;
    await app.ports.kv.remove([`rom-upload-finished:${id}`]);
    await scene.library.change(`insert into rom_uploads (id, user_id, platform_id, file_name, total_size_bytes, total_chunks, expires_at)
      values ('${id}', (select id from users where role = 'admin'), ${scene.platformId}, 'Cut.gba', 4, 2, now() + '1 day')`);
    expect((await scene.complete(id)).status).toBe(201);
    expect([scene.listLibrary(), scene.listWaiting()]).toEqual([["Cut.gba"], []]);
  });
});
