// Platforms that people make, name and remove, through both doors.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { VIEWER } from "../../auth/calls.testing.ts";
import { EDITOR, seen } from "../../config/scene.testing.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import {
  grantViewer,
  hideFromViewer,
  type LibraryScene,
  openLibraryScene,
  type Wire,
} from "../scene.testing.ts";

let scene: LibraryScene;
let isReadOnly = false;

beforeAll(async () => {
  const disk = createDiskFiles();
  const canWrite = async (path: string) => !isReadOnly && (await disk.canWrite(path));
  scene = await openLibraryScene({ files: { ...disk, canWrite } });
}, 30_000);
afterAll(() => scene.app.close());
afterEach(async () => {
  isReadOnly = false;
  await scene.change("delete from platforms; delete from hidden_entities");
  await grantViewer(scene, []);
  await rm(scene.app.facts.libraryPath, { recursive: true, force: true });
  await mkdir(scene.app.facts.libraryPath);
  await scene.writeFile("");
});

const create = (fsSlug: unknown, authorization?: string) =>
  scene.call("/api/platforms", { json: { fs_slug: fsSlug }, ...(authorization && { authorization }) });
const update = (id: number, json: unknown, authorization?: string) =>
  scene.call(`/api/platforms/${id}`, { method: "PUT", json, ...(authorization && { authorization }) });
const remove = (id: number, authorization?: string) =>
  scene.call(`/api/platforms/${id}`, { method: "DELETE", ...(authorization && { authorization }) });
const names = async () =>
  ((await scene.call("/api/platforms")).json as Wire[]).map((row) => row.display_name);

describe("POST /api/platforms", () => {
  test("makes the folder and the row, and tells of it", async () => {
    let answer = await create("");
    const events = await scene.listEvents(async () => {
      answer = await create("gbc");
    });
    expect(answer.status).toBe(201);
    const { id, ...platform } = answer.json as Wire;
    expect(platform).toMatchObject({ slug: "gbc", fs_slug: "gbc", name: "Game Boy Color", custom_name: "" });
    expect(events).toEqual([{ change: "created", entity: "platform", ids: [id] }]);
    expect(await scene.listFolder("library/roms")).toEqual(["gbc"]);
    expect((await scene.call(`/api/platforms/${id}`)).json).toEqual(answer.json);
  });

  test("takes a folder and a row that are there already, and changes neither", async () => {
    await scene.putFile("roms/snes/A.sfc");
    const first = await create("snes");
    const events = await scene.listEvents(async () => {
      expect(seen(await create("snes"))).toEqual([201, first.json]);
      expect((await scene.tell("platforms.create", { fsSlug: "snes" })).data).toMatchObject({
        id: (first.json as Wire).id,
      });
    });
    expect(events).toEqual([]);
    expect(await scene.listFolder("library/roms/snes")).toEqual(["A.sfc"]);
  });

  test("follows structure B and the bindings of the configuration", async () => {
    await scene.putFile("snes/roms/A.sfc");
    await scene.writeFile("system:\n  platforms:\n    advance: gba\n");
    expect((await create("advance")).json).toMatchObject({ slug: "gba", fs_slug: "advance" });
    expect(await scene.listFolder("library/advance")).toEqual(["roms"]);
  });

  test("refuses the name that would turn structure B into A", async () => {
    await scene.putFile("snes/roms/A.sfc");
    const answer = await create("roms");
    expect(seen(answer)).toEqual([422, { detail: "The folder 'roms' cannot become a platform" }]);
    expect(await scene.listFolder("library")).toEqual(["snes"]);
  });

  test.each(["", ".", "..", "../up", "a/b", "a\\b", "a\0b", " a", "x".repeat(256), 5, null, undefined])(
    "refuses the name %p",
    async (fsSlug) => {
      const events = await scene.listEvents(async () => {
        expect((await create(fsSlug)).status).toBe(422);
        expect((await scene.tell("platforms.create", { fsSlug })).status).toBe(400);
      });
      expect([events, await names(), await scene.listFolder("library")]).toEqual([[], [], []]);
    },
  );

  test.each(["assets", "@eaDir", ".Trash-1000"])("refuses %p, which scans pass over", async (fsSlug) => {
    expect((await create(fsSlug)).status).toBe(422);
    expect((await scene.tell("platforms.create", { fsSlug })).code).toBe("PLATFORMS_FOLDER_REFUSED");
    expect(await names()).toEqual([]);
  });

  test("needs a library that can be written, unless the folder is there", async () => {
    await scene.putFile("roms/gba/A.gba");
    isReadOnly = true;
    const refused = await create("gbc");
    expect([refused.status, refused.json]).toMatchObject([
      409,
      { detail: expect.stringContaining("read-only") },
    ]);
    expect((await scene.tell("platforms.create", { fsSlug: "gbc" })).code).toBe("LIBRARY_READ_ONLY");
    expect(await names()).toEqual([]);
    expect((await create("gba")).status).toBe(201);
  });

  test("is for those who write platforms", async () => {
    expect(seen(await create("gbc", VIEWER))).toEqual([403, { detail: "Forbidden" }]);
    expect((await create("gbc", EDITOR)).status).toBe(201);
  });

  test("does not tell of a platform that is hidden", async () => {
    const id = await scene.addPlatform("gba");
    await hideFromViewer(scene, "platforms", id);
    await grantViewer(scene, ["platforms.write"]);
    expect((await create("gba", VIEWER)).json).toEqual({
      detail: "The folder 'gba' cannot become a platform",
    });
  });
});

describe("PUT /api/platforms/{id}", () => {
  test("names a platform, which then stands by that name, also after another scan", async () => {
    const id = await scene.addPlatform("gba");
    await scene.addPlatform("snes");
    const events = await scene.listEvents(async () => {
      const answer = await update(id, { custom_name: "Zzz Advance!" });
      expect(seen(answer)).toMatchObject([
        200,
        { id, name: "Game Boy Advance", custom_name: "Zzz Advance!", display_name: "Zzz Advance!" },
      ]);
    });
    expect(events).toEqual([{ change: "updated", entity: "platform", ids: [id] }]);
    expect(await names()).toEqual(["Super Nintendo Entertainment System", "Zzz Advance!"]);
    const before = await scene.rows("select updated_at from platforms order by id");
    await scene.addPlatform("gba");
    expect(await scene.rows("select updated_at from platforms order by id")).toEqual(before);
    expect(await names()).toEqual(["Super Nintendo Entertainment System", "Zzz Advance!"]);
    await update(id, { custom_name: "" });
    expect(await names()).toEqual(["Game Boy Advance", "Super Nintendo Entertainment System"]);
  });

  test("leaves what is left out or null, and says nothing when nothing changed", async () => {
    const id = await scene.addPlatform("gba");
    await update(id, { custom_name: "Mine", description: "Words" });
    const before = await scene.call(`/api/platforms/${id}`);
    const events = await scene.listEvents(async () => {
      for (const json of [{}, { custom_name: null }, { custom_name: "Mine" }, { aspect_ratio: "1 / 1" }]) {
        expect(seen(await update(id, json))).toEqual([200, before.json]);
      }
      expect((await scene.call(`/api/platforms/${id}`, { method: "PUT" })).json).toEqual(before.json);
    });
    expect(events).toEqual([]);
    const typed = await scene.tell("platforms.update", { platformId: id, description: "Other" });
    expect(typed.data).toMatchObject({ customName: "Mine", description: "Other" });
  });

  test.each([
    { custom_name: "x".repeat(401) },
    { custom_name: 5 },
    { custom_name: "a\0b" },
    { description: "x".repeat(65_536) },
    [[]],
    "x",
  ])("refuses %p", async (json) => {
    const id = await scene.addPlatform("gba");
    const events = await scene.listEvents(async () => expect((await update(id, json)).status).toBe(422));
    expect([events, await names()]).toEqual([[], ["Game Boy Advance"]]);
  });

  test("is for those who write platforms, and finds no hidden one", async () => {
    const id = await scene.addPlatform("gba");
    expect((await update(id, { custom_name: "x" }, VIEWER)).status).toBe(403);
    await grantViewer(scene, ["platforms.write"]);
    await hideFromViewer(scene, "platforms", id);
    const hidden = await update(id, { custom_name: "x" }, VIEWER);
    const absent = await update(id + 1, { custom_name: "x" }, VIEWER);
    expect(seen(hidden)).toEqual([404, { detail: `Platform with id '${id}' not found` }]);
    expect(absent.text).toBe(hidden.text.replace(String(id), String(id + 1)));
    expect(await names()).toEqual(["Game Boy Advance"]);
  });
});

describe("DELETE /api/platforms/{id}", () => {
  test("removes rows and artwork, and no file of the library", async () => {
    await scene.putFile("roms/gba/A.gba");
    await scene.putFile("roms/snes/A.sfc");
    const id = await scene.addPlatform("gba");
    const other = await scene.addPlatform("snes");
    for (const platform of [id, other]) {
      await scene.change(`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path)
        values (${platform}, 'A', 'A', 'A', '', 'roms')`);
      await mkdir(join(scene.app.facts.resourcesPath, "roms", String(platform), "1"), { recursive: true });
      const [rom] = await scene.rows(`select id from roms where platform_id = ${platform}`);
      await hideFromViewer(scene, "roms", Number(rom?.id));
      await hideFromViewer(scene, "platforms", platform);
    }
    const events = await scene.listEvents(async () => {
      expect(seen(await remove(id))).toEqual([200, null]);
    });
    expect(events).toEqual([{ change: "removed", entity: "platform", ids: [id] }]);
    expect(await names()).toEqual(["Super Nintendo Entertainment System"]);
    expect(await scene.rows("select platform_id from roms")).toEqual([{ platform_id: other }]);
    expect(await scene.rows("select distinct entity from hidden_entities order by entity")).toEqual([
      { entity: "platforms" },
      { entity: "roms" },
    ]);
    expect(await scene.rows("select count(*)::int as n from hidden_entities")).toEqual([{ n: 2 }]);
    expect(await scene.listFolder("resources/roms")).toEqual([String(other)]);
    expect(await scene.listFolder("library/roms/gba")).toEqual(["A.gba"]);
    await scene.change(`delete from platforms where id = ${other}`);
  });

  test("finds none twice, at both doors", async () => {
    const id = await scene.addPlatform("gba");
    expect((await scene.tell("platforms.remove", { platformId: id })).status).toBe(200);
    const events = await scene.listEvents(async () => {
      expect(seen(await remove(id))).toEqual([404, { detail: `Platform with id '${id}' not found` }]);
      expect((await scene.tell("platforms.remove", { platformId: id })).code).toBe("PLATFORMS_NOT_FOUND");
    });
    expect(events).toEqual([]);
  });

  test("needs the scope and the grant to delete, and finds no hidden one", async () => {
    const id = await scene.addPlatform("gba");
    expect((await remove(id, VIEWER)).json).toEqual({ detail: "Forbidden" });
    await grantViewer(scene, ["platforms.write"]);
    expect(seen(await remove(id, VIEWER))).toEqual([403, { detail: "Insufficient permissions" }]);
    await hideFromViewer(scene, "platforms", id);
    expect((await remove(id, VIEWER)).status).toBe(404);
    expect(await names()).toEqual(["Game Boy Advance"]);
  });
});

describe("GET /api/platforms/filesystem", () => {
  const list = async (authorization?: string) =>
    (await scene.call("/api/platforms/filesystem", authorization ? { authorization } : {})).json as Wire[];

  test("lists folders that are no platform yet, by name", async () => {
    await scene.putFile("roms/snes/A.sfc");
    await scene.putFile("roms/my-homebrew-box/A.bin");
    await scene.putFile("roms/advance/A.gba");
    await scene.putFile("roms/assets/A.bin");
    await scene.writeFile("system:\n  platforms:\n    advance: gba\n");
    await scene.addPlatform("snes");
    const listed = await list();
    expect(listed.map((row) => [row.id, row.fs_slug, row.slug, row.name])).toEqual([
      [-1, "advance", "gba", "Game Boy Advance"],
      [-1, "my-homebrew-box", "my-homebrew-box", "My Homebrew Box"],
    ]);
    expect(listed[1]).toMatchObject({ custom_name: null, description: null, rom_count: 0, firmware: [] });
    const rpc = await scene.ask("platforms.listFolders");
    expect((rpc.data as Wire[]).map((row) => row.fsSlug)).toEqual(["advance", "my-homebrew-box"]);
  });

  test("lists nothing of an empty library, and no folder of a hidden platform", async () => {
    expect(await list()).toEqual([]);
    await scene.putFile("roms/gba/A.gba");
    const id = await scene.addPlatform("gba");
    await hideFromViewer(scene, "platforms", id);
    expect(await list(VIEWER)).toEqual([]);
  });
});
