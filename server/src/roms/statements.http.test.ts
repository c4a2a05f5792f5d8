// The number of statements per call does not grow with the library or the page.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { watchStatements } from "../app/statements.testing.ts";
import { openLibrary, type TestLibrary } from "./library.testing.ts";

/** Roms of the library: as many as the largest page, each with a sibling. */
const ROMS = 10_000;
/** Filling the library and reading all of it take seconds on a busy machine. */
const SLOW_MS = 30_000;

let library: TestLibrary;
let firstId = 0;
/** Statements since the last count. */
let statements: string[] = [];

beforeAll(async () => {
  library = await openLibrary({ environment: { MULTITAP_RESPONSE_CACHE: "false" } });
  const gba = await library.addPlatform("gba");
  await library.change(`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path,
      name, name_sort_key, is_folder, igdb_id)
    select ${gba}, 'Game ' || i, 'Game ' || i, 'Game ' || i, '', 'roms/gba', 'Game ' || i, 'game ' || lpad(i::text, 12, '0'),
      i % 2 = 0, i / 2
    from generate_series(1, ${ROMS}) i`);
  await library.change(`insert into rom_files (rom_id, file_name, file_path)
    select id, 'a', fs_path || '/' || fs_name from roms where is_folder`);
  const few = "from roms order by id limit 300";
  await library.change(
    `insert into rom_provider_metadata (rom_id, provider, data) select id, 'igdb', '{}' ${few}`,
  );
  await library.change(`insert into rom_user (rom_id, user_id)
    select r.id, u.id from (select id ${few}) r, users u where u.username = 'admin'`);
  await library.change("analyze");
  const { sql } = library.app.database.handle;
  const [row] = await sql<{ id: number }[]>`select min(id) as id from roms`;
  firstId = row?.id ?? 0;
  statements = watchStatements(library.app, /\b(?:roms|rom_\w+|platforms|firmware|users)\b/);
}, SLOW_MS);
afterAll(() => library.close());

async function countFor(call: () => Promise<{ readonly status: number }>): Promise<number> {
  expect((await call()).status).toBe(200);
  const counts: number[] = [];
  // Whoever calls is looked up at most once a minute, which may be just now.
  for (let round = 0; round < 2; round += 1) {
    statements.length = 0;
    await call();
    counts.push(statements.length);
  }
  return Math.min(...counts);
}

const PARTS = ["files", "metadata", "siblings", "user"];

describe("statements per call", () => {
  test("GET /api/roms needs as many for 10 rows as for 200", async () => {
    const count = (limit: number) => countFor(() => library.get(`/api/roms?limit=${limit}&with_files=true`));
    const ten = await count(10);
    expect(await count(200)).toBe(ten);
    expect(ten).toBeGreaterThan(3);
    expect(ten).toBeLessThanOrEqual(14);
  });

  test("roms.list needs as many for 10 rows as for 200", async () => {
    const count = (limit: number) =>
      countFor(() => library.ask("roms.list", { limit, withTotal: true, with: PARTS }));
    const ten = await count(10);
    expect(await count(200)).toBe(ten);
    expect(ten).toBeLessThanOrEqual(10);
    expect(await countFor(() => library.ask("roms.list", { limit: 200 }))).toBe(1);
  });

  test("every condition is part of the same statements", async () => {
    const order = "order_by=average_rating";
    const plain = await countFor(() => library.get(`/api/roms?limit=20&${order}`));
    const flags = ["favorite", "verified", "last_played", "has_ra"];
    const query = [
      "matched=true&duplicate=true&playable=true",
      ...[...flags, "has_saves", "has_states", "has_soundtrack", "missing"].map((flag) => `${flag}=false`),
      ...["genres", "tags", "regions", "companies"].map((name) => `${name}=x&${name}_logic=none`),
      `statuses=hidden&statuses_logic=none&group_by_meta_id=true&${order}`,
    ].join("&");
    expect(await countFor(() => library.get(`/api/roms?limit=20&${query}`))).toBe(plain);
    const { body } = await library.get<{ id: number }[]>("/api/collections/smart");
    expect(body).toEqual([]);
    await library.change(`insert into smart_collections (user_id, name, filter_criteria)
      select id, 'All', '{"missing": false}' from users where username = 'admin'`);
    const smart = await library.get<{ id: number }[]>("/api/collections/smart/identifiers");
    // Its criteria are read once.
    const ofSmart = await countFor(() =>
      library.get(`/api/roms?limit=20&smart_collection_id=${String(smart.body)}`),
    );
    expect(ofSmart).toBeLessThanOrEqual(plain + 1);
  });

  test("many marks need one statement, a page of changes a fixed number", async () => {
    const find = (count: number) =>
      countFor(() =>
        library.ask("roms.findMany", {
          marks: Array.from({ length: count }, (_, n) => ({ md5: String(n).padStart(32, "0") })),
        }),
      );
    expect([await find(1), await find(500)]).toEqual([1, 1]);
    const read = (limit: number) => countFor(() => library.ask("roms.changes", { limit }));
    expect(await read(500)).toBe(await read(1));
  });

  test("one rom needs a fixed number, whatever hangs on it", async () => {
    const path = `/api/roms/${firstId}`;
    const before = await countFor(() => library.get(path));
    await library.change(`insert into rom_files (rom_id, file_name, file_path)
      select ${firstId}, 'file ' || i, 'roms/gba' from generate_series(1, 300) i`);
    expect(await countFor(() => library.get(path))).toBe(before);
    expect(before).toBeLessThanOrEqual(8);
  });

  test("platforms and statistics need a fixed number", async () => {
    const countAll = async () => [
      await countFor(() => library.get("/api/platforms")),
      await countFor(() => library.get("/api/platforms/supported")),
      await countFor(() => library.get("/api/stats?include_platform_stats=true")),
    ];
    const before = await countAll();
    for (let number = 0; number < 30; number += 1) await library.addPlatform(`box-${number}`);
    expect(await countAll()).toEqual(before);
    expect(Math.max(...before)).toBeLessThanOrEqual(4);
  });

  test(
    "the largest page fits into one statement per relation",
    async () => {
      const { status, body } = await library.get<{ items: { sibling_roms: unknown[] }[] }>(
        "/api/roms?limit=10000",
      );
      expect([status, body.items.length]).toEqual([200, ROMS]);
      // Numbers are halved into pairs, so only the first and the last stand alone.
      expect(body.items.filter((rom) => rom.sibling_roms.length === 1)).toHaveLength(ROMS - 2);
    },
    SLOW_MS,
  );
});
