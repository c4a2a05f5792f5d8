// What a crash at any point of a removal or a rename leaves behind, and what becomes of it.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openRomScene, type RomScene } from "../edits/scene.testing.ts";
import type { DiskChange } from "./contract.ts";
import { forgetDiskChange, noteDiskChange, settleDiskChanges } from "./service.ts";

const OPEN_MS = 30_000;
const TRASH = ".multitap-0011223344556677.trash";
let scene: RomScene;
let romId: number;
let platformId: number;

beforeEach(async () => {
  scene = await openRomScene();
  romId = await scene.library.addRom("gba", "A (USA).gba", "a");
  platformId = await scene.library.addPlatform("gba");
}, OPEN_MS);
afterEach(() => scene.close());

const sql = () => scene.library.app.database.handle.sql;
const ctx = () => scene.library.app.createContext();
const inBase = (path: string) => join(scene.library.app.basePath, path);
const move = (from: string, to: string) =>
  rename(inBase(`library/roms/gba/${from}`), inBase(`library/roms/gba/${to}`));
const listRoms = async () =>
  (await sql()<{ name: string }[]>`select fs_name as name from roms order by fs_name`).map(
    ({ name }) => name,
  );
const listDisk = () => scene.list("library/roms/gba");

const note = (change: DiskChange) => noteDiskChange(ctx(), change);
const removal = (): DiskChange => ({
  kind: "removal",
  roms: [{ romId, platformId, fsPath: "roms/gba", fsName: "A (USA).gba", trashName: TRASH }],
});
const renaming = (): DiskChange => ({
  kind: "rename",
  romId,
  fsPath: "roms/gba",
  from: "A (USA).gba",
  to: "B (Japan).gba",
});

/** Settled once and once more, for either may be interrupted again. */
async function settle(): Promise<void> {
  await settleDiskChanges(ctx());
  await settleDiskChanges(ctx());
}

describe("a removal that was interrupted", () => {
  test("before anything was done leaves all as it was", async () => {
    await note(removal());
    await settle();
    expect([await listRoms(), await listDisk(), await scene.list("pending")]).toEqual([
      ["A (USA).gba"],
      ["A (USA).gba"],
      [],
    ]);
  });

  test("before the row was gone gives the files back", async () => {
    await note(removal());
    await move("A (USA).gba", TRASH);
    await settle();
    expect([await listRoms(), await listDisk(), await scene.list("pending")]).toEqual([
      ["A (USA).gba"],
      ["A (USA).gba"],
      [],
    ]);
  });

  test("after the row was gone removes files and artwork", async () => {
    await note(removal());
    await mkdir(inBase(`resources/roms/${platformId}/${romId}/cover`), { recursive: true });
    await move("A (USA).gba", TRASH);
    await sql()`delete from roms`;
    await settle();
    expect([await listDisk(), await scene.list("pending")]).toEqual([[], []]);
    expect(await scene.list(`resources/roms/${platformId}`)).toEqual([]);
  });

  test("before its note was whole leaves nothing of it in the end", async () => {
    const [old, young] = [".multitap-00112233445566aa.partial", ".multitap-00112233445566bb.partial"];
    await mkdir(inBase("pending"), { recursive: true });
    for (const name of [old, young]) await writeFile(inBase(`pending/${name}`), "{");
    await utimes(inBase(`pending/${old}`), 1_000_000_000, 1_000_000_000);
    await settle();
    expect(await scene.list("pending")).toEqual([young]);
    await rm(inBase(`pending/${young}`));
  });

  test("never removes what has the rom's name by now", async () => {
    await note(removal());
    await move("A (USA).gba", TRASH);
    await sql()`delete from roms`;
    await writeFile(inBase("library/roms/gba/A (USA).gba"), "another");
    await settle();
    expect(await listDisk()).toEqual(["A (USA).gba"]);
  });

  test("waits while something else has the name that the files shall have back", async () => {
    await note(removal());
    await move("A (USA).gba", TRASH);
    await writeFile(inBase("library/roms/gba/A (USA).gba"), "another");
    await settle();
    expect([await listDisk(), await scene.list("pending")]).toEqual([
      [TRASH, "A (USA).gba"],
      [expect.any(String) as unknown as string],
    ]);
    await Bun.file(inBase("library/roms/gba/A (USA).gba")).delete();
    await settle();
    expect([await listDisk(), await scene.list("pending")]).toEqual([["A (USA).gba"], []]);
  });
});

describe("a rename that was interrupted", () => {
  test("before anything was done leaves all as it was", async () => {
    await note(renaming());
    await settle();
    expect([await listRoms(), await listDisk(), await scene.list("pending")]).toEqual([
      ["A (USA).gba"],
      ["A (USA).gba"],
      [],
    ]);
  });

  test("before the row was changed lets it follow its file", async () => {
    await note(renaming());
    await move("A (USA).gba", "B (Japan).gba");
    const events = await scene.listEvents(settle);
    expect(events).toEqual([`updated ${romId}`]);
    expect(await scene.read(romId)).toMatchObject({
      fs_name: "B (Japan).gba",
      regions: ["Japan"],
      files: [{ full_path: "roms/gba/B (Japan).gba" }],
    });
    expect(await scene.list("pending")).toEqual([]);
  });

  test("after both agreed changes nothing, also when the rom has another name by now", async () => {
    await note(renaming());
    expect((await scene.edit(`/${romId}`, { fs_name: "B (Japan).gba" })).status).toBe(200);
    await settle();
    expect([await listRoms(), await listDisk()]).toEqual([["B (Japan).gba"], ["B (Japan).gba"]]);
    await note(renaming());
    await sql()`delete from roms`;
    await settle();
    expect([await listDisk(), await scene.list("pending")]).toEqual([["B (Japan).gba"], []]);
  });
});

describe("notes", () => {
  test("of a change that is being made are settled only when it has ended", async () => {
    const path = await note(removal());
    const order: string[] = [];
    const changing = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const change = scene.library.app.ports.database.transaction(async (tx) => {
      await tx.execute(`select 1 from roms where id = ${romId} for update`);
      held.resolve();
      await changing.promise;
      await move("A (USA).gba", TRASH);
      await tx.execute(`delete from roms where id = ${romId}`);
      order.push("changed");
    });
    await held.promise;
    const settling = settleDiskChanges(ctx()).then(() => order.push("settled"));
    changing.resolve();
    await Promise.all([change, settling]);
    expect([order, await listDisk()]).toEqual([["changed", "settled"], []]);
    await forgetDiskChange(ctx(), path);
  });

  test("that are damaged, and other files, are left alone", async () => {
    await mkdir(inBase("pending"));
    await writeFile(inBase("pending/roms-0011223344556677.json"), "{");
    await writeFile(inBase("pending/other"), "x");
    await settle();
    expect(await scene.list("pending")).toEqual(["other", "roms-0011223344556677.json"]);
  });

  test("that lead out of the library touch nothing there", async () => {
    await writeFile(inBase("assets/x"), "precious");
    const roms = [{ romId: 999, platformId, fsPath: "../assets", fsName: "y", trashName: "x" }];
    await note({ kind: "removal", roms });
    await settle();
    expect(await scene.list("assets")).toEqual(["x"]);
  });
});
