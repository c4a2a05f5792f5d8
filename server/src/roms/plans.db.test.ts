// How the database finds what lists ask for: no shape of a list may read the whole table of roms. The plans as they
// were last looked at stand in plans.snapshot.txt; MULTITAP_WRITE_PLANS=1 writes them anew.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openLibrary, type TestLibrary } from "./library.testing.ts";

const ROMS = 24_000;
const PLATFORMS = 12;
/** Filling the library takes seconds on a busy machine. */
const SLOW_MS = 120_000;
const SNAPSHOT = join(import.meta.dir, "plans.snapshot.txt");
/** Lines of a plan that tell what it does; the others repeat the question. */
const TOLD = /->|^\S|Index Cond|Sort Key|Group Key/;
/** Characters of a line of a plan that are kept: conditions of many words say nothing more. */
const LINE_CHARS_MAX = 150;

let library: TestLibrary;
/** Statements about roms, with their values. */
let asked: { readonly text: string; readonly values: readonly unknown[] }[] = [];
/** Of each shape, statement by statement. */
const plans = new Map<string, readonly string[]>();
let ids = { platform: 0, rom: 0, user: 0, collection: 0, smart: 0 };

beforeAll(async () => {
  library = await openLibrary({ environment: { MULTITAP_RESPONSE_CACHE: "false" } });
  const platformIds: number[] = [];
  for (let number = 0; number < PLATFORMS; number += 1) {
    platformIds.push(await library.addPlatform(number === 0 ? "gba" : `box-${number}`));
  }
  await fill(platformIds);
  const { sql } = library.app.database.handle;
  await sql.unsafe("vacuum (analyze)");
  const [row] = await sql<{ rom: number; user: number; collection: number; smart: number }[]>`
    select (select min(id) + 100 from roms) as rom, (select id from users where username = 'admin') as user,
      (select min(id) from collections) as collection, (select min(id) from smart_collections) as smart`;
  ids = { ...ids, ...row, platform: platformIds[0] ?? 0 };
  listen();
}, SLOW_MS);
afterAll(async () => {
  // Here, since tests run in any order.
  if (process.env.MULTITAP_WRITE_PLANS === "1") await Bun.write(SNAPSHOT, formatSnapshot());
  await library.close();
});

/** Numbers that look like chance and are the same each time. */
const spread = (factor: number, size: number) => `((i * ${factor}::bigint) % ${size})::int`;

async function fill(platformIds: readonly number[]): Promise<void> {
  const platform = `(array[${platformIds.join(",")}])[1 + ${spread(7919, PLATFORMS)}]`;
  await library.change(`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path,
      fs_size_bytes, name, name_sort_key, igdb_id, ra_id, crc_hash, md5_hash, sha1_hash, ra_hash, missing_from_fs,
      average_rating, first_release_date, player_count, primary_region, updated_at, created_at)
    select ${platform}, md5('n' || i) || ' ' || i || '.gba', 'x', 'x', 'gba', 'roms/gba', ${spread(104729, 100_000)},
      md5('n' || i), md5('n' || i), case when i % 3 > 0 then ${spread(15485863, 9_000)} end,
      case when i % 40 = 0 then i end, left(md5('c' || i), 8), md5('m' || i), md5('s' || i) || left(md5('t' || i), 8),
      md5('r' || i), i % 50 = 0, case when i % 2 = 0 then ${spread(31, 100)} end,
      case when i % 2 = 0 then i * 86400000::bigint end, case when i % 5 = 0 then '1-4' else '1' end,
      case when i % 3 = 0 then 'USA' else 'Japan' end, '2026-01-01'::timestamptz + i * interval '1 second',
      '2026-01-01'::timestamptz + i * interval '1 second'
    from generate_series(1, ${ROMS}) i`);
  await library.change(`insert into rom_files (rom_id, file_name, file_path, crc_hash, md5_hash, sha1_hash, category)
    select id, fs_name, fs_path, crc_hash, md5_hash, sha1_hash, case when id % 400 = 0 then 'soundtrack' end from roms`);
  // Each kind has a value of many roms and values of few.
  await library.change(`insert into rom_facets (rom_id, platform_id, kind, value)
    select r.id, r.platform_id, k, v from roms r,
      unnest(array['genre', 'franchise', 'collection', 'company', 'mode', 'age_rating', 'region', 'language', 'tag']) k,
      lateral (values (case when r.id % 4 = 0 then 'Many' else 'Some' end), ('Few ' || r.id % 2000)) f (v)`);
  await library.change(`insert into rom_user (rom_id, user_id, status, hidden, last_played, rating)
    select r.id, u.id, 'finished', r.id % 1000 = 0, case when r.id % 100 = 0 then now() end, r.id % 10
    from roms r, users u where r.id % 50 = 0`);
  await library.change(`insert into rom_provider_metadata (rom_id, provider, data)
    select id, 'hasheous', '{"redump_match": true}' from roms where id % 20 = 0`);
  for (const table of ["saves", "states"]) {
    await library.change(`insert into ${table} (rom_id, user_id, file_name, file_name_no_tags, file_name_no_ext,
        file_extension, file_path, stored_path, canonical_name, content_updated_at)
      select r.id, u.id, 's', 's', 's', '', 'x', 'x', 's', now() from roms r, users u where r.id % 100 = 0`);
  }
  await library.change(`insert into collections (user_id, name, is_favorite)
    select id, 'C', true from users where username = 'admin'`);
  await library.change(`insert into collections_roms (collection_id, rom_id)
    select c.id, r.id from collections c, roms r where r.id % 200 = 0`);
  await library.change(`insert into smart_collections (user_id, name, filter_criteria)
    select id, 'S', '{"genres": ["Few 7"], "matched": true}' from users where username = 'admin'`);
  await library.change("delete from roms where id % 1000 = 1");
}

function listen(): void {
  const { sql } = library.app.database.handle;
  const send = sql.unsafe;
  const hear: typeof send = (text, values = [], ...rest) => {
    if (/"roms"|"removals"/.test(text)) asked.push({ text, values: values as readonly unknown[] });
    return send(text, values, ...rest);
  };
  sql.unsafe = hear;
}

/** Calls, and gives the plans of what was asked of the database on the way. */
async function explain(call: () => Promise<{ readonly status: number }>): Promise<readonly string[]> {
  asked = [];
  const { status } = await call();
  expect(status).toBe(200);
  const statements = asked;
  // Our own questions are heard as well.
  asked = [];
  expect(statements.length).toBeGreaterThan(0);
  const { sql } = library.app.database.handle;
  const texts: string[] = [];
  for (const { text, values } of statements) {
    // Prepared ones would be planned the same way: their text hides no value that counts.
    const rows = await sql.unsafe(`explain (costs off) ${text}`, [...values] as string[]);
    const lines = rows.map((row) => normalise(String(row["QUERY PLAN"])));
    texts.push(lines.filter((line) => TOLD.test(line)).join("\n"));
  }
  asked = [];
  return texts;
}

/** Values and ids differ from run to run. */
function normalise(line: string): string {
  const plain = line
    .replace(/'[^']*'/g, "'…'")
    .replace(/(user_id|platform_id|collection_id|\bid|rom_id) = (?:ANY )?\d+/g, "$1 = …")
    .trimEnd();
  return plain.length > LINE_CHARS_MAX ? `${plain.slice(0, LINE_CHARS_MAX)}…` : plain;
}

const LEAN = "limit=72&with_total=0&with_char_index=0&with_filter_values=0&with_rom_id_index=0";
const page = (query: () => string) => () => library.get(`/api/roms?${LEAN}&${query()}`);
const typed = (input: () => object) => () => library.ask("roms.list", { limit: 72, ...input() });
const virtualId = Buffer.from('{"name": "Few 7", "type": "genre"}').toString("base64url");

type Shape = readonly [name: string, call: () => Promise<{ readonly status: number }>];

const facet = (word: string): Shape[] => [
  [`${word}: a value of few`, page(() => `${word}=Few+7`)],
  [`${word}: a value of many`, page(() => `${word}=Many`)],
  [`${word}: all of two`, page(() => `${word}=Many&${word}=Few+8&${word}_logic=all`)],
  [`${word}: none of one`, page(() => `${word}=Many&${word}_logic=none`)],
];
const flag = (word: string): Shape[] =>
  ["true", "false"].map((value) => [`${word}=${value}`, page(() => `${word}=${value}`)] as const);
const order = (name: string): Shape[] =>
  ["asc", "desc"].map(
    (direction) =>
      [`order ${name} ${direction}`, page(() => `order_by=${name}&order_dir=${direction}`)] as const,
  );
const key = (orderBy: string): Shape[] =>
  ["asc", "desc"].map(
    (direction) => [`by key: ${orderBy} ${direction}`, typed(() => ({ orderBy, direction }))] as const,
  );

const FACETS = [
  "genres",
  "franchises",
  "collections",
  "companies",
  "age_ratings",
  "regions",
  "languages",
  "tags",
];
const FLAGS = [
  "favorite",
  "duplicate",
  "playable",
  "last_played",
  "has_ra",
  "has_saves",
  "has_states",
  "missing",
];
const KEYS = ["name", "id", "createdAt", "updatedAt", "sizeBytes", "fsName", "lastPlayedAt", "rating"];

const SHAPES: readonly Shape[] = [
  ["plain", page(() => "")],
  ["a platform", page(() => `platform_ids=${ids.platform}`)],
  ["search", page(() => "search_term=abcd")],
  ["search of two words", page(() => "search_term=abc+def")],
  ["search for a hash", page(() => `search_term=${"ab".repeat(16)}`)],
  ["deep offset", page(() => "offset=15000")],
  ...FACETS.flatMap(facet),
  ...[...FLAGS, "matched", "verified", "has_soundtrack"].flatMap(flag),
  ["player_counts", page(() => "player_counts=1-4")],
  ["metadata_providers", page(() => "metadata_providers=ra")],
  ["statuses", page(() => "statuses=finished")],
  ["statuses: none", page(() => "statuses=finished&statuses_logic=none")],
  ["updated_after", page(() => "updated_after=2026-01-01T06:00:00Z")],
  ["collection", page(() => `collection_id=${ids.collection}`)],
  ["automatic collection", page(() => `virtual_collection_id=${virtualId}`)],
  ["smart collection", page(() => `smart_collection_id=${ids.smart}`)],
  ...["name", "id", "created_at", "updated_at", "fs_size_bytes", "fs_name", "rating", "last_played"].flatMap(
    order,
  ),
  ...KEYS.flatMap(key),
  ["by key: firstReleasedAt asc", typed(() => ({ orderBy: "firstReleasedAt" }))],
  ["by key: averageRating desc", typed(() => ({ orderBy: "averageRating", direction: "desc" }))],
  ["by id", () => library.ask("roms.get", { romId: ids.rom })],
  ["by id, with all", () => library.get(`/api/roms/${ids.rom}`)],
  ["siblings", () => library.ask("roms.list", { limit: 72, with: ["siblings"] })],
  ["by hash", () => library.ask("roms.find", { md5: "ab".repeat(16) })],
  ["by hash of the compatible API", () => library.get(`/api/roms/by-hash?md5_hash=${existingHash()}`)],
  ["by many hashes", () => library.ask("roms.findMany", { marks: manyMarks() })],
  ["by id of a provider", () => library.get("/api/roms/by-metadata-provider?igdb_id=1")],
  ["changes from the beginning", () => library.ask("roms.changes", {})],
  ["changes", changesOn],
  ["values for menus", () => library.get("/api/roms/filters")],
];

/**
 * What has to look at every rom, and why. Nothing here is needed for a page; each is made only when asked for, and
 * kept with the answer until the library changes.
 */
const WHOLE: readonly (readonly [...Shape, reason: string])[] = [
  [
    "total",
    () => library.get("/api/roms?limit=72&with_char_index=0&with_filter_values=0&with_rom_id_index=0"),
    "an exact count counts all",
  ],
  [
    "total of a condition",
    typed(() => ({ isIdentified: true, withTotal: true })),
    "an exact count tries all",
  ],
  [
    "id index",
    () => library.get("/api/roms?limit=72&with_char_index=0&with_filter_values=0"),
    "it lists every id",
  ],
  [
    "char index",
    () => library.get("/api/roms?limit=72&with_rom_id_index=0&with_filter_values=0"),
    "it counts every first character",
  ],
  [
    "grouped",
    page(() => "group_by_meta_id=true"),
    "which rom is shown of a game is known once all were seen",
  ],
  ["by key, grouped", typed(() => ({ isGrouped: true })), "the same"],
  [
    "order of a column without an index",
    page(() => "order_by=summary"),
    "nobody orders by it, and each index costs every scan",
  ],
  [
    "order first_release_date",
    page(() => "order_by=first_release_date"),
    "the index holds only roms that have one, and those without come last",
  ],
  ["order average_rating desc", page(() => "order_by=average_rating&order_dir=desc"), "the same"],
  [
    "by flashpoint id",
    () => library.get("/api/roms/by-metadata-provider?flashpoint_id=x&igdb_id=1"),
    "no index holds what hardly any rom has",
  ],
  [
    "values for menus of a platform",
    () => library.get(`/api/roms?limit=1&with_rom_id_index=0&with_char_index=0&platform_ids=${ids.platform}`),
    "player counts of a platform are read from its roms",
  ],
];

const existingHash = () => new Bun.CryptoHasher("md5").update("m102").digest("hex");
const manyMarks = () =>
  Array.from({ length: 50 }, (_, n) => ({ md5: new Bun.CryptoHasher("md5").update(`m${n}`).digest("hex") }));

async function changesOn() {
  let cursor: string | undefined;
  const { body } = await library.ask<{ nextCursor: string }>("roms.changes", { cursor, limit: 1 });
  cursor = body.nextCursor;
  asked = [];
  return await library.ask("roms.changes", { cursor });
}

const READS_ALL = /(?:Parallel )?Seq Scan on (?:public\.)?roms\b/;

describe("plans", () => {
  test.each(SHAPES)(
    "%s reads no whole table of roms",
    async (name, call) => {
      const plan = await explain(call);
      plans.set(name, plan);
      expect(plan.filter((text) => READS_ALL.test(text))).toEqual([]);
    },
    SLOW_MS,
  );

  test.each(WHOLE.map(([name, call, reason]) => ({ name, call, reason })))(
    "$name may look at every rom",
    async ({ name, call, reason }) => {
      plans.set(`${name} (may read all: ${reason})`, await explain(call));
    },
    SLOW_MS,
  );

  test("the snapshot shows each of them", async () => {
    const shown = [...(await Bun.file(SNAPSHOT).text()).matchAll(/^## (.*)$/gm)].map(
      ([, name]) => name ?? "",
    );
    expect(shown).toEqual([...listNames()]);
  });
});

function listNames(): readonly string[] {
  const whole = WHOLE.map(([name, , reason]) => `${name} (may read all: ${reason})`);
  return [...SHAPES.map(([name]) => name), ...whole];
}

/** A plan that stands there already is only named. */
function formatSnapshot(): string {
  const firstOf = new Map<string, string>();
  const sections = listNames().map((name) => {
    const texts = (plans.get(name) ?? []).map((text) => {
      const first = firstOf.get(text);
      if (first === undefined) firstOf.set(text, name);
      return first === undefined || text.split("\n").length < 4 ? text : `(as one of: ${first})`;
    });
    return `## ${name}\n\n${[...new Set(texts)].join("\n\n")}\n`;
  });
  const head = `Plans over ${ROMS} roms, as "explain (costs off)" tells them, without values and filters.
Written by plans.db.test.ts with MULTITAP_WRITE_PLANS=1.
`;
  return [head, ...sections].join("\n");
}
