// The number of statements per call does not grow with the number of saves.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { FILE_AT, openSyncScene, type SyncScene, sha1 } from "./scene.testing.ts";

/** Filling a database and reading all of it take seconds on a busy machine. */
const SLOW_MS = 180_000;
const FEW = 3;
const MANY = 300;
/** As many files as one comparison may name. */
const MOST = 20_000;
/** Fewer where a body may not be longer, or not name as many roms. */
const MOST_BY_SHAPE: Readonly<Record<string, number>> = {
  "negotiate in the documented shape": 5_000,
  "sync.plan by places": 500,
};

let scene: SyncScene;
/** Statements since the last count. */
let statements: string[] = [];

beforeAll(async () => {
  scene = await openSyncScene();
  countStatements();
}, SLOW_MS);
afterAll(() => scene?.close());

/** Listens to what goes to the driver; the job queue's own statements name none of these tables. */
function countStatements(): void {
  const { sql } = scene.library.app.database.handle;
  const tables =
    /\b(?:saves|states|trashed_assets|screenshots|sync_\w+|device_save_sync|devices|rom_\w+|roms)\b/;
  const listen = (of: typeof sql): void => {
    const send = of.unsafe;
    of.unsafe = ((text, ...rest) => {
      if (tables.test(text)) statements.push(text);
      return send.call(of, text, ...rest);
    }) as typeof send;
  };
  listen(sql);
  const { begin } = sql;
  // A transaction speaks to the driver by an object of its own.
  sql.begin = ((...given: readonly unknown[]) => {
    const work = given.at(-1) as (inner: typeof sql) => unknown;
    const heard = (inner: typeof sql) => {
      listen(inner);
      return work(inner);
    };
    return (begin as (...words: unknown[]) => unknown).call(sql, ...given.slice(0, -1), heard);
  }) as typeof begin;
}

async function countFor(call: () => Promise<number>): Promise<number> {
  // Whoever calls is looked up at most once a minute, and so is when a device was last seen.
  expect(await call()).toBe(200);
  statements = [];
  await call();
  return statements.length;
}

interface Shelf {
  readonly romIds: readonly number[];
  readonly deviceId: string;
}

let shelfCount = 0;

/** Roms with a save in a slot each, and a device that has every second one as it is and the others changed. */
async function addShelf(count: number): Promise<Shelf> {
  shelfCount += 1;
  const { sql } = scene.library.app.database.handle;
  const platformId = await scene.library.addPlatform("gba");
  const rows = await sql<{ id: number }[]>`
    insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path, name, name_sort_key)
    select ${platformId}, n, n, n, '', 'roms/gba', n, n
    from (select 'Shelf ' || ${shelfCount}::text || ' ' || i as n from generate_series(1, ${count}) i) x returning id`;
  const romIds = rows.map(({ id }) => id);
  const made = JSON.stringify(romIds.map((romId) => ({ romId, sha1: sha1(`save of ${romId}`) })));
  await sql`delete from saves`;
  for (const slot of ["auto", null]) {
    await sql`insert into saves (rom_id, user_id, file_name, file_name_no_tags, file_name_no_ext, file_extension, file_path,
        stored_path, sha1_hash, content_hash, slot, canonical_name, content_updated_at)
      select x."romId", (select min(id) from users where role = 'admin'), 'a.srm', 'a', 'a', 'srm', 'x', 'x', x.sha1,
        x.sha1, ${slot}, 'a.srm', ${FILE_AT}
      from jsonb_to_recordset(${made}::text::jsonb) as x("romId" int, sha1 text)`;
  }
  await sql`analyze`;
  return { romIds, deviceId: await scene.addDevice(`Shelf ${shelfCount}`) };
}

const hashOf = (romId: number, index: number) => sha1(`save of ${index % 2 === 0 ? romId : -romId}`);

async function negotiate(body: object): Promise<number> {
  const answer = await scene.library.get<{ operations: unknown[] }>("/api/sync/negotiate", {
    method: "POST",
    body: JSON.stringify(body),
  });
  return answer.status;
}

/** Each way of comparing everything on a shelf. */
const COMPARISONS = {
  negotiate: ({ romIds, deviceId }: Shelf) =>
    negotiate({
      device_id: deviceId,
      saves: romIds.map((romId, index) => ({
        rom_id: romId,
        file_name: "a.srm",
        slot: "auto",
        content_hash: hashOf(romId, index),
        updated_at: FILE_AT,
        file_size_bytes: 1,
      })),
    }),
  "negotiate without naming anything": ({ deviceId }: Shelf) => negotiate({ device_id: deviceId, saves: [] }),
  "negotiate in the documented shape": ({ romIds, deviceId }: Shelf) =>
    negotiate({
      device_id: deviceId,
      roms: romIds.map((romId, index) => ({
        rom_id: romId,
        saves: [{ file: "a.srm", mtime: FILE_AT, sha1: hashOf(romId, index) }],
      })),
    }),
  "sync.plan": async ({ romIds, deviceId }: Shelf) => {
    const entries = romIds.map((rom, index) => ({
      key: String(rom),
      rom,
      kind: "save",
      slot: "auto",
      name: "a.srm",
      hash: hashOf(rom, index),
      sizeBytes: 1,
      modifiedAt: FILE_AT,
    }));
    return (await scene.mutate("sync.plan", { deviceId, entries })).status;
  },
  "sync.plan by places": async ({ romIds, deviceId }: Shelf) => {
    const entries = romIds.map((rom, index) => ({
      key: String(rom),
      rom: { platformSlug: "gba", fsName: `Shelf ${shelfCount} ${index + 1}` },
      kind: "save",
      slot: "auto",
      name: "a.srm",
      hash: hashOf(rom, index),
      sizeBytes: 1,
      modifiedAt: FILE_AT,
    }));
    return (await scene.mutate("sync.plan", { deviceId, entries })).status;
  },
} as const;

describe("statements per comparison", () => {
  test.each(Object.entries(COMPARISONS))(
    "%s needs as many for 3 saves as for 300",
    async (name, compare) => {
      const few = await addShelf(FEW);
      const first = await countFor(() => compare(few));
      const many = await addShelf(MANY);
      expect(await countFor(() => compare(many))).toBe(first);
      console.log(`${name}: ${first} statements`);
      expect(first).toBeGreaterThan(4);
      expect(first).toBeLessThanOrEqual(14);
    },
    SLOW_MS,
  );

  test(
    "what a device had is read before what there is, so that what it stores meanwhile is not gone",
    async () => {
      for (const [name, compare] of Object.entries(COMPARISONS)) {
        const shelf = await addShelf(FEW);
        statements = [];
        await compare(shelf);
        const had = statements.findIndex((text) => /^select .* from "sync_baselines"/s.test(text));
        const there = statements.findIndex((text) => /^select distinct on .* from "saves"/s.test(text));
        expect([name, had >= 0, had < there]).toEqual([name, true, true]);
      }
    },
    SLOW_MS,
  );

  test(
    "as many files as may be named at once fit into the same statements",
    async () => {
      const shelf = await addShelf(MOST);
      for (const [name, compare] of Object.entries(COMPARISONS)) {
        const most = MOST_BY_SHAPE[name] ?? MOST;
        const romIds = shelf.romIds.slice(0, most);
        expect([name, await compare({ ...shelf, romIds })]).toEqual([name, 200]);
      }
      // So many rows go slowly, which is no other test's affair.
      await scene.library.change("delete from saves");
    },
    SLOW_MS,
  );
});

describe("statements per list", () => {
  /** Fills one rom's slot with versions; half of them went to the trash. */
  async function addVersions(romId: number, count: number): Promise<void> {
    const { sql } = scene.library.app.database.handle;
    await sql`insert into saves (rom_id, user_id, file_name, file_name_no_tags, file_name_no_ext, file_extension, file_path,
        stored_path, slot, canonical_name, content_updated_at, sha1_hash)
      select ${romId}, (select min(id) from users where role = 'admin'), 'v' || i, 'v', 'v', '', 'x', 'x' || i, 'list', 'v',
        ${FILE_AT}::timestamptz + i * interval '1 second', ''
      from generate_series(1, ${count * 2}) i`;
    await sql`delete from saves where rom_id = ${romId} and id in
      (select id from saves where rom_id = ${romId} order by id limit ${count})`;
    await sql`insert into device_save_sync (device_id, save_id, last_synced_at)
      select d.id, s.id, now() from saves s, (select id from devices order by id limit 2) d where s.rom_id = ${romId}
      on conflict do nothing`;
  }

  const LISTS = {
    "GET /api/saves": (romId: number) => scene.library.get(`/api/saves?rom_id=${romId}`),
    "GET /api/saves with devices": async (romId: number) => {
      const { sql } = scene.library.app.database.handle;
      const [device] = await sql<{ id: string }[]>`select id from devices order by id limit 1`;
      statements = [];
      return await scene.library.get(`/api/saves?rom_id=${romId}&device_id=${device?.id}`);
    },
    "GET /api/saves/identifiers": (romId: number) =>
      scene.library.get(`/api/saves/identifiers?rom_id=${romId}`),
    "GET /api/saves/summary": (romId: number) => scene.library.get(`/api/saves/summary?rom_id=${romId}`),
    "sync.history": (romId: number) => scene.library.ask("sync.history", { romId }),
    "GET /api/roms/{id}": (romId: number) => scene.library.get(`/api/roms/${romId}`),
  } as const;

  test.each(Object.entries(LISTS))("%s needs as many for 3 saves as for 300", async (_name, list) => {
    await scene.addDevice("Lists one");
    await scene.addDevice("Lists two");
    const [few = 0, many = 0] = (await addShelf(2)).romIds;
    await addVersions(few, FEW);
    await addVersions(many, MANY);
    const count = (romId: number) => countFor(async () => (await list(romId)).status);
    const first = await count(few);
    expect(await count(many)).toBe(first);
    expect(first).toBeLessThanOrEqual(10);
  });
});

test("an upload needs a fixed number, whatever its slot holds", async () => {
  const deviceId = await scene.addDevice("Uploads");
  let text = 0;
  const count = () =>
    countFor(async () => {
      text += 1;
      const query = { slot: "count", device_id: deviceId };
      return (await scene.upload(query, { name: "u.srm", bytes: String(text) })).status;
    });
  await count();
  const first = await count();
  for (let more = 0; more < 20; more += 1) await count();
  expect(await count()).toBe(first);
  expect(first).toBeLessThanOrEqual(12);
});
