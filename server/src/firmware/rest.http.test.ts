// Firmware through both doors, with real files.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ADMIN, VIEWER } from "../auth/calls.testing.ts";
import { EDITOR, seen } from "../config/scene.testing.ts";
import {
  grantViewer,
  hideFromViewer,
  type LibraryScene,
  openLibraryScene,
  type Wire,
} from "../platforms/scene.testing.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { createFaultyFiles } from "../ports/files/faulty.ts";

let scene: LibraryScene;
let open: LibraryScene;
let isReadOnly = false;
const files = createFaultyFiles(createDiskFiles());

beforeAll(async () => {
  const canWrite = async (path: string) => !isReadOnly && (await files.canWrite(path));
  scene = await openLibraryScene({ files: { ...files, canWrite } });
  open = await openLibraryScene({ environment: { DISABLE_DOWNLOAD_ENDPOINT_AUTH: "true" } });
}, 60_000);
afterAll(async () => {
  await scene.app.close();
  await open.app.close();
});
afterEach(async () => {
  isReadOnly = false;
  files.heal();
  await scene.change("delete from platforms; delete from hidden_entities");
  await grantViewer(scene, []);
  await rm(scene.app.facts.libraryPath, { recursive: true, force: true });
  await mkdir(scene.app.facts.libraryPath);
  await rm(knownPath(), { force: true });
});

type Sent = readonly (readonly [name: string, bytes: string | Uint8Array<ArrayBuffer>])[];

const knownPath = () => join(scene.app.basePath, "config", "known-bios.json");
const hashesOf = (bytes: string) => ({
  crc_hash: crc32(bytes).toString(16).padStart(8, "0"),
  md5_hash: createHash("md5").update(bytes).digest("hex"),
  sha1_hash: createHash("sha1").update(bytes).digest("hex"),
});

async function upload(
  platformId: number | string,
  sent: Sent,
  { authorization = ADMIN, field = "files" } = {},
) {
  const body = new FormData();
  for (const [name, bytes] of sent) body.append(field, new Blob([bytes]), name);
  const init = { method: "POST", headers: { authorization }, body };
  const response = await scene.app.fetch(`/api/firmware?platform_id=${platformId}`, init);
  const json = (await response.json()) as { uploaded: number; firmware: Wire[]; detail: unknown };
  return { status: response.status, json, firmware: json.firmware ?? [] };
}

const remove = (json: unknown, authorization = ADMIN) =>
  scene.call("/api/firmware/delete", { json, authorization });
const list = async (query = "", authorization = ADMIN) =>
  (await scene.call(`/api/firmware${query}`, { authorization })).json as Wire[];

describe("POST /api/firmware", () => {
  test("stores files in a folder that it makes, and lists all of the platform", async () => {
    const id = await scene.addPlatform("gba");
    const events = await scene.listEvents(async () => {
      const { status, json } = await upload(id, [
        ["gba_bios.bin", "bios"],
        ["Extra (v1).rom", "more"],
      ]);
      expect([status, json.uploaded]).toEqual([200, 2]);
      expect(json.firmware.map((file) => file.file_name)).toEqual(["Extra (v1).rom", "gba_bios.bin"]);
      const { id: fileId, created_at, updated_at, ...first } = json.firmware[0] ?? {};
      expect([typeof fileId, typeof created_at, typeof updated_at]).toEqual(["number", "string", "string"]);
      expect(first).toEqual({
        file_name: "Extra (v1).rom",
        file_name_no_tags: "Extra",
        file_name_no_ext: "Extra (v1)",
        file_extension: "rom",
        file_path: "bios/gba",
        file_size_bytes: 4,
        full_path: "bios/gba/Extra (v1).rom",
        is_verified: false,
        ...hashesOf("more"),
        missing_from_fs: false,
      });
    });
    expect(events).toEqual([{ change: "updated", entity: "platform", ids: [id] }]);
    expect(await scene.listFolder("library/bios/gba")).toEqual(["Extra (v1).rom", "gba_bios.bin"]);
    const platform = (await scene.call(`/api/platforms/${id}`)).json as Wire;
    expect(platform.firmware_count).toBe(2);
  });

  test("replaces a file of the same name and hashes it anew, in the same row", async () => {
    const id = await scene.addPlatform("gba");
    const [before] = (await upload(id, [["a.bin", "old."]])).firmware;
    const { firmware } = await upload(id, [["a.bin", "new!"]]);
    expect(firmware).toHaveLength(1);
    expect(firmware[0]).toMatchObject({ id: before?.id, ...hashesOf("new!") });
    expect(await Bun.file(join(scene.app.facts.libraryPath, "bios/gba/a.bin")).text()).toBe("new!");
  });

  test("keeps the last of two files with the same name", async () => {
    const id = await scene.addPlatform("gba");
    const { json, firmware } = await upload(id, [
      ["a.bin", "first"],
      ["a.bin", "second"],
    ]);
    expect([json.uploaded, firmware.length]).toEqual([1, 1]);
    expect(firmware[0]).toMatchObject({ file_size_bytes: 6, ...hashesOf("second") });
  });

  test("stores a file of no bytes, which has no hashes", async () => {
    const id = await scene.addPlatform("gba");
    const { status, firmware } = await upload(id, [["empty.bin", ""]]);
    expect(status).toBe(200);
    expect(firmware[0]).toMatchObject({ file_size_bytes: 0, crc_hash: "", md5_hash: "", sha1_hash: "" });
    const content = await scene.call(`/api/firmware/${firmware[0]?.id}/content/empty.bin`);
    expect([content.status, content.text]).toEqual([200, ""]);
  });

  test("stores a file that does not fit into memory's share", async () => {
    const id = await scene.addPlatform("ps3");
    const bytes = new Uint8Array(3 * 1024 * 1024).fill(7);
    const { firmware } = await upload(id, [["PS3UPDAT.PUP", bytes]]);
    const sha1 = createHash("sha1").update(bytes).digest("hex");
    expect(firmware[0]).toMatchObject({ file_size_bytes: bytes.length, sha1_hash: sha1 });
    expect(await scene.listFolder("resources/tmp/received")).toEqual([]);
  });

  test("stores the same name from many calls at once as one row with the hashes of what lies there", async () => {
    const id = await scene.addPlatform("gba");
    const sent = ["one", "two", "three", "four"];
    const answers = await Promise.all(sent.map((bytes) => upload(id, [["a.bin", bytes]])));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const [file, ...more] = await list();
    expect(more).toEqual([]);
    const bytes = await Bun.file(join(scene.app.facts.libraryPath, "bios/gba/a.bin")).text();
    expect(file).toMatchObject({ file_size_bytes: bytes.length, ...hashesOf(bytes) });
  });

  test("follows structure B", async () => {
    await scene.putFile("gba/roms/A.gba");
    await upload(await scene.addPlatform("gba"), [["a.bin", "x"]]);
    expect(await scene.listFolder("library/gba/bios")).toEqual(["a.bin"]);
  });

  test("replaces a link, never what it leads to", async () => {
    const id = await scene.addPlatform("gba");
    await scene.putFile("elsewhere.txt", "precious");
    await mkdir(join(scene.app.facts.libraryPath, "bios/gba"), { recursive: true });
    const link = join(scene.app.facts.libraryPath, "bios/gba/a.bin");
    await symlink(join(scene.app.facts.libraryPath, "elsewhere.txt"), link);
    expect((await upload(id, [["a.bin", "new"]])).status).toBe(200);
    expect(await Bun.file(join(scene.app.facts.libraryPath, "elsewhere.txt")).text()).toBe("precious");
  });

  const hostile = [
    "..",
    "../a.bin",
    "../../gba/a.bin",
    "/etc/passwd",
    "sub/a.bin",
    "..\\a.bin",
    "a\u0001.bin",
    " a.bin",
    "x".repeat(300),
    "notes.txt.tmp",
    ".DS_Store",
    "._a.bin",
    ".multitap-0123456789abcdef.partial",
  ];
  test.each(hostile)("refuses the name %p, and stores nothing of the call", async (name) => {
    const id = await scene.addPlatform("gba");
    const events = await scene.listEvents(async () => {
      const { status, json } = await upload(id, [
        ["good.bin", "good"],
        [name, "bad"],
      ]);
      expect([status, typeof json.detail]).toEqual([422, "string"]);
    });
    expect([events, await list(), await scene.listFolder("library")]).toEqual([[], [], []]);
  });

  test("refuses the name of a folder", async () => {
    const id = await scene.addPlatform("gba");
    await scene.putFile("bios/gba/sub/a.bin");
    expect((await upload(id, [["sub", "x"]])).json.detail).toContain("is that of a folder");
    expect(await scene.listFolder("library/bios/gba/sub")).toEqual(["a.bin"]);
  });

  test.each(["", "abc", "0", "-1"])("refuses the platform %p", async (platformId) => {
    expect((await upload(platformId, [["a.bin", "x"]])).status).toBe(422);
  });

  test("refuses a form without files, and a platform that is not there", async () => {
    const id = await scene.addPlatform("gba");
    expect((await upload(id, [])).status).toBe(422);
    expect((await upload(id, [["a.bin", "x"]], { field: "other" })).status).toBe(422);
    const absent = await upload(id + 1, [["a.bin", "x"]]);
    expect([absent.status, absent.json]).toMatchObject([
      404,
      { detail: `Platform with id '${id + 1}' not found` },
    ]);
  });

  test("needs a library that can be written", async () => {
    const id = await scene.addPlatform("gba");
    isReadOnly = true;
    const events = await scene.listEvents(async () => {
      const { status, json } = await upload(id, [["a.bin", "x"]]);
      expect([status, json.detail]).toEqual([409, "The library is mounted read-only"]);
    });
    expect([events, await list(), await scene.listFolder("library")]).toEqual([[], [], []]);
  });

  test("keeps rows true when the disk is full halfway", async () => {
    const id = await scene.addPlatform("gba");
    await upload(id, [["a.bin", "old."]]);
    files.inject({ operation: "writeAtomic", path: /b\.bin$/, error: "ENOSPC" });
    const { status } = await upload(id, [
      ["a.bin", "new!"],
      ["b.bin", "x"],
    ]);
    expect(status).toBe(507);
    expect(await list()).toMatchObject([{ file_name: "a.bin", ...hashesOf("new!") }]);
  });

  test("is for those who write firmware, and finds no hidden platform", async () => {
    const id = await scene.addPlatform("gba");
    expect((await upload(id, [["a.bin", "x"]], { authorization: VIEWER })).status).toBe(403);
    expect((await upload(id, [["a.bin", "x"]], { authorization: EDITOR })).status).toBe(200);
    await grantViewer(scene, ["firmware.write"]);
    await hideFromViewer(scene, "platforms", id);
    const hidden = await upload(id, [["b.bin", "x"]], { authorization: VIEWER });
    expect([hidden.status, hidden.json]).toMatchObject([
      404,
      { detail: `Platform with id '${id}' not found` },
    ]);
    expect(await list()).toHaveLength(1);
  });
});

describe("is_verified", () => {
  const BYTES = "the one right content";
  const { sha1_hash: sha1 } = hashesOf(BYTES);

  test("follows the operator's table at uploads, also after it changed", async () => {
    const id = await scene.addPlatform("gba");
    const isVerified = async () => (await upload(id, [["a.bin", BYTES]])).firmware[0]?.is_verified;
    expect(await isVerified()).toBe(false);
    await writeFile(
      knownPath(),
      JSON.stringify({ "gba:a.bin": { size: BYTES.length, sha1: sha1.toUpperCase() } }),
    );
    expect(await isVerified()).toBe(true);
    expect((await upload(id, [["a.bin", "wrong content"]])).firmware[0]?.is_verified).toBe(false);
    expect(await isVerified()).toBe(true);
    // A table that is broken counts as none, and the file beside it is judged too.
    await writeFile(knownPath(), "{");
    expect((await upload(id, [["b.bin", "x"]])).firmware.map((file) => file.is_verified)).toEqual([
      false,
      false,
    ]);
  });
});

describe("GET /api/firmware", () => {
  test("lists by file name, of one platform or of all", async () => {
    const gba = await scene.addPlatform("gba");
    const psx = await scene.addPlatform("psx");
    await upload(psx, [["scph5501.bin", "x"]]);
    await upload(gba, [["gba_bios.bin", "y"]]);
    const all = await list();
    expect(all.map((file) => file.full_path)).toEqual(["bios/gba/gba_bios.bin", "bios/psx/scph5501.bin"]);
    expect(await list(`?platform_id=${psx}`)).toEqual(all.slice(1));
    expect(await list("?platform_id=999999")).toEqual([]);
    expect((await scene.call("/api/firmware/identifiers")).json).toEqual(all.map((file) => file.id));
    expect((await scene.call(`/api/firmware/${all[0]?.id}`)).json).toEqual(all[0]);
    const rpc = (await scene.ask("firmware.list", { platformId: psx })).data;
    expect(rpc).toMatchObject([{ platformId: psx, fileName: "scph5501.bin", sizeBytes: 1 }]);
    expect((await scene.ask("firmware.get", { firmwareId: all[1]?.id })).data).toEqual((rpc as unknown[])[0]);
    expect((await scene.ask("firmware.identifiers")).data).toEqual(all.map((file) => file.id));
  });

  test("knows nothing of hidden platforms, and of what is not there", async () => {
    const gba = await scene.addPlatform("gba");
    const [file] = (await upload(gba, [["a.bin", "x"]])).firmware;
    const id = Number(file?.id);
    await hideFromViewer(scene, "platforms", gba);
    expect(await list("", VIEWER)).toEqual([]);
    expect(await list(`?platform_id=${gba}`, VIEWER)).toEqual([]);
    expect((await scene.call("/api/firmware/identifiers", { authorization: VIEWER })).json).toEqual([]);
    for (const path of ["", "/content", "/content/a.bin"]) {
      const hidden = await scene.call(`/api/firmware/${id}${path}`, { authorization: VIEWER });
      expect(seen(hidden)).toEqual([404, { detail: `Firmware with ID ${id} not found` }]);
      const absent = await scene.call(`/api/firmware/${id + 1}${path}`, { authorization: VIEWER });
      expect(seen(absent)).toEqual([404, { detail: `Firmware with ID ${id + 1} not found` }]);
    }
    expect((await scene.ask("firmware.get", { firmwareId: id + 1 })).code).toBe("FIRMWARE_NOT_FOUND");
  });
});

describe("GET /api/firmware/{id}/content", () => {
  const get = (path: string, init: RequestInit = {}) =>
    scene.app.fetch(`/api/firmware/${path}`, {
      ...init,
      headers: { authorization: ADMIN, ...(init.headers as Record<string, string>) },
    });

  test("sends the bytes under any name, whole, in part and as a head", async () => {
    const [file] = (await upload(await scene.addPlatform("gba"), [["a b.bin", "0123456789"]])).firmware;
    for (const name of ["content", "content/", "content/a%20b.bin", "content/other", "content/a%2520b.bin"]) {
      const answer = await get(`${file?.id}/${name}`);
      expect([answer.status, await answer.text()]).toEqual([200, "0123456789"]);
      expect(answer.headers.get("content-disposition")).toContain('filename="a%20b.bin"');
    }
    const part = await get(`${file?.id}/content/x`, { headers: { range: "bytes=2-4" } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([
      206,
      "234",
      "bytes 2-4/10",
    ]);
    const head = await get(`${file?.id}/content/x`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), head.headers.get("accept-ranges")]).toEqual([
      200,
      "10",
      "bytes",
    ]);
    const again = await get(`${file?.id}/content/x`, {
      headers: { "if-none-match": head.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
  });

  test("says that a file is gone, and never leaves the library", async () => {
    const [file] = (await upload(await scene.addPlatform("gba"), [["a.bin", "x"]])).firmware;
    await rm(join(scene.app.facts.libraryPath, "bios/gba/a.bin"));
    const gone = await get(`${file?.id}/content/a.bin`);
    expect([gone.status, await gone.json()]).toEqual([
      404,
      { detail: "File 'a.bin' is missing from the library" },
    ]);
    await scene.putFile("../config/secret.txt", "secret");
    for (const path of ["../config", "bios/../../config", "/config", "", "./../config"]) {
      await scene.change(`update firmware set file_path = '${path}', file_name = 'secret.txt'`);
      expect((await get(`${file?.id}/content`)).status).toBe(404);
    }
  });

  test("is open to everyone when the operator says so, and to nobody else otherwise", async () => {
    const id = await open.addPlatform("gba");
    await open.putFile("bios/gba/a.bin", "open");
    await open.change(`insert into firmware (platform_id, file_name, file_name_no_tags, file_name_no_ext,
      file_extension, file_path, file_size_bytes) values (${id}, 'a.bin', 'a', 'a', 'bin', 'bios/gba', 4)`);
    const [row] = await open.rows("select id from firmware");
    expect(await (await open.app.fetch(`/api/firmware/${row?.id}/content/a.bin`)).text()).toBe("open");
    expect((await open.app.fetch(`/api/firmware/${row?.id}`)).status).toBe(401);
    expect((await scene.app.fetch("/api/firmware/1/content/a.bin")).status).toBe(401);
  });
});

describe("POST /api/firmware/delete", () => {
  const three = async () => {
    const id = await scene.addPlatform("gba");
    const { firmware } = await upload(id, [
      ["a.bin", "a"],
      ["b.bin", "b"],
      ["c.bin", "c"],
    ]);
    return { platformId: id, ids: firmware.map((file) => Number(file.id)) as [number, number, number] };
  };

  test("removes rows, and files where asked, each by itself", async () => {
    const { platformId, ids } = await three();
    const events = await scene.listEvents(async () => {
      const answer = await remove({
        firmware: [ids[0], 999_999, ids[1], ids[0]],
        delete_from_fs: [ids[1], 5],
      });
      expect(seen(answer)).toEqual([
        200,
        { successful_items: 2, failed_ids: [999_999], errors: ["Firmware with ID 999999 not found"] },
      ]);
    });
    expect(events).toEqual([{ change: "updated", entity: "platform", ids: [platformId] }]);
    expect((await list()).map((file) => file.file_name)).toEqual(["c.bin"]);
    expect(await scene.listFolder("library/bios/gba")).toEqual(["a.bin", "c.bin"]);
    const typed = await scene.tell("firmware.remove", { firmwareIds: [ids[2], 7], fileIds: [ids[2]] });
    expect(typed.data).toEqual({
      removedIds: [ids[2]],
      failures: [{ firmwareId: 7, message: "Firmware with ID 7 not found" }],
    });
    expect(await scene.listFolder("library/bios/gba")).toEqual(["a.bin"]);
  });

  test("removes nothing and tells nobody when none is there", async () => {
    const events = await scene.listEvents(async () => {
      expect(seen(await remove({ firmware: [9_999], delete_from_fs: [] }))).toEqual([
        200,
        { successful_items: 0, failed_ids: [9_999], errors: ["Firmware with ID 9999 not found"] },
      ]);
      expect((await remove({ firmware: [] })).json).toEqual({
        successful_items: 0,
        failed_ids: [],
        errors: [],
      });
    });
    expect(events).toEqual([]);
  });

  test("removes one whose file is gone, and never a file outside the library", async () => {
    const { ids } = await three();
    await rm(join(scene.app.facts.libraryPath, "bios/gba/a.bin"));
    await scene.putFile("../config/secret.txt", "secret");
    await scene.change(
      `update firmware set file_path = '../config', file_name = 'secret.txt' where id = ${ids[1]}`,
    );
    const answer = await remove({ firmware: ids.slice(0, 2), delete_from_fs: ids.slice(0, 2) });
    expect(answer.json).toMatchObject({ successful_items: 2, failed_ids: [] });
    expect(await scene.listFolder("config")).toContain("secret.txt");
  });

  test("needs a library that can be written only where files go too", async () => {
    const { ids } = await three();
    isReadOnly = true;
    const events = await scene.listEvents(async () => {
      const refused = await remove({ firmware: ids, delete_from_fs: [ids[1]] });
      expect(seen(refused)).toEqual([409, { detail: "The library is mounted read-only" }]);
    });
    expect([events, (await list()).length]).toEqual([[], 3]);
    expect((await remove({ firmware: ids })).json).toMatchObject({ successful_items: 3 });
  });

  test("keeps the row of a file that cannot be removed", async () => {
    const { ids } = await three();
    files.inject({ operation: "remove", path: /b\.bin$/, error: "EACCES" });
    expect((await remove({ firmware: ids, delete_from_fs: ids })).json).toEqual({
      successful_items: 2,
      failed_ids: [ids[1]],
      errors: ["File 'b.bin' cannot be removed"],
    });
    expect((await list()).map((file) => file.file_name)).toEqual(["b.bin"]);
  });

  test.each([{}, { firmware: "1" }, { firmware: [0] }, { firmware: [1], delete_from_fs: ["x"] }, [[]], "x"])(
    "refuses %p",
    async (json) => {
      expect((await remove(json)).status).toBe(422);
    },
  );

  test("needs the scope and the grant to delete, and finds none of a hidden platform", async () => {
    const { platformId, ids } = await three();
    expect((await remove({ firmware: ids }, VIEWER)).json).toEqual({ detail: "Forbidden" });
    await grantViewer(scene, ["firmware.write"]);
    expect(seen(await remove({ firmware: ids }, VIEWER))).toEqual([
      403,
      { detail: "Insufficient permissions" },
    ]);
    await grantViewer(scene, ["firmware.write", "firmware.delete"]);
    await hideFromViewer(scene, "platforms", platformId);
    const answer = await remove({ firmware: [ids[0]], delete_from_fs: [ids[0]] }, VIEWER);
    expect(answer.json).toEqual({
      successful_items: 0,
      failed_ids: [ids[0]],
      errors: [`Firmware with ID ${ids[0]} not found`],
    });
    expect([(await list()).length, await scene.listFolder("library/bios/gba")]).toEqual([
      3,
      ["a.bin", "b.bin", "c.bin"],
    ]);
  });
});
