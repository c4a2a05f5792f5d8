// The lists of roms by what is in a collection.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { callApp } from "../auth/calls.testing.ts";
import { ADMIN, type CollectionScene, openCollectionScene, VIEWER } from "./scene.testing.ts";

let scene: CollectionScene;
let openId = 0;
let closedId = 0;

const at = (...indexes: readonly number[]) => indexes.map((index) => scene.romIds[index] ?? 0);

beforeAll(async () => {
  scene = await openCollectionScene();
  const fill = async (query: string, name: string, romIds: readonly number[], authorization: string) => {
    const { id } = await scene.add(query, { name }, authorization);
    await scene.call(`/${id}/roms`, { json: { rom_ids: romIds }, authorization });
    return id;
  };
  openId = await fill("?is_public=true", "Open", at(0, 1, 2), ADMIN);
  closedId = await fill("", "Closed", at(3), ADMIN);
  await fill("?is_favorite=true", "Favourites", at(2, 4), VIEWER);
  await scene.library.change(`insert into rom_facets (rom_id, platform_id, kind, value)
    select id, platform_id, 'genre', 'Of ' || left(fs_name, 1) from roms`);
}, 30_000);
afterAll(() => scene.close());

interface Page {
  readonly items: readonly { readonly id: number }[];
  readonly total: number;
  readonly rom_id_index: readonly number[];
  readonly filter_values: { readonly genres: readonly string[] };
}

async function listOf(query: string, authorization = ADMIN): Promise<Page> {
  const { status, json } = await callApp(scene.library.app, `/api/roms?${query}`, { authorization });
  expect(status).toBe(200);
  return json as Page;
}

async function askFor(filter: object, authorization = ADMIN): Promise<readonly number[]> {
  const page = await scene.library.ask<{ items: { id: number }[] }>("roms.list", filter, authorization);
  return page.body.items.map(({ id }) => id);
}

describe("roms of a collection", () => {
  test("are listed for those who may see it, with values for filter menus", async () => {
    for (const authorization of [ADMIN, VIEWER]) {
      const page = await listOf(`collection_id=${openId}`, authorization);
      expect([page.items.map(({ id }) => id), page.total, page.rom_id_index]).toEqual([
        at(0, 1, 2),
        3,
        at(0, 1, 2),
      ]);
      expect(page.filter_values.genres).toEqual(["Of A", "Of B", "Of C"]);
      expect(await askFor({ collectionId: openId }, authorization)).toEqual(at(0, 1, 2));
    }
    const some = await listOf(`collection_id=${openId}&genres=Of+B&genres=Of+D`);
    expect(some.items.map(({ id }) => id)).toEqual(at(1));
  });

  test("are none for those who may not see it, as of one that is not there", async () => {
    expect((await listOf(`collection_id=${closedId}`)).total).toBe(1);
    const [closed, missing] = [
      await listOf(`collection_id=${closedId}`, VIEWER),
      await listOf("collection_id=99999", VIEWER),
    ];
    expect(closed).toEqual(missing);
    expect([closed.total, closed.filter_values.genres]).toEqual([0, []]);
    expect(await askFor({ collectionId: closedId }, VIEWER)).toEqual([]);
  });

  test("follow a change at once, also where answers are kept", async () => {
    expect((await listOf(`collection_id=${openId}`)).total).toBe(3);
    await scene.call(`/${openId}/roms`, { json: { rom_ids: at(3) } });
    expect((await listOf(`collection_id=${openId}`)).total).toBe(4);
    await scene.call(`/${openId}/roms`, { method: "DELETE", json: { rom_ids: at(3) } });
    expect((await listOf(`collection_id=${openId}`)).total).toBe(3);
  });

  test("are favourites of the caller alone", async () => {
    expect((await listOf("favorite=true", VIEWER)).rom_id_index).toEqual(at(2, 4));
    expect((await listOf("favorite=false", VIEWER)).rom_id_index).toEqual(at(0, 1, 3));
    expect((await listOf("favorite=true")).total).toBe(0);
    expect((await listOf("favorite=false")).total).toBe(5);
    expect(await askFor({ isFavorite: true, collectionId: openId }, VIEWER)).toEqual(at(2));
  });

  test("can be those of a smart collection: the viewer's own favourites", async () => {
    const made = await scene.tell("createSmart", {
      name: "Mine",
      isPublic: true,
      criteria: { favorite: true },
    });
    const { id } = made.data as { id: number };
    expect((await scene.call(`/smart/${id}`, { authorization: VIEWER })).json).toMatchObject({
      rom_ids: at(2, 4),
    });
    expect((await scene.call(`/smart/${id}`)).json).toMatchObject({ rom_ids: [] });
  });

  test.each(["collection_id=none", "collection_id=0", "favorite=maybe"])(
    "are not listed by %s",
    async (query) => {
      expect((await callApp(scene.library.app, `/api/roms?${query}`, { authorization: ADMIN })).status).toBe(
        422,
      );
    },
  );
});
