import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { Files } from "../../ports/files/port.ts";
import { ADMIN, EDITOR, openRomScene, type RomScene, VIEWER } from "../edits/scene.testing.ts";

const OPEN_MS = 30_000;
let scene: RomScene;
/** By file name. */
let ids: Readonly<Record<string, number>>;
let a: number;

beforeEach(async () => {
  scene = await openRomScene();
  ids = await scene.library.addRoms("gba", ["A.gba", "B.gba", "C.gba"]);
  a = ids["A.gba"] ?? 0;
}, OPEN_MS);
afterEach(() => scene.close());

const sql = () => scene.library.app.database.handle.sql;
const inBase = (path: string) => join(scene.library.app.basePath, path);
const listRoms = async () =>
  (await sql()<{ name: string }[]>`select fs_name as name from roms order by fs_name`).map(
    ({ name }) => name,
  );
const removeOf = (json: object, authorization: string | undefined = ADMIN) =>
  scene.call("/delete", { json, authorization });

/** A folder rom, and something beside it that a link in it leads to. */
async function addFolder(): Promise<number> {
  await mkdir(inBase("library/roms/psx/Epic/disc 2"), { recursive: true });
  await writeFile(inBase("library/roms/psx/Epic/disc 2/b.bin"), "b");
  await mkdir(inBase("library/elsewhere"), { recursive: true });
  await writeFile(inBase("library/elsewhere/precious"), "x");
  await symlink(inBase("library/elsewhere"), inBase("library/roms/psx/Epic/linked"));
  const platformId = await scene.library.addPlatform("psx");
  const [row] = await sql()<
    { id: number }[]
  >`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext,
    fs_extension, fs_path, is_folder) values (${platformId}, 'Epic', 'Epic', 'Epic', '', 'roms/psx', true) returning id`;
  return row?.id ?? 0;
}

/** Makes one member of the files port behave otherwise from now on. */
function breakFiles(change: Partial<Files>): void {
  const { ports } = scene.library.app;
  Object.assign(ports, { files: { ...ports.files, ...change } });
}

const broken = (path: string) =>
  new AppError("unavailable", "FILES_FORBIDDEN", { message: `${path}: permission denied` });

describe("POST /api/roms/delete", () => {
  test("removes rows, tells which were not there, and leaves the files", async () => {
    const events = await scene.listEvents(async () => {
      const answer = await removeOf({ roms: [a, 99_999], delete_from_fs: [] });
      expect([answer.status, answer.json]).toEqual([
        200,
        { successful_items: 1, failed_ids: [99_999], errors: ["ROM with ID 99999 not found"] },
      ]);
    });
    expect(events).toEqual([`removed ${a}`]);
    expect(await listRoms()).toEqual(["B.gba", "C.gba"]);
    expect(await scene.list("library/roms/gba")).toEqual(["A.gba", "B.gba", "C.gba"]);
    expect(await scene.list("pending")).toEqual([]);
    expect((await removeOf({ roms: [] })).json).toEqual({ successful_items: 0, failed_ids: [], errors: [] });
  });

  test("removes the files of those that are named twice, the artwork of all, and no folder above", async () => {
    const epic = await addFolder();
    const { id: platformId } =
      (await sql()<{ id: number }[]>`select id from platforms where fs_slug = 'gba'`)[0] ?? {};
    await mkdir(inBase(`resources/roms/${platformId}/${a}/cover`), { recursive: true });
    const roms = [a, ids["B.gba"], epic, a];
    const answer = await removeOf({ roms, delete_from_fs: [a, epic] });
    expect(answer.json).toEqual({ successful_items: 3, failed_ids: [], errors: [] });
    expect(await scene.list("library/roms/gba")).toEqual(["B.gba", "C.gba"]);
    expect(await scene.list("library/roms")).toEqual(["gba", "psx"]);
    expect(await scene.list("library/roms/psx")).toEqual([]);
    expect(await scene.list("library/elsewhere")).toEqual(["precious"]);
    expect(await scene.list(`resources/roms/${platformId}`)).toEqual([]);
    expect(await scene.list("pending")).toEqual([]);
  });

  test("removes a rom that is a link, and not what it points at", async () => {
    const path = inBase("library/roms/gba/A.gba");
    await writeFile(inBase("library/target.gba"), "precious");
    await Bun.file(path).delete();
    await symlink(inBase("library/target.gba"), path);
    expect((await removeOf({ roms: [a], delete_from_fs: [a] })).json).toMatchObject({ successful_items: 1 });
    expect(await scene.list("library/roms/gba")).toEqual(["B.gba", "C.gba"]);
    expect(await Bun.file(inBase("library/target.gba")).text()).toBe("precious");
  });

  test("takes along what hangs on the row: files, facets, who may not see it; and keeps time played", async () => {
    await sql()`insert into rom_facets (rom_id, platform_id, kind, value)
      select id, platform_id, 'genre', 'Puzzle' from roms where id = ${a}`;
    await scene.hideFrom("edda", a);
    await removeOf({ roms: [a] });
    const [left] = await sql()`select (select count(*) from rom_files where rom_id = ${a}) as files,
      (select count(*) from rom_facets where rom_id = ${a}) as facets,
      (select count(*) from hidden_entities where entity = 'roms' and entity_id = ${a}) as hidden,
      (select count(*) from removals where entity = 'roms' and entity_id = ${a}) as noted`;
    expect(left).toEqual({ files: 0, facets: 0, hidden: 0, noted: 1 });
  });

  test("does not find what is hidden from the caller", async () => {
    await scene.hideFrom("edda", a);
    const answer = await removeOf({ roms: [a, ids["B.gba"]], delete_from_fs: [a] }, EDITOR);
    expect(answer.json).toEqual({
      successful_items: 1,
      failed_ids: [a],
      errors: [`ROM with ID ${a} not found`],
    });
    expect(await scene.list("library/roms/gba")).toHaveLength(3);
  });

  const refused: [string, object, string | undefined, number][] = [
    ["a guest", { roms: [1] }, "", 403],
    ["a viewer", { roms: [1] }, VIEWER, 403],
    ["a body without roms", {}, ADMIN, 422],
    ["an id that is none", { roms: ["x"] }, ADMIN, 422],
    ["more than one call may remove", { roms: Array.from({ length: 10_001 }, (_, i) => i + 1) }, ADMIN, 422],
  ];
  test.each(refused)("refuses %s", async (_what, json, authorization, status) => {
    const events = await scene.listEvents(async () => {
      expect((await removeOf(json, authorization)).status).toBe(status);
    });
    expect([events, await listRoms()]).toEqual([[], ["A.gba", "B.gba", "C.gba"]]);
  });

  test("needs the grant to delete beside the scope", async () => {
    await sql()`insert into user_permission_overrides (user_id, entity, action, granted)
      select id, 'roms', 'delete', false from users where username = 'edda'`;
    const answer = await removeOf({ roms: [a] }, EDITOR);
    expect([answer.status, answer.json]).toEqual([403, { detail: "Insufficient permissions" }]);
    expect(await listRoms()).toHaveLength(3);
  });

  test("does nothing at all when the library cannot be written", async () => {
    breakFiles({ canWrite: async () => false });
    const answer = await removeOf({ roms: [a, ids["B.gba"]], delete_from_fs: [ids["B.gba"]] });
    expect([answer.status, answer.json]).toEqual([409, { detail: "The library is mounted read-only" }]);
    expect(await listRoms()).toHaveLength(3);
    expect((await removeOf({ roms: [a] })).status).toBe(200);
  });

  test("keeps a rom whose file cannot be moved, and removes the others", async () => {
    const { rename } = scene.library.app.ports.files;
    breakFiles({
      rename: (from, to) => (from.endsWith("/A.gba") ? Promise.reject(broken(from)) : rename(from, to)),
    });
    const answer = await removeOf({ roms: Object.values(ids), delete_from_fs: Object.values(ids) });
    expect(answer.json).toEqual({
      successful_items: 2,
      failed_ids: [a],
      errors: [`ROM with ID ${a}: ${inBase("library/roms/gba/A.gba")}: permission denied`],
    });
    expect([await listRoms(), await scene.list("library/roms/gba")]).toEqual([["A.gba"], ["A.gba"]]);
    expect(await scene.list("pending")).toEqual([]);
  });

  test("says so when files of a removed rom stay, and remembers them", async () => {
    const { remove } = scene.library.app.ports.files;
    breakFiles({
      remove: (path, options) =>
        path.endsWith(".trash") ? Promise.reject(broken(path)) : remove(path, options),
    });
    const answer = await removeOf({ roms: [a], delete_from_fs: [a] });
    expect(answer.json).toMatchObject({ successful_items: 0, failed_ids: [a] });
    expect(answer.text).toContain("The rom was removed, but not all of its files could be");
    expect(await listRoms()).toEqual(["B.gba", "C.gba"]);
    expect(await scene.list("pending")).toHaveLength(1);
  });

  test("brings files back when the rows cannot go", async () => {
    await sql().unsafe(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'no'; end $$`);
    await sql().unsafe("create trigger refuse before delete on roms for each row execute function refuse()");
    const events = await scene.listEvents(async () => {
      expect((await removeOf({ roms: Object.values(ids), delete_from_fs: [a] })).status).toBe(500);
    });
    expect([events, await listRoms()]).toEqual([[], ["A.gba", "B.gba", "C.gba"]]);
    expect(await scene.list("library/roms/gba")).toEqual(["A.gba", "B.gba", "C.gba"]);
    expect(await scene.list("pending")).toEqual([]);
  });

  test("touches nothing that lies outside the library", async () => {
    await writeFile(inBase("assets/A.gba"), "precious");
    await scene.library.change(`update roms set fs_path = '../assets' where id = ${a}`);
    const answer = await removeOf({ roms: [a], delete_from_fs: [a] });
    expect(answer.json).toMatchObject({ successful_items: 0, failed_ids: [a] });
    expect(existsSync(inBase("assets/A.gba"))).toBe(true);
  });

  test("needs as many statements for many roms as for one", async () => {
    const many = await scene.library.addRoms(
      "nes",
      Array.from({ length: 80 }, (_, i) => `${i}.nes`),
    );
    let count = 0;
    const send = sql().unsafe;
    sql().unsafe = ((text: string, ...rest: []) => {
      if (/\b(?:roms|rom_\w+|hidden_entities)\b/.test(text)) count += 1;
      return send(text, ...rest);
    }) as typeof send;
    const countFor = async (roms: readonly number[]) => {
      count = 0;
      expect((await removeOf({ roms, delete_from_fs: roms })).json).toMatchObject({
        successful_items: roms.length,
      });
      return count;
    };
    const one = await countFor([a]);
    expect(await countFor(Object.values(many))).toBe(one);
    expect(one).toBeLessThanOrEqual(5);
  });
});

describe("DELETE /api/roms/{id}", () => {
  test("removes one rom, and its file only on request", async () => {
    const kept = await scene.call(`/${a}`, { method: "DELETE" });
    expect([kept.status, kept.text]).toEqual([204, ""]);
    const removed = await scene.call(`/${ids["B.gba"]}?delete_from_fs=true`, { method: "DELETE" });
    expect(removed.status).toBe(204);
    expect([await listRoms(), await scene.list("library/roms/gba")]).toEqual([["C.gba"], ["A.gba", "C.gba"]]);
    const again = await scene.call(`/${a}`, { method: "DELETE" });
    expect([again.status, again.json]).toEqual([404, { detail: `Rom with id '${a}' not found` }]);
    expect((await scene.call(`/${ids["C.gba"]}`, { method: "DELETE", authorization: VIEWER })).status).toBe(
      403,
    );
  });
});

describe("roms.remove", () => {
  test("removes roms, and throws what keeps one of them", async () => {
    expect((await scene.tell("remove", { romIds: [a], deleteFiles: true }, VIEWER)).status).toBe(403);
    expect((await scene.tell("remove", { romIds: [] })).code).toBe("INPUT_INVALID");
    expect((await scene.tell("remove", { romIds: [a], deleteFiles: true })).status).toBe(200);
    expect((await scene.tell("remove", { romIds: [a] })).code).toBe("ROMS_NOT_FOUND");
    const some = await scene.tell("remove", { romIds: [a, ids["B.gba"]] });
    expect([some.status, some.code]).toEqual([409, "ROMS_NOT_REMOVED"]);
    expect(some.details).toMatchObject({ removedIds: [ids["B.gba"]], failures: [{ romId: a }] });
    expect([await listRoms(), await scene.list("library/roms/gba")]).toEqual([["C.gba"], ["B.gba", "C.gba"]]);
  });
});
