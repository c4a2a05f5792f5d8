// The typed door's list: pages behind a cursor stay right while roms are added.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { formatCursor } from "../base/paging.ts";
import { ROM_ORDERS, type RomOrder } from "./filters/contract.ts";
import { openLibrary, type TestLibrary } from "./library.testing.ts";

interface Page {
  readonly items: readonly { readonly id: number; readonly fsName: string; readonly name: string }[];
  readonly nextCursor: string | null;
  readonly total: number | null;
}

/** Roms in the library before anybody pages through it. */
const ROMS = 500;

let library: TestLibrary;
let platformId = 0;

beforeAll(async () => {
  library = await openLibrary();
  platformId = await library.addPlatform("gba");
  // Few different names, sizes and moments, so that most rows are equal to others in every order.
  await addMany(1, ROMS, "");
});
afterAll(() => library.close());

/** Adds numbered roms that spread over the whole of every order. */
async function addMany(from: number, to: number, mark: string): Promise<void> {
  await library.change(`insert into roms
      (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path, fs_size_bytes, name, name_sort_key, created_at, updated_at,
       first_release_date, average_rating)
    select ${platformId}, 'File ' || (i * 7919 % 100003) || '${mark}.gba', '', '', 'gba', 'roms/gba', i % 7 * 1000, 'Name ' || i % 11,
      'name ' || lpad((i % 11)::text, 12, '0'), '2026-01-01'::timestamptz + i % 5 * interval '1 millisecond',
      '2026-02-01'::timestamptz + i % 3 * interval '1 day',
      case when i % 3 = 0 then null else (i % 4 - 2) * 100000000000 end, case when i % 2 = 0 then i % 6 / 0.07 end
    from generate_series(${from}, ${to}) i`);
  await library.change(`insert into rom_user (rom_id, user_id, last_played, rating, difficulty, completion)
    select r.id, u.id, '2026-01-01'::timestamptz + r.id % 5 * interval '1 millisecond', r.id % 3, r.id % 4, r.id % 100
    from roms r, users u where u.username = 'admin' on conflict do nothing`);
}

async function readPage(input: object): Promise<Page> {
  const { status, body } = await library.ask<Page>("roms.list", input);
  expect(status).toBe(200);
  return body;
}

/** Every id in order, page by page; between pages `meanwhile` runs. */
async function readAll(
  input: object,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<number[]> {
  const ids: number[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await readPage({ ...input, ...(cursor === null ? {} : { cursor }) });
    ids.push(...page.items.map((rom) => rom.id));
    cursor = page.nextCursor;
    if (cursor !== null) await meanwhile();
  } while (cursor !== null);
  return ids;
}

const ORDERS = ROM_ORDERS.flatMap((orderBy) =>
  (["asc", "desc"] as const).map((direction) => [orderBy, direction] as const),
);

describe("roms.list: pages", () => {
  test.each(ORDERS)("skip and repeat nothing by %s %s while roms are added", async (orderBy, direction) => {
    const { sql } = library.app.database.handle;
    const before = await sql<{ id: number }[]>`select id from roms`;
    const mark = ` ${orderBy} ${direction}`;
    let added = 0;
    const ids = await readAll({ orderBy, direction, limit: 90 }, async () => {
      added += 1;
      await addMany(added * 10, added * 10 + 9, mark);
    });
    expect(added).toBeGreaterThan(4);
    expect(new Set(ids).size).toBe(ids.length);
    const seen = new Set(ids);
    expect(before.filter((row) => !seen.has(row.id))).toEqual([]);
    await library.change(`delete from roms where fs_name like '%${mark}.gba'`);
  });

  test.each(ORDERS)("stand in one order by %s %s", async (orderBy, direction) => {
    const small = await readAll({ orderBy, direction, limit: 71 });
    const whole = await readAll({ orderBy, direction, limit: 500 });
    expect(small).toEqual(whole);
    expect(small).toHaveLength(ROMS);
  });

  test("end without a cursor, also when the last page is full", async () => {
    expect((await readPage({ limit: 500 })).nextCursor).toBeNull();
    const last = await readPage({ limit: 250, cursor: (await readPage({ limit: 250 })).nextCursor });
    expect([last.items.length, last.nextCursor]).toEqual([250, null]);
    expect(await readPage({ limit: 5, platformIds: [9999] })).toEqual({
      items: [],
      nextCursor: null,
      total: null,
    });
  });

  test("tell the total when asked for, whatever the page", async () => {
    const first = await readPage({ limit: 3, withTotal: true });
    expect(first.total).toBe(ROMS);
    expect(await readPage({ limit: 3, withTotal: true, cursor: first.nextCursor })).toMatchObject({
      total: ROMS,
    });
    expect((await readPage({ limit: 3 })).total).toBeNull();
  });

  test.each(["firstReleasedAt", "averageRating"])("end with those that have no %s", async (orderBy) => {
    const column = orderBy === "averageRating" ? "average_rating" : "first_release_date";
    for (const direction of ["asc", "desc"]) {
      const { sql } = library.app.database.handle;
      const rows = await sql<{ id: number }[]>`select id from roms
        order by ${sql.unsafe(`${column} is null, ${column} ${direction}, id ${direction}`)}`;
      expect(await readAll({ orderBy, direction, limit: 33 })).toEqual(rows.map((row) => row.id));
    }
  });

  test("keep their filter", async () => {
    const ids = await readAll({ search: "10", limit: 7 });
    const { sql } = library.app.database.handle;
    const rows = await sql<{ id: number }[]>`select id from roms
      where name like '%10%' or fs_name like '%10%' order by name_sort_key, id`;
    expect(ids).toEqual(rows.map((row) => row.id));
  });

  test("stand in the natural order of names by default", async () => {
    const { items } = await readPage({ limit: 500 });
    const names = [...new Set(items.map((rom) => rom.name))];
    expect(names).toEqual(Array.from({ length: 11 }, (_, number) => `Name ${number}`));
  });
});

describe("roms.list: refused cursors", () => {
  const refused = { kind: "invalid", code: "PAGE_CURSOR_INVALID" };
  const askWith = async (cursor: string, input: object = {}) =>
    await library.ask("roms.list", { ...input, cursor });

  test("of another order or direction", async () => {
    const { nextCursor } = await readPage({ limit: 1, orderBy: "name" });
    const cursor = nextCursor ?? "";
    expect((await askWith(cursor, { orderBy: "name" })).status).toBe(200);
    for (const input of [{ orderBy: "id" }, { direction: "desc" }, { orderBy: "fsName" }]) {
      const { status, body } = await askWith(cursor, input);
      expect([status, body]).toMatchObject([400, refused]);
    }
  });

  const made = (orderBy: RomOrder, value: string | number | null, id: number) =>
    [orderBy, formatCursor({ order: `roms:${orderBy}:asc`, value, id })] as const;

  test.each([
    ["garbage", "name", "garbage"],
    ["an empty text", "name", ""],
    ["base64 of something else", "name", btoa('{"a":1}')],
    ["a very long text", "name", "A".repeat(100_000)],
    ["a number for a name", ...made("name", 5, 1)],
    ["null for a name", ...made("name", null, 1)],
    ["a zero character in a name", ...made("name", "\0", 1)],
    ["a text for an id", ...made("id", "x", 1)],
    ["an id beyond its column", ...made("id", 1e12, 1)],
    ["another id beyond its column", ...made("id", 1, 2_147_483_648)],
    ["a negative id", ...made("name", "a", -1)],
    ["a text for a size", ...made("sizeBytes", "big", 1)],
    ["a fraction for a size", ...made("sizeBytes", 1.5, 1)],
    ["a size beyond all", ...made("sizeBytes", 1e300, 1)],
    ["a text that is no moment", ...made("createdAt", "yesterday", 1)],
    ["the year zero", ...made("updatedAt", "0000-01-01T00:00:00Z", 1)],
    ["a number for a moment", ...made("createdAt", 1_700_000_000, 1)],
    ["null for what the caller gave", ...made("rating", null, 1)],
    ["a rating beyond its column", ...made("rating", 40_000, 1)],
    ["null for when it was played", ...made("lastPlayedAt", null, 1)],
    ["a text for an average", ...made("averageRating", "9", 1)],
    ["a fraction for a release", ...made("firstReleasedAt", 0.5, 1)],
    ["a zero character in a file name", ...made("fsName", "a\0", 1)],
  ])("%s", async (_what, orderBy, cursor) => {
    const { status, body } = await askWith(cursor, { orderBy });
    expect([status, body]).toMatchObject([400, refused]);
  });
});

describe("roms.list: refused input", () => {
  test.each([
    { limit: 0 },
    { limit: 501 },
    { limit: "5" },
    { limit: 1.5 },
    { orderBy: "moon" },
    { direction: "up" },
    { platformIds: [0] },
    { platformIds: [2_147_483_648] },
    { with: ["moon"] },
    { moon: true },
    { cursor: 5 },
    { isMissing: "true" },
  ])("%j", async (input) => {
    const { status, body } = await library.ask("roms.list", input);
    expect([status, body]).toMatchObject([400, { kind: "invalid", code: "INPUT_INVALID" }]);
  });
});
