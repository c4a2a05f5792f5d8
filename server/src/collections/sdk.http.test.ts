// The published client against the real server: both sides of every call about collections.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Client } from "@multitap/client";
import { codeOf, openAppClient } from "../auth/client.testing.ts";
import { makePicture } from "../users/pictures.testing.ts";
import { type CollectionScene, openCollectionScene } from "./scene.testing.ts";

let scene: CollectionScene;
let client: Client;
/** The viewer. */
let ana: Client;

beforeAll(async () => {
  scene = await openCollectionScene();
  await scene.library.change(`insert into rom_facets (rom_id, platform_id, kind, value)
    select id, platform_id, 'genre', 'Puzzle' from roms`);
  const { app } = scene.library;
  const open = async (username: string, password: string, more: string) => {
    const scope = `collections.read collections.write roms.read ${more}`.trim();
    return await openAppClient(app, { username, password, scope });
  };
  client = await open("admin", "adminpass", "roms.write");
  ana = await open("ana", "viewerpass", "");
}, 30_000);
afterAll(async () => {
  await client.close();
  await ana.close();
  await scene.close();
});

describe("client.collections", () => {
  test("goes through a collection's whole life", async () => {
    const made = await client.collections.create({ name: "Best", isPublic: true });
    expect(made).toMatchObject({ name: "Best", ownerUsername: "admin", romCount: 0, romCovers: [] });
    expect((await client.collections.addRoms(made.id, scene.romIds)).romCount).toBe(5);
    expect((await client.collections.removeRoms(made.id, scene.romIds.slice(1))).romCount).toBe(1);
    await client.collections.updateCover(made.id, await makePicture("png"));
    const changed = await client.collections.update(made.id, { name: "Best of", removeCover: true });
    expect(changed).toMatchObject({ name: "Best of", coverLarge: null });
    const [listed] = await ana.collections.list({ with: ["romIds"] });
    expect(listed).toEqual({ ...changed, romIds: scene.romIds.slice(0, 1) });
    expect(await client.collections.list({ updatedAfter: changed.updatedAt })).toEqual([]);
    expect(await codeOf(ana.collections.update(made.id, { name: "Mine" }))).toBe(
      "forbidden COLLECTIONS_FOREIGN",
    );
    expect(await codeOf(client.collections.create({ name: "Best of" }))).toBe(
      "conflict COLLECTIONS_NAME_TAKEN",
    );
    await client.collections.remove(made.id);
    expect(await codeOf(client.collections.get(made.id))).toBe("not_found COLLECTIONS_NOT_FOUND");
  });

  test("reads virtual ones", async () => {
    const [puzzle] = await ana.collections.listVirtual({ type: "genre" });
    expect(puzzle).toMatchObject({ name: "Puzzle", romCount: 5 });
    expect((await ana.collections.getVirtual(puzzle?.id ?? "", { with: ["romIds"] })).romIds).toEqual(
      scene.romIds,
    );
    expect(await codeOf(ana.collections.getVirtual("zzz"))).toBe("not_found COLLECTIONS_VIRTUAL_NOT_FOUND");
  });

  test("keeps filters, whose roms can be listed", async () => {
    const { id } = await client.collections.createSmart({ name: "Smart", criteria: { genres: ["Puzzle"] } });
    const changed = await client.collections.updateSmart(id, { description: "x", isPublic: true });
    const smart = await ana.collections.getSmart(id, { with: ["romIds"] });
    expect(smart).toEqual({ ...changed, romIds: scene.romIds });
    const listed = await ana.roms.each(smart.filter ?? {}).toArray({ max: 10 });
    expect(listed.map((rom) => rom.id)).toEqual([...scene.romIds]);
    expect((await ana.collections.listSmart()).map(({ name }) => name)).toEqual(["Smart"]);
    const refused = client.collections.createSmart({ name: "No", criteria: { moonlit: true } });
    expect(await codeOf(refused)).toBe("invalid COLLECTIONS_FILTER_UNSUPPORTED");
    await client.collections.removeSmart(id);
    expect(await codeOf(client.collections.getSmart(id))).toBe("not_found COLLECTIONS_SMART_NOT_FOUND");
  });
});
