// Combinations of everything that can be asked for: each is answered, or refused for a reason.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { VIEWER } from "../../auth/calls.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";
import { FLAG_WORDS, LIST_WORDS, ROM_ORDERS, ROM_PROVIDERS, ROM_STATUSES } from "./contract.ts";

/** How often both doors are asked. */
const FUZZ_ROUNDS = 400;
/** For all of it, so that a question without an end is found; machines that are busy take long. */
const TEST_MAX_MS = 120_000;

let library: TestLibrary;

beforeAll(async () => {
  library = await openLibrary({ environment: { MULTITAP_RESPONSE_CACHE: "false" } });
  const platformId = await library.addPlatform("gba");
  await library.change(`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path,
      name, name_sort_key, igdb_id, average_rating, regions, primary_region)
    select ${platformId}, 'Game ' || i, 'Game', 'Game', '', 'roms/gba', 'Game ' || i, 'game', i / 3, i, '{USA}', 'USA'
    from generate_series(1, 300) i`);
  await library.change(`insert into rom_facets (rom_id, platform_id, kind, value)
    select id, platform_id, k, v from roms, unnest(array['genre', 'region', 'company']) k, unnest(array['USA', 'x']) v`);
  await library.change(`insert into rom_user (rom_id, user_id, status, hidden, last_played)
    select r.id, u.id, 'finished', r.id % 5 = 0, now() from roms r, users u where r.id % 3 = 0`);
  await library.change(`insert into smart_collections (user_id, name, is_public, filter_criteria)
    select id, 'Smart', true, '{"genres": ["x"], "statuses": ["hidden", "finished"]}' from users where username = 'admin'`);
}, 30_000);
afterAll(() => library.close());

/** A small generator whose seed is printed when something fails. */
function createRandom(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)] as T;
  return { next, pick, chance: (share: number) => next() < share };
}
type Random = ReturnType<typeof createRandom>;

const ODD = [
  "",
  "x",
  "USA",
  "0",
  "-1",
  "1",
  "99999999999",
  "null",
  "true",
  "'",
  "%",
  "\u{1F3AE}",
  "a|b",
  "\0",
];
const WORDS = [...ODD, "igdb", "hidden", "finished", "now_playing", "deadbeef", "x".repeat(500)];
const VIRTUAL = Buffer.from('{"name": "x", "type": "genre"}').toString("base64url");
const PLACES = [
  "platform_ids",
  "platform_id",
  "collection_id",
  "smart_collection_id",
  "virtual_collection_id",
];
const PAGES = ["limit", "offset", "with_total", "with_char_index", "with_filter_values", "with_rom_id_index"];
const COLUMNS = [
  "rating",
  "status",
  "last_played",
  "regions",
  "igdb_id",
  "summary",
  "average_rating",
  "moon",
];

function makeQuery(random: Random): string {
  const query = new URLSearchParams();
  const add = (name: string, values: readonly string[], share: number) => {
    if (random.chance(share)) query.append(name, random.pick(values));
  };
  for (const word of Object.values(FLAG_WORDS))
    add(word, ["true", "false", "1", "0", random.pick(ODD)], 0.15);
  for (const word of Object.values(LIST_WORDS)) {
    for (let count = 0; count < 3; count += 1) add(word, WORDS, 0.12);
    add(`${word}_logic`, ["any", "all", "none", "moon"], 0.3);
  }
  for (const name of PLACES) add(name, ["1", "2", VIRTUAL, random.pick(ODD)], 0.12);
  for (const name of PAGES) add(name, ["1", "0", "50", random.pick(ODD)], 0.1);
  add("search_term", WORDS, 0.2);
  add("updated_after", ["2026-01-01T00:00:00Z", "soon", "9999-12-31T23:59:59Z"], 0.1);
  add("order_by", [...COLUMNS, ...ODD], 0.4);
  add("order_dir", ["asc", "desc", "DESC", "x"], 0.3);
  return query.toString();
}

const FLAGS = Object.keys(FLAG_WORDS);
const LISTS = Object.keys(LIST_WORDS);

function makeInput(random: Random): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const name of FLAGS) if (random.chance(0.15)) input[name] = random.chance(0.5);
  for (const name of LISTS) {
    const words = { providers: ROM_PROVIDERS, statuses: ROM_STATUSES }[name] ?? WORDS;
    const values = Array.from({ length: Math.floor(random.next() * 4) }, () => random.pick<string>(words));
    if (random.chance(0.15)) input[name] = { [random.pick(["anyOf", "allOf", "noneOf"])]: values };
  }
  if (random.chance(0.1)) input.smartCollectionId = random.pick([1, 2, 0, 2 ** 31]);
  if (random.chance(0.1)) input.virtualCollectionId = random.pick([VIRTUAL, "", "x".repeat(5_000)]);
  if (random.chance(0.1)) input.collectionId = 1;
  if (random.chance(0.2)) input.search = random.pick(WORDS);
  if (random.chance(0.7)) input.orderBy = random.pick(ROM_ORDERS);
  if (random.chance(0.5)) input.direction = random.pick(["asc", "desc"]);
  return { ...input, limit: random.pick([1, 7, 500]), withTotal: random.chance(0.5) };
}

test(
  "whatever is asked for, nobody gets an error of ours",
  async () => {
    const seed = Number(process.env.MULTITAP_FUZZ_SEED ?? Date.now() % 2 ** 31);
    const random = createRandom(seed);
    const counts = new Map<number, number>();
    const check = async (what: string, call: () => Promise<{ readonly status: number }>) => {
      const { status } = await call();
      if (status >= 500) throw new Error(`seed ${seed}: ${status} after ${what}`);
      counts.set(status, (counts.get(status) ?? 0) + 1);
    };
    for (let round = 0; round < FUZZ_ROUNDS; round += 1) {
      const query = makeQuery(random);
      const headers = random.chance(0.5) ? { headers: { authorization: VIEWER } } : {};
      await check(query, () => library.get(`/api/roms?${query}`, headers));
      const input = makeInput(random);
      let cursor: string | null = null;
      await check(JSON.stringify(input), async () => {
        const answer = await library.ask<{ nextCursor: string | null }>("roms.list", input);
        cursor = answer.status === 200 ? answer.body.nextCursor : null;
        return answer;
      });
      if (cursor !== null) {
        await check(`${JSON.stringify(input)} behind ${cursor}`, async () => {
          const { status, body } = await library.ask("roms.list", { ...input, cursor });
          // A cursor of ours is never refused.
          expect([status, JSON.stringify(input), status === 200 || body]).toEqual([
            200,
            JSON.stringify(input),
            true,
          ]);
          return { status };
        });
      }
    }
    // Both doors must have been got through, not only refused.
    expect(counts.get(200) ?? 0).toBeGreaterThan(20);
  },
  TEST_MAX_MS,
);
