// Accounts, slots and histories that are longer than one answer.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { listOldVersionIds } from "../assets/versions/queries.ts";
import { HISTORY_PAGE_MAX } from "../sync/limits.ts";
import type { HistoricVersion } from "../sync/versions/contract.ts";
import { listSaveDevices } from "./queries.ts";
import { openSaveScene, type SaveBody, type SaveScene } from "./scene.testing.ts";

/** PostgreSQL counts parameters in 16 bits. */
const MANY = 70_000;

let scene: SaveScene;
beforeAll(async () => {
  scene = await openSaveScene();
}, 30_000);
afterAll(() => scene?.close());

/** Fills a slot with versions, a second apart; the last one is the newest. */
async function fillSlot(slot: string, count: number): Promise<void> {
  const { sql } = scene.library.app.database.handle;
  await sql`insert into saves (rom_id, user_id, file_name, file_name_no_tags, file_name_no_ext, file_extension, file_path,
      stored_path, slot, canonical_name, content_updated_at)
    select ${scene.romId}, 1, 'v' || i, 'v', 'v', '', 'x', 'x' || i, ${slot}, 'v',
      '2026-01-01T00:00:00Z'::timestamptz + i * interval '1 second'
    from generate_series(1, ${count}) i`;
}

test("devices are listed of more saves than a statement has parameters", async () => {
  const ids = Array.from({ length: MANY }, (_, index) => index + 1);
  const deviceId = await scene.addDevice("Deck");
  const { body } = await scene.upload({ slot: "a", device_id: deviceId }, { name: "a.srm", bytes: "1" });
  const found = await listSaveDevices(scene.library.app.createContext().db, ids);
  expect(found.filter(({ saveId }) => saveId === body.id)).toMatchObject([{ deviceId }]);
});

test("of a long slot the oldest go first, one call's worth, and what is contested stays", async () => {
  const { db } = scene.library.app.createContext();
  const { handle } = scene.library.app.database;
  await fillSlot("long", 1_200);
  const saved = await handle.sql<{ id: number }[]>`
    select id from saves where slot = 'long' order by content_updated_at`;
  const all = saved.map(({ id }) => id);
  await scene.library.change(
    `insert into sync_conflicts (user_id, rom_id, kind, slot, canonical_name, server_asset_id, reason)
      values (1, ${scene.romId}, 'saves', 'long', 'v', ${all[1]}, 'test')`,
  );
  const lane = { kind: "saves", userId: 1, romId: scene.romId, slot: "long", canonicalName: "v" } as const;
  expect(await listOldVersionIds(db, lane, 5)).toEqual([all[0] ?? 0, ...all.slice(2, 1_001)]);
  expect(await listOldVersionIds(db, lane, 1_198)).toEqual([all[0] ?? 0]);
});

test("a long history is read a page at a time, what is in the trash in its place", async () => {
  const count = HISTORY_PAGE_MAX + 100;
  await fillSlot("history", count);
  // The oldest goes last, so that the order in the trash is another one.
  for (const digit of [9, 0]) {
    await scene.library.change(`delete from saves where slot = 'history' and file_name like '%${digit}'`);
  }
  const read = async (until?: string) => {
    const page = { romId: scene.romId, slot: "history", until };
    return (await scene.library.ask<HistoricVersion[]>("sync.history", page)).body;
  };
  const first = await read();
  expect(first).toHaveLength(HISTORY_PAGE_MAX);
  const second = await read(first.at(-1)?.updatedAt);
  const names = [...first, ...second.slice(1)].map(({ fileName }) => fileName);
  expect(names).toEqual(Array.from({ length: count }, (_, index) => `v${count - index}`));
});

test("a summary counts slots and describes the newest of each, oldest first", async () => {
  await fillSlot("sum", 3);
  const romId = await scene.library.addRom("n64", "Other (USA).z64", "other");
  for (const [slot, bytes] of [
    ["new", "1"],
    ["old", "1"],
    ["new", "2"],
  ] as const) {
    await scene.upload({ rom_id: romId, slot }, { name: "s.srm", bytes });
  }
  await scene.upload({ rom_id: romId }, { name: "none.srm", bytes: "1" });
  const { body } = await scene.library.get<{
    total_count: number;
    slots: { slot: string | null; count: number; latest: SaveBody }[];
  }>(`/api/saves/summary?rom_id=${romId}`);
  expect(body.total_count).toBe(4);
  expect(body.slots.map(({ slot, count }) => [slot, count])).toEqual([
    ["old", 1],
    ["new", 2],
    [null, 1],
  ]);
  expect(await scene.read(body.slots[1]?.latest.id ?? 0)).toBe("2");
});
