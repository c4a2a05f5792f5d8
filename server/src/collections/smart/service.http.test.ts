import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { callApp } from "../../auth/calls.testing.ts";
import { listRomsOfFilters } from "../../roms/filters/service.ts";
import { ADMIN, type CollectionScene, openCollectionScene, VIEWER } from "../scene.testing.ts";

interface WireSmart {
  readonly id: number;
  readonly name: string;
  readonly rom_ids: readonly number[];
  readonly rom_count: number;
  readonly updated_at: string;
  readonly is_public: boolean;
}

let scene: CollectionScene;
beforeEach(async () => {
  scene = await openCollectionScene();
  const [a, b, c, d] = scene.romIds;
  await scene.library.change(`insert into rom_facets (rom_id, platform_id, kind, value)
    select id, platform_id, 'genre', 'Puzzle' from roms where id in (${a}, ${b}, ${c})
    union all select id, platform_id, 'genre', 'Action' from roms where id in (${b}, ${d})`);
}, 30_000);
afterEach(() => scene.close());

const make = (criteria: unknown, { query = "", name = "Smart", authorization = ADMIN } = {}) =>
  callApp(scene.library.app, `/api/collections/smart${query}`, {
    authorization,
    form: { name, filter_criteria: JSON.stringify(criteria) },
  });
const change = (id: number, form: Record<string, string>, authorization = ADMIN, query = "") =>
  scene.call(`/smart/${id}${query}`, { method: "PUT", form, authorization });
const read = async (id: number, authorization = ADMIN) =>
  (await scene.call(`/smart/${id}`, { authorization })).json as WireSmart;
const at = (...indexes: readonly number[]) => indexes.map((index) => scene.romIds[index] ?? 0);

describe("smart collections", () => {
  test("live from a form to their removal, and hold what meets their filter at the moment", async () => {
    const criteria = { genres: ["Puzzle"], platform_ids: [scene.platformId] };
    const made = await scene.send("POST", "/smart?is_public=true", {
      name: "Puzzles",
      description: "all of them",
      filter_criteria: JSON.stringify(criteria),
    });
    expect(made.status).toBe(200);
    const { id, created_at: _c, updated_at: _u, ...rest } = made.json as WireSmart & { created_at: string };
    expect(rest as object).toEqual({
      name: "Puzzles",
      description: "all of them",
      rom_ids: at(0, 1, 2),
      rom_count: 3,
      path_cover_small: null,
      path_cover_large: null,
      path_covers_small: [],
      path_covers_large: [],
      is_public: true,
      is_favorite: false,
      is_virtual: false,
      is_smart: true,
      filter_criteria: criteria,
      filter_summary: `{"genres": ["Puzzle"], "platform_ids": [${scene.platformId}]}`,
      user_id: 1,
      owner_username: "admin",
    });
    await scene.library.change(`delete from rom_facets where rom_id = ${scene.romIds[0]} and kind = 'genre'`);
    await scene.library.change(`update roms set path_cover_s = 'covers/x.png'`);
    expect(await read(id, VIEWER)).toMatchObject({
      rom_ids: at(1, 2),
      rom_count: 2,
      path_covers_small: [expect.any(String), expect.any(String)],
    });
    const changed = await change(id, { name: "", filter_criteria: '{"genres": ["Action"]}' });
    expect(changed.json).toMatchObject({ name: "Puzzles", description: "all of them", rom_ids: at(1, 3) });
    expect((await scene.call(`/smart/${id}`, { method: "DELETE" })).json).toBeNull();
    const gone = await scene.call(`/smart/${id}`);
    expect([gone.status, gone.json]).toEqual([404, { detail: `Smart collection with id '${id}' not found` }]);
  });

  test("live through the typed door, with a filter that lists of roms take", async () => {
    const made = await scene.tell("createSmart", {
      name: "Puzzles",
      criteria: { genres: ["Puzzle"], genres_logic: "none" },
    });
    const { id, filter, romCount } = made.data as { id: number; filter: object; romCount: number };
    expect(romCount).toBe(2);
    const roms = await scene.library.ask<{ items: { id: number }[] }>("roms.list", filter);
    expect(roms.body.items.map((rom) => rom.id)).toEqual(at(3, 4));
    const changed = await scene.tell("updateSmart", {
      collectionId: id,
      criteria: { search_term: "A" },
      with: ["romIds"],
    });
    expect(changed.data).toMatchObject({ criteria: { search_term: "A" }, filter: { search: "A" } });
    expect(changed.data).toMatchObject({ romIds: scene.romIds });
    expect((await scene.ask("listSmart", {})).data).toMatchObject([{ name: "Puzzles", romCount: 5 }]);
    expect((await scene.ask("smartIdentifiers", {})).data).toEqual([id]);
    expect((await scene.tell("removeSmart", { collectionId: id })).data).toBeNull();
    expect((await scene.ask("getSmart", { collectionId: id })).code).toBe("COLLECTIONS_SMART_NOT_FOUND");
  });

  test("are refused with filters that do not exist, and stay as they were", async () => {
    const criteria = { moonlit: true, genres: ["Puzzle"], game_mode: ["Co-op"] };
    const detail = "Filters that smart collections do not support: game_mode, moonlit";
    const refused = await make(criteria);
    expect([refused.status, refused.json]).toEqual([422, { detail }]);
    expect((await scene.tell("createSmart", { name: "x", criteria })).code).toBe(
      "COLLECTIONS_FILTER_UNSUPPORTED",
    );
    const { id } = (await make({ genres: ["Puzzle"] })).json as WireSmart;
    const before = await read(id);
    for (const filter_criteria of [JSON.stringify(criteria), '{"missing": "maybe"}', "[]", "7", "no", "{"]) {
      const answer = await change(id, { name: "changed", filter_criteria });
      expect([filter_criteria, answer.status]).toEqual([filter_criteria, 422]);
    }
    expect(await read(id)).toEqual(before);
    expect((await make({}, { name: "" })).status).toBe(422);
    expect((await make({}, { name: "x".repeat(401) })).status).toBe(422);
  });

  test("are seen when own or public, and changed by their owner and administrators", async () => {
    const open = (await make({}, { name: "open", query: "?is_public=true" })).json as WireSmart;
    const closed = (await make({}, { name: "closed" })).json as WireSmart;
    const own = (await make({}, { name: "own", authorization: VIEWER })).json as WireSmart;
    const shared = (await make({}, { name: "shared", query: "?is_public=true", authorization: VIEWER }))
      .json as WireSmart;
    const list = async (authorization: string) =>
      ((await scene.call("/smart", { authorization })).json as WireSmart[]).map(({ name }) => name);
    expect(await list(ADMIN)).toEqual(["closed", "open", "shared"]);
    expect(await list(VIEWER)).toEqual(["open", "own", "shared"]);
    const ids = (await scene.call("/smart/identifiers", { authorization: VIEWER })).json;
    expect(ids).toEqual([open.id, own.id, shared.id]);
    for (const [target, status] of [
      [open, 403],
      [closed, 404],
      [own, 200],
      [{ id: 9_999 }, 404],
    ] as const) {
      expect((await change(target.id, { description: "x" }, VIEWER)).status).toBe(status);
    }
    expect((await change(open.id, {}, VIEWER)).json).toEqual({
      detail: `Permission denied for smart collection with id '${open.id}'`,
    });
    const removal = await scene.call(`/smart/${open.id}`, { method: "DELETE", authorization: VIEWER });
    expect([removal.status, removal.json]).toEqual([403, { detail: "Insufficient permissions" }]);
    expect(
      (await scene.call(`/smart/${closed.id}`, { method: "DELETE", authorization: VIEWER })).status,
    ).toBe(404);
    const byAdmin = await change(shared.id, { description: "x" }, ADMIN, "?is_public=false");
    expect([byAdmin.status, (byAdmin.json as WireSmart).is_public]).toEqual([200, false]);
    expect((await scene.call(`/smart/${shared.id}`)).status).toBe(404);
    expect((await scene.call(`/smart/${own.id}`, { method: "DELETE", authorization: VIEWER })).status).toBe(
      200,
    );
    expect((await scene.library.app.fetch("/api/collections/smart")).status).toBe(401);
    const weak = await scene.library.tokenWith("collections.read");
    expect((await make({}, { authorization: weak })).status).toBe(403);
    expect((await scene.tell("removeSmart", { collectionId: open.id }, weak)).code).toBe(
      "AUTH_SCOPE_MISSING",
    );
  });

  test("say when they were changed, and not when nothing was", async () => {
    const made = (await make({ genres: ["Puzzle"] })).json as WireSmart;
    const after = `/smart?updated_after=${encodeURIComponent(made.updated_at)}`;
    await change(
      made.id,
      { name: "Smart", filter_criteria: '{"genres": ["Puzzle"]}' },
      ADMIN,
      "?is_public=false",
    );
    expect((await scene.call(after)).json).toEqual([]);
    await change(made.id, { description: "new" });
    expect((await scene.call(after)).json).toHaveLength(1);
    expect((await scene.ask("listSmart", { updatedAfter: made.updated_at })).data).toHaveLength(1);
  });

  test("leave out what the viewer may not see", async () => {
    const { id } = (await make({ genres: ["Puzzle"] }, { query: "?is_public=true" })).json as WireSmart;
    const json = { entity: "roms", entity_id: scene.romIds[1], user_id: 2 };
    await callApp(scene.library.app, "/api/permissions/hidden", { authorization: ADMIN, json });
    expect(await read(id, VIEWER)).toMatchObject({ rom_ids: at(0, 2), rom_count: 2 });
    expect(await read(id)).toMatchObject({ rom_ids: at(0, 1, 2), rom_count: 3 });
  });

  test("that came with an imported database keep the roms found there", async () => {
    await scene.library.change(`insert into smart_collections (user_id, name, filter_criteria, rom_ids, rom_count)
      values (1, 'Imported', '{"moonlit": true}', '{${at(3, 0).join(",")},9999}', 3)`);
    const [imported] = (await scene.call("/smart")).json as WireSmart[];
    expect(imported).toMatchObject({ name: "Imported", rom_ids: at(0, 3), rom_count: 2 });
    expect((await scene.ask("listSmart", {})).data).toMatchObject([
      { filter: null, criteria: { moonlit: true } },
    ]);
  });

  test("count roms that nobody asked to be named, and bring no ids of them from the database", async () => {
    await scene.library.change(`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path)
      select ${scene.platformId}, 'R' || i, 'R', 'R', '', 'roms/gba' from generate_series(1, 300) i`);
    await scene.library.change("update roms set path_cover_s = 'covers/x.png'");
    const { id } = (await make({ platform_ids: [scene.platformId] })).json as WireSmart;
    const [short] = (await scene.ask("listSmart", {})).data as { romCount: number; romCovers: object[] }[];
    const [long] = (await scene.ask("listSmart", { with: ["romIds"] })).data as { romIds: number[] }[];
    expect([short?.romCount, long?.romIds.length, (await read(id)).rom_ids.length]).toEqual([305, 305, 305]);
    expect(long).toEqual({ ...short, romIds: expect.arrayContaining(at(0, 1, 2, 3, 4)) } as never);
    expect(short?.romCovers).toHaveLength(5);
    const filters = [{ platformIds: [scene.platformId] }, { among: at(3, 1) }, { among: [] }];
    const ctx = scene.library.app.createContext();
    expect(await listRomsOfFilters(ctx, filters, 2)).toEqual([
      { romIds: at(0, 1), romCount: 305 },
      { romIds: at(1, 3), romCount: 2 },
      { romIds: [], romCount: 0 },
    ]);
  });

  test("are bounded in number", async () => {
    await scene.library.change(
      `insert into smart_collections (user_id, name) select 1, 'Smart ' || i from generate_series(1, 100) i`,
    );
    const answer = await make({});
    expect([answer.status, answer.json]).toEqual([
      409,
      { detail: "One account can have at most 100 smart collections" },
    ]);
    expect((await scene.call("/smart")).json).toHaveLength(100);
  });
});
