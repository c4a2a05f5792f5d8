import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFlac } from "../../ports/compute/testing/tracks.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { createFaultyFiles } from "../../ports/files/faulty.ts";
import { type ExtraScene, openExtraScene, type WireRom } from "../extras/scene.testing.ts";

const OPEN_MS = 30_000;
const SCAN_MS = 30_000;

let scene: ExtraScene;
beforeEach(async () => {
  scene = await openExtraScene(["Solo (USA).gba", "Boxed/Boxed.gba"]);
}, OPEN_MS);
afterEach(() => scene.close());

const readRom = async (id: number) => (await scene.call(`/api/roms/${id}`)).json as WireRom;
const at = (path: string) => join(scene.library.app.basePath, "library", path);

describe("convert-to-folder", () => {
  test("moves the file of a rom into a folder, keeping the ids of both and its hashes", async () => {
    const id = await scene.romId("Solo (USA).gba");
    const before = await readRom(id);
    const answer = await scene.call(`/api/roms/${id}/convert-to-folder`, { method: "POST" });
    expect(answer.status).toBe(200);
    const rom = answer.json as WireRom;
    expect(rom).toMatchObject({
      id,
      fs_name: "Solo (USA)",
      fs_extension: "",
      fs_name_no_ext: "Solo (USA)",
      name: "Solo",
      regions: ["USA"],
      has_simple_single_file: false,
      has_nested_single_file: true,
      sha1_hash: before.sha1_hash,
      missing_from_fs: false,
    });
    expect(rom.files.map((file) => [file.id, file.full_path, file.category])).toEqual([
      [before.files[0]?.id ?? 0, "roms/gba/Solo (USA)/Solo (USA).gba", "game"],
    ]);
    expect(await scene.names("roms/gba")).toEqual(["Boxed", "Solo (USA)"]);
    expect(await scene.names("roms/gba/Solo (USA)")).toEqual(["Solo (USA).gba"]);
  });

  test(
    "leaves nothing for a scan to find",
    async () => {
      const id = await scene.romId("Solo (USA).gba");
      await scene.call(`/api/roms/${id}/convert-to-folder`, { method: "POST" });
      const [roms, files] = [await scene.library.roms(), await scene.library.files()];
      await scene.library.scan({ type: "complete" });
      expect(await scene.library.roms()).toEqual([...roms]);
      expect(await scene.library.files()).toEqual([...files]);
    },
    SCAN_MS,
  );

  test("leaves a rom that is a folder as it is", async () => {
    const id = await scene.romId("Boxed");
    const before = await readRom(id);
    const answer = await scene.call(`/api/roms/${id}/convert-to-folder`, { method: "POST" });
    expect([answer.status, answer.json]).toEqual([200, before]);
  });

  test("takes an empty folder that a try before has left", async () => {
    await mkdir(at("roms/gba/Solo (USA)"));
    const id = await scene.romId("Solo (USA).gba");
    expect((await scene.call(`/api/roms/${id}/convert-to-folder`, { method: "POST" })).status).toBe(200);
  });

  const collisions: [string, () => Promise<unknown>][] = [
    ["a folder with something in it", () => scene.library.put("roms/gba/Solo (USA)/other.gba")],
    ["a file", () => writeFile(at("roms/gba/Solo (USA)"), "x")],
    [
      "another rom's row",
      () =>
        scene.library.app.database.handle.sql`update roms set fs_name = 'Solo (USA)' where fs_name = 'Boxed'`,
    ],
  ];
  test.each(collisions)("refuses where %s has the folder's name, and moves nothing", async (_what, block) => {
    const id = await scene.romId("Solo (USA).gba");
    await block();
    const answer = await scene.call(`/api/roms/${id}/convert-to-folder`, { method: "POST" });
    expect([answer.status, answer.json]).toEqual([
      409,
      { detail: "A file or folder named 'Solo (USA)' already exists" },
    ]);
    expect(await scene.names("roms/gba")).toContain("Solo (USA).gba");
    expect((await readRom(id)).fs_name).toBe("Solo (USA).gba");
  });

  test("refuses a link, which would lead nowhere", async () => {
    const id = await scene.romId("Solo (USA).gba");
    await rename(at("roms/gba/Solo (USA).gba"), at("elsewhere.gba"));
    await symlink("../../elsewhere.gba", at("roms/gba/Solo (USA).gba"));
    const answer = await scene.call(`/api/roms/${id}/convert-to-folder`, { method: "POST" });
    expect(answer.status).toBe(409);
    expect(await scene.names("roms/gba")).toContain("Solo (USA).gba");
  });

  test("tells why the file did not move, whatever becomes of the folder that was made for it", async () => {
    const files = createFaultyFiles(createDiskFiles());
    Object.assign(scene.library.app.ports.files, files);
    files.inject({ operation: "rename", path: at("roms/gba/Solo (USA).gba"), error: "ENOSPC" });
    files.inject({ operation: "remove", path: at("roms/gba/Solo (USA)"), error: "EIO" });
    const id = await scene.romId("Solo (USA).gba");
    const convert = () => scene.call(`/api/roms/${id}/convert-to-folder`, { method: "POST" });
    expect((await convert()).status).toBe(507);
    files.heal();
    expect((await convert()).status).toBe(200);
  });

  test("tells of a rom that is gone from disk", async () => {
    const id = await scene.romId("Solo (USA).gba");
    await scene.library.remove("roms/gba/Solo (USA).gba");
    expect((await scene.call(`/api/roms/${id}/convert-to-folder`, { method: "POST" })).status).toBe(404);
    expect(await scene.names("roms/gba")).toEqual(["Boxed"]);
  });

  describe("after a crash between the move and its row", () => {
    beforeEach(() => scene.library.move("roms/gba/Solo (USA).gba", "roms/gba/Solo (USA)/Solo (USA).gba"));

    test("ends what was begun at the next try", async () => {
      const id = await scene.romId("Solo (USA).gba");
      const answer = await scene.call(`/api/roms/${id}/convert-to-folder`, { method: "POST" });
      expect(answer.status).toBe(200);
      expect((answer.json as WireRom).fs_name).toBe("Solo (USA)");
    });

    test(
      "is recognised by a scan, which keeps the ids and what was put beside the file",
      async () => {
        const id = await scene.romId("Solo (USA).gba");
        const before = await readRom(id);
        await scene.library.put("roms/gba/Solo (USA)/soundtrack/a.flac", makeFlac({ title: "Title" }));
        await scene.library.scan();
        const rom = await readRom(id);
        expect(rom).toMatchObject({
          fs_name: "Solo (USA)",
          sha1_hash: before.sha1_hash,
          has_soundtrack: true,
        });
        expect(rom.files.map((file) => file.full_path)).toEqual(
          ["roms/gba/Solo (USA)/Solo (USA).gba", "roms/gba/Solo (USA)/soundtrack/a.flac"].toSorted((a, b) =>
            a.localeCompare(b),
          ),
        );
        expect(rom.files.some((file) => file.id === before.files[0]?.id)).toBe(true);
        expect(await scene.library.roms()).toHaveLength(2);
      },
      SCAN_MS,
    );
  });

  test(
    "is recognised on a platform that is never hashed, too",
    async () => {
      await scene.library.put("roms/switch/Solo.nsp");
      await scene.library.scan();
      const id = await scene.romId("Solo.nsp");
      await scene.library.move("roms/switch/Solo.nsp", "roms/switch/Solo/Solo.nsp");
      await scene.library.scan();
      expect((await readRom(id)).fs_name).toBe("Solo");
    },
    SCAN_MS,
  );
});
