// The number of statements per call grows neither with the collections nor with what is in them, and both are bounded.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { watchStatements } from "../app/statements.testing.ts";
import { type CollectionScene, openCollectionScene, type WireCollection } from "./scene.testing.ts";

const SLOW_MS = 60_000;
let scene: CollectionScene;
let statements: string[] = [];

beforeEach(async () => {
  scene = await openCollectionScene({ MULTITAP_RESPONSE_CACHE: "false" });
  statements = watchStatements(
    scene.library.app,
    /\b(?:roms|rom_\w+|\w*collections\w*|hidden_entities|users)\b/,
  );
}, SLOW_MS);
afterEach(() => scene.close());

/** Whoever calls is looked up from time to time, so the least of three counts. */
async function countFor(call: () => Promise<{ readonly status: number }>): Promise<number> {
  const counts: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    statements.length = 0;
    expect((await call()).status).toBe(200);
    counts.push(statements.length);
  }
  return Math.min(...counts);
}

const change = (statement: string) => scene.library.change(statement);

describe("statements per call", () => {
  test(
    "stay the same for one collection and for many, empty and full",
    async () => {
      const { id } = await scene.add("", { name: "First" });
      await scene.tell("createSmart", { name: "Smart", criteria: { genres: ["Puzzle"] } });
      const countAll = async () => ({
        list: await countFor(() => scene.call("")),
        one: await countFor(() => scene.call(`/${id}`)),
        ids: await countFor(() => scene.call("/identifiers")),
        add: await countFor(() => scene.call(`/${id}/roms`, { json: { rom_ids: scene.romIds } })),
        replace: await countFor(() => scene.send("PUT", `/${id}`, { rom_ids: JSON.stringify(scene.romIds) })),
        smart: await countFor(() => scene.call("/smart")),
        virtual: await countFor(() => scene.call("/virtual?type=all")),
        virtualIds: await countFor(() => scene.call("/virtual/identifiers")),
      });
      await change(`insert into rom_facets (rom_id, platform_id, kind, value)
        select id, platform_id, 'genre', 'Puzzle' from roms`);
      const before = await countAll();
      await change(`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path)
        select ${scene.platformId}, 'R' || i, 'R', 'R', '', 'roms/gba' from generate_series(1, 2000) i`);
      await change(`insert into rom_facets (rom_id, platform_id, kind, value)
        select id, platform_id, 'company', 'Maker ' || id % 50 from roms`);
      await change(
        "insert into collections (user_id, name) select 1, 'C' || i from generate_series(1, 50) i",
      );
      await change(
        "insert into collections_roms (collection_id, rom_id) select c.id, r.id from collections c, roms r on conflict do nothing",
      );
      await change(`insert into smart_collections (user_id, name, filter_criteria)
        select 1, 'S' || i, '{"search_term": "R"}' from generate_series(1, 50) i`);
      expect(await countAll()).toEqual(before);
      expect(before).toMatchObject({ list: 1, one: 1, ids: 1, smart: 3, virtual: 2, virtualIds: 1 });
      expect([before.add, before.replace]).toEqual([4, 5]);
      expect((await scene.call("")).json).toHaveLength(51);
      expect((await scene.call("/virtual?type=company")).json).toHaveLength(50);
    },
    SLOW_MS,
  );

  test(
    "a collection takes no more roms than may be, and an account no more collections",
    async () => {
      const { id } = await scene.add("", { name: "Full" });
      const [{ count = 0 } = {}] = await scene.library.app.database.handle.sql<{ count: number }[]>`
        select count(*)::int as count from roms`;
      await change(`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path)
        select ${scene.platformId}, 'Many ' || i, 'R', 'R', '', 'roms/gba' from generate_series(1, ${100_001 - count}) i`);
      await change(`insert into collections_roms (collection_id, rom_id)
        select ${id}, r.id from roms r where r.fs_name <> 'A.gba' order by r.id limit 100000`);
      const detail = "One collection can have at most 100000 roms";
      const json = { rom_ids: [scene.romIds[0]] };
      const over = await scene.call(`/${id}/roms`, { json });
      expect([over.status, over.json]).toEqual([409, { detail }]);
      expect((await scene.tell("addRoms", { collectionId: id, romIds: json.rom_ids })).code).toBe(
        "COLLECTIONS_ROMS_LIMIT",
      );
      expect((await scene.read(id)).rom_count).toBe(100_000);
      await scene.call(`/${id}/roms`, { method: "DELETE", json: { rom_ids: [scene.romIds[1]] } });
      const full = await scene.call(`/${id}/roms`, { json });
      expect([full.status, (full.json as WireCollection).rom_count]).toEqual([200, 100_000]);
      await change(
        `insert into collections (user_id, name) select 1, 'More ' || i from generate_series(1, 1000) i`,
      );
      const more = await scene.send("POST", "", { name: "One more" });
      expect([more.status, more.json]).toEqual([
        409,
        { detail: "One account can have at most 1000 collections" },
      ]);
    },
    SLOW_MS,
  );
});
