import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { EDITOR, type ExtraScene, openExtraScene, type Upload, VIEWER } from "./scene.testing.ts";

const OPEN_MS = 30_000;

let scene: ExtraScene;
beforeAll(async () => {
  scene = await openExtraScene(["Solo (USA).gba", "Boxed/Boxed.gba", "Boxed/manual/old.pdf"]);
}, OPEN_MS);
afterAll(() => scene.close());

const KINDS = [
  ["soundtracks", "a.mp3", "soundtrack"],
  ["screenshots", "a.WebP", "screenshots"],
  ["manuals/files", "a.pdf", "manual"],
] as const;

describe.each(KINDS)("POST %s", (route, name, folder) => {
  const path = (id: number) => `/api/roms/${id}/${route}`;

  const refused: [string, Upload, number][] = [
    ["another ending", { name: "a.exe", bytes: "x" }, 400],
    ["no ending", { name: "mp3", bytes: "x" }, 400],
    ["a path upward", { name: `../${name}`, bytes: "x" }, 400],
    ["a path", { name: `sub/${name}`, bytes: "x" }, 400],
    ["a path of another system", { name: `sub\\${name}`, bytes: "x" }, 400],
    ["an encoded path", { name, bytes: "x", header: `..%2F${name}`, fieldName: `../${name}` }, 400],
    ["a hidden name", { name: `.${name}`, bytes: "x" }, 400],
    ["too long a name", { name: `${"n".repeat(300)}${name}`, bytes: "x" }, 400],
    ["another field", { name, bytes: "x", fieldName: "file" }, 400],
    ["no header", { name, bytes: "x", header: null }, 422],
  ];
  test.each(refused)("refuses %s and stores nothing", async (_what, upload, status) => {
    const id = await scene.romId("Boxed");
    const before = await scene.library.files();
    expect((await scene.upload(path(id), upload)).status).toBe(status);
    expect(await scene.library.files()).toEqual([...before]);
    expect(await scene.names("roms/gba/Boxed")).toEqual(["Boxed.gba", "manual"]);
    expect(await scene.names("roms/gba")).toEqual(["Boxed", "Solo (USA).gba"]);
  });

  test("is for those who may write roms, and hidden roms are absent", async () => {
    const id = await scene.romId("Boxed");
    expect((await scene.upload(path(id), { name, bytes: "x", authorization: VIEWER })).status).toBe(403);
    expect((await scene.upload(path(99_999), { name, bytes: "x" })).json).toEqual({
      detail: "Rom with id '99999' not found",
    });
    await scene.library.app.database.handle.sql`insert into hidden_entities (entity, entity_id, user_id)
      select 'roms', ${id}, id from users where username = 'edda'`;
    expect((await scene.upload(path(id), { name, bytes: "x", authorization: EDITOR })).status).toBe(404);
    await scene.library.app.database.handle.sql`delete from hidden_entities`;
    expect(await scene.names(`roms/gba/Boxed/${folder}`)).not.toContain(name);
  });
});
