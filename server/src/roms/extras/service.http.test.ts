import { afterEach, beforeEach, describe, expect, test } from "bun:test";

import { join } from "node:path";
import { makeFlac, makeMp3 } from "../../ports/compute/testing/tracks.ts";
import { EDITOR, type ExtraScene, openExtraScene, VIEWER, type WireRom } from "./scene.testing.ts";

const OPEN_MS = 30_000;
const SCAN_MS = 30_000;
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const SONG = makeFlac({ title: "Title", artist: "Ann" });

let scene: ExtraScene;
beforeEach(async () => {
  scene = await openExtraScene(["Solo (USA).gba", "Boxed/Boxed.gba", "Boxed/manual/old.pdf"]);
}, OPEN_MS);
afterEach(() => scene.close());

const readRom = async (id: number) => (await scene.call(`/api/roms/${id}`)).json as WireRom;
const at = (path: string) => join(scene.library.app.basePath, "library", path);

describe("upload of a soundtrack", () => {
  test("converts a rom of one file, stores, hashes and reads the tags at once", async () => {
    const id = await scene.romId("Solo (USA).gba");
    const before = await readRom(id);
    const song = makeMp3({ title: "Theme", artist: "Bo", cover: PNG });
    const answer = await scene.upload(`/api/roms/${id}/soundtracks`, {
      name: "01 – Thème.mp3",
      bytes: song,
      header: encodeURIComponent("01 – Thème.mp3"),
    });
    expect([answer.status, answer.text]).toEqual([201, ""]);
    const rom = await readRom(id);
    const file = rom.files.find(({ category }) => category === "soundtrack");
    expect(rom).toMatchObject({ has_soundtrack: true, sha1_hash: before.sha1_hash });
    expect(rom.fs_size_bytes).toBe(before.fs_size_bytes + song.length);
    const coverPath = `roms/1/${id}/soundtracks/${file?.id}.png`;
    expect(file).toMatchObject({
      full_path: "roms/gba/Solo (USA)/soundtrack/01 – Thème.mp3",
      sha1_hash: new Bun.CryptoHasher("sha1").update(song).digest("hex"),
      track_meta: { title: "Theme", artist: "Bo", has_embedded_cover: true, cover_path: coverPath },
    });
    expect(await scene.resources(`roms/1/${id}/soundtracks`)).toEqual([`${file?.id}.png`]);
    const { json } = await scene.call(`/api/roms/${id}/soundtracks/metadata`);
    expect(json).toMatchObject([
      { file_id: file?.id ?? 0, file_name: "01 – Thème.mp3", file_size_bytes: song.length },
    ]);
    const [row] = await scene.library.app.database.handle.sql`select is_hashed from roms where id = ${id}`;
    expect(row?.is_hashed).toBe(true);
  });

  test(
    "leaves nothing for a scan to find",
    async () => {
      const id = await scene.romId("Solo (USA).gba");
      await scene.upload(`/api/roms/${id}/soundtracks`, { name: "a.flac", bytes: SONG });
      const files = await scene.library.files();
      await scene.library.scan({ type: "complete" });
      expect(await scene.library.files()).toEqual([...files]);
    },
    SCAN_MS,
  );

  test("replaces a file of the same name, keeping its id", async () => {
    const id = await scene.romId("Boxed");
    const send = (bytes: Uint8Array<ArrayBuffer>) =>
      scene.upload(`/api/roms/${id}/soundtracks`, { name: "a.mp3", bytes });
    await send(makeMp3({ title: "One", cover: PNG }));
    const [first] = (await scene.call(`/api/roms/${id}/soundtracks/metadata`)).json as { file_id: number }[];
    await send(makeMp3({ title: "Two" }, 3));
    const { json } = await scene.call(`/api/roms/${id}/soundtracks/metadata`);
    expect(json).toMatchObject([
      {
        file_id: first?.file_id ?? 0,
        track_meta: { title: "Two", has_embedded_cover: false, cover_path: null },
      },
    ]);
    expect(await scene.resources(`roms/1/${id}/soundtracks`)).toEqual([]);
  });

  test("keeps a file whose tags cannot be read, without tags", async () => {
    const id = await scene.romId("Boxed");
    const answer = await scene.upload(`/api/roms/${id}/soundtracks`, {
      name: "noise.mp3",
      bytes: "no music",
    });
    expect(answer.status).toBe(201);
    expect((await scene.call(`/api/roms/${id}/soundtracks/metadata`)).json).toMatchObject([
      { track_meta: null },
    ]);
  });

  test("keeps uploads at the same time apart", async () => {
    const id = await scene.romId("Solo (USA).gba");
    const names = ["a.flac", "b.flac", "c.flac", "d.flac"];
    const answers = await Promise.all(
      names.map((name) => scene.upload(`/api/roms/${id}/soundtracks`, { name, bytes: SONG })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(await scene.names("roms/gba/Solo (USA)/soundtrack")).toEqual(names);
    expect((await readRom(id)).files).toHaveLength(5);
  });
});

const KINDS = [
  ["soundtracks", "a.mp3", "soundtrack", "soundtrack"],
  ["screenshots", "a.WebP", "screenshots", "screenshot"],
  ["manuals/files", "a.pdf", "manual", "manual"],
] as const;

describe.each(KINDS)("POST %s", (route, name, folder, category) => {
  const path = (id: number) => `/api/roms/${id}/${route}`;

  test("stores into the folder of its sort, and removes it again", async () => {
    const id = await scene.romId("Boxed");
    expect((await scene.upload(path(id), { name, bytes: "bytes" })).status).toBe(201);
    expect(await scene.names(`roms/gba/Boxed/${folder}`)).toContain(name);
    const file = (await readRom(id)).files.find(({ full_path }) => full_path.endsWith(`/${name}`));
    expect(file?.category).toBe(category);
    const removed = await scene.call(`${path(id)}/${file?.id}`, { method: "DELETE" });
    expect([removed.status, removed.json]).toEqual([200, null]);
    expect(await scene.names(`roms/gba/Boxed/${folder}`)).not.toContain(name);
    expect((await readRom(id)).files.some(({ id: fileId }) => fileId === file?.id)).toBe(false);
    expect((await scene.call(`${path(id)}/${file?.id}`, { method: "DELETE" })).status).toBe(404);
  });
});

describe("a library that cannot be written", () => {
  test("refuses uploads, conversion and removal", async () => {
    const [solo, boxed] = [await scene.romId("Solo (USA).gba"), await scene.romId("Boxed")];
    const files = scene.library.app.ports.files as { canWrite: (path: string) => Promise<boolean> };
    const canWrite = files.canWrite;
    files.canWrite = async (path) => !path.startsWith(at("")) && (await canWrite(path));
    const fileId = (await readRom(boxed)).files.find(({ category }) => category === "manual")?.id;
    const answers = [
      await scene.upload(`/api/roms/${boxed}/screenshots`, { name: "a.png", bytes: PNG }),
      await scene.call(`/api/roms/${solo}/convert-to-folder`, { method: "POST" }),
      await scene.call(`/api/roms/${boxed}/files/${fileId}`, { method: "DELETE" }),
    ];
    for (const { status, json } of answers) {
      expect([status, json]).toEqual([409, { detail: "The library is mounted read-only" }]);
    }
    expect(await scene.names("roms/gba")).toEqual(["Boxed", "Solo (USA).gba"]);
    expect(await scene.names("roms/gba/Boxed/manual")).toEqual(["old.pdf"]);
  });
});

describe("removal of any file", () => {
  const idOf = async (rom: number, ending: string) =>
    (await readRom(rom)).files.find(({ full_path }) => full_path.endsWith(ending))?.id;

  test("needs the grant to delete roms", async () => {
    const id = await scene.romId("Boxed");
    const fileId = await idOf(id, "old.pdf");
    await scene.library.app.database.handle
      .sql`insert into user_permission_overrides (user_id, entity, action, granted, own_only)
      select id, 'roms', 'delete', false, false from users where username = 'edda'`;
    const path = `/api/roms/${id}/files/${fileId}`;
    expect((await scene.call(path, { method: "DELETE", authorization: EDITOR })).status).toBe(403);
    expect((await scene.call(path, { method: "DELETE", authorization: VIEWER })).status).toBe(403);
    expect((await scene.call(path, { method: "DELETE" })).status).toBe(200);
    expect(await scene.names("roms/gba/Boxed/manual")).toEqual([]);
  });

  test("takes a file of another rom for absent, and one of another sort on the routes of one sort", async () => {
    const [solo, boxed] = [await scene.romId("Solo (USA).gba"), await scene.romId("Boxed")];
    const fileId = await idOf(boxed, "Boxed.gba");
    for (const path of [
      `${solo}/files`,
      `${boxed}/soundtracks`,
      `${boxed}/screenshots`,
      `${boxed}/manuals/files`,
    ]) {
      const answer = await scene.call(`/api/roms/${path}/${fileId}`, { method: "DELETE" });
      expect([answer.status, answer.json]).toEqual([404, { detail: `File with id '${fileId}' not found` }]);
    }
    expect(await scene.names("roms/gba/Boxed")).toContain("Boxed.gba");
  });

  test("makes a rom that was the file missing, and keeps one that is a folder", async () => {
    const [solo, boxed] = [await scene.romId("Solo (USA).gba"), await scene.romId("Boxed")];
    await scene.call(`/api/roms/${solo}/files/${await idOf(solo, ".gba")}`, { method: "DELETE" });
    await scene.call(`/api/roms/${boxed}/files/${await idOf(boxed, "Boxed.gba")}`, { method: "DELETE" });
    expect(await readRom(solo)).toMatchObject({ missing_from_fs: true, fs_size_bytes: 0, files: [] });
    expect(await readRom(boxed)).toMatchObject({ missing_from_fs: false, has_nested_single_file: false });
    expect(await scene.names("roms/gba")).toEqual(["Boxed"]);
  });

  test("forgets a file that was gone from disk already", async () => {
    const id = await scene.romId("Boxed");
    await scene.library.remove("roms/gba/Boxed/manual/old.pdf");
    const fileId = await idOf(id, "old.pdf");
    expect((await scene.call(`/api/roms/${id}/files/${fileId}`, { method: "DELETE" })).status).toBe(200);
    expect((await readRom(id)).files).toHaveLength(1);
  });

  test("tells the library's followers, and nobody of a refusal", async () => {
    const id = await scene.romId("Boxed");
    const topics: unknown[] = [];
    const stop = scene.library.app.ports.events.on("library", (event) => void topics.push(event.data));
    await scene.call(`/api/roms/${id}/files/99999`, { method: "DELETE" });
    expect(topics).toEqual([]);
    await scene.call(`/api/roms/${id}/files/${await idOf(id, "old.pdf")}`, { method: "DELETE" });
    stop();
    expect(topics).toEqual([{ change: "updated", entity: "rom", ids: [id] }]);
  });
});
