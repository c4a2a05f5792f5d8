// Hidden roms are answered as if they were not there, and are not lost by changes of who may not see them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { callApp } from "../auth/calls.testing.ts";
import {
  ADMIN,
  type CollectionScene,
  openCollectionScene,
  VIEWER,
  type WireCollection,
} from "./scene.testing.ts";

const OPEN_MS = 30_000;
let scene: CollectionScene;
let id = 0;
/** A rom of a platform that is hidden as a whole. */
let deep = 0;

beforeAll(async () => {
  scene = await openCollectionScene();
  deep = await scene.library.addRom("n64", "Deep.z64", "x");
  const { id: made } = await scene.add("?is_public=true", { name: "Mixed" }, VIEWER);
  id = made;
  await scene.call(`/${id}/roms`, { json: { rom_ids: [...scene.romIds, deep] } });
  await scene.library.change("update roms set path_cover_s = 'covers/' || id || '.png'");
  const n64 = await scene.library.addPlatform("n64");
  const target = { user_id: 2 };
  for (const what of [
    { entity: "roms", entity_id: scene.romIds[0] },
    { entity: "platforms", entity_id: n64 },
  ]) {
    const answer = await callApp(scene.library.app, "/api/permissions/hidden", {
      authorization: ADMIN,
      json: { ...what, ...target },
    });
    expect(answer.status).toBe(200);
  }
}, OPEN_MS);
afterAll(() => scene.close());

const all = () => [...scene.romIds, deep];

describe("hidden roms", () => {
  test("are neither listed nor counted, nor lend their covers", async () => {
    const shown = scene.romIds.slice(1);
    const one = await scene.read(id, VIEWER);
    const list = (await scene.call("", { authorization: VIEWER })).json as WireCollection[];
    const listed = list.find((collection) => collection.id === id);
    for (const collection of [one, listed]) {
      expect(collection).toMatchObject({ rom_ids: shown, rom_count: shown.length });
      expect(collection?.path_covers_small.map((url) => Number(/\d+/.exec(url)?.[0]))).toEqual(shown);
    }
    const typed = await scene.ask("get", { collectionId: id, with: ["romIds"] }, VIEWER);
    expect(typed.data).toMatchObject({ romIds: shown, romCount: shown.length });
    expect((await scene.read(id)).rom_ids).toEqual(all());
  });

  test("stay when somebody who may not see them changes the rest", async () => {
    const [, b = 0, c = 0] = scene.romIds;
    const { id: changed } = await scene.add("?is_public=true", { name: "Changed" }, VIEWER);
    await scene.call(`/${changed}/roms`, { json: { rom_ids: all() } });
    const put = await scene.send("PUT", `/${changed}`, { rom_ids: `[${b}]` }, VIEWER);
    expect(put.json).toMatchObject({ rom_ids: [b] });
    expect((await scene.read(changed)).rom_ids).toEqual([scene.romIds[0] ?? 0, b, deep]);
    const json = { rom_ids: [scene.romIds[0], deep] };
    const removed = await scene.call(`/${changed}/roms`, { method: "DELETE", json, authorization: VIEWER });
    expect(removed.json).toMatchObject({ rom_ids: [b] });
    expect((await scene.read(changed)).rom_ids).toEqual([scene.romIds[0] ?? 0, b, deep]);
    const more = await scene.call(`/${changed}/roms`, { json: { rom_ids: [c] }, authorization: VIEWER });
    expect(more.json).toMatchObject({ rom_ids: [b, c], rom_count: 2 });
  });

  test("are not put into a collection by who may not see them", async () => {
    const { id: own } = await scene.add("", { name: "Own" }, VIEWER);
    const json = { rom_ids: [...all(), 99_999] };
    await scene.call(`/${own}/roms`, { json, authorization: VIEWER });
    await scene.send("PUT", `/${own}`, { rom_ids: JSON.stringify(all()) }, VIEWER);
    await scene.send("PUT", `/${own}?is_public=true`, {}, VIEWER);
    expect((await scene.read(own)).rom_ids).toEqual(scene.romIds.slice(1));
  });
});
