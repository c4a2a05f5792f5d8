import type { DatabaseHandle } from "@multitap/db";

/** Words of made names; "crystal" is what searches look for, in about one name of twenty. */
const WORDS = [
  "crystal star pilot kart kings pocket hero golden voyage shadow",
  "dragon quest mega blaster puzzle ninja racing super ultra legend",
]
  .join(" ")
  .split(" ");
const REGIONS = ["USA", "Europe", "Japan", "World"];
const GENRES = ["Puzzle", "Racing", "Role-playing (RPG)", "Platform", "Shooter", "Adventure"];
/** Roms of one statement: what one transaction holds stays small. */
const ROMS_AT_ONCE = 20_000;

const textArray = (words: readonly string[]) => `array[${words.map((word) => `'${word}'`).join(",")}]`;
/** The same rom looks the same in each library; factors are primes. */
const pick = (words: readonly string[], factor: number) =>
  `(${textArray(words)})[1 + (i * ${factor}::bigint) % ${words.length}]`;

/**
 * Adds made roms with one file each, hashes, tags, genres and ids of a provider to a fresh database, over platforms
 * that are made as well, and refreshes the planner's statistics.
 */
export async function fillLibrary(
  handle: DatabaseHandle,
  { romCount, platformCount }: { readonly romCount: number; readonly platformCount: number },
): Promise<void> {
  const { sql } = handle;
  await sql.unsafe(`insert into platforms (slug, fs_slug, name, name_sort_key)
    select 'box-' || i, 'box-' || i, 'Box ' || i, 'box ' || i from generate_series(1, ${platformCount}) i`);
  for (let from = 1; from <= romCount; from += ROMS_AT_ONCE) {
    await sql.unsafe(makeRoms(from, Math.min(from + ROMS_AT_ONCE - 1, romCount)));
  }
  await sql`insert into rom_files (rom_id, file_name, file_path, file_size_bytes, crc_hash, md5_hash, sha1_hash, is_hashed)
    select id, fs_name, fs_path, fs_size_bytes, crc_hash, md5_hash, sha1_hash, true from roms`;
  await sql`insert into rom_facets (rom_id, platform_id, kind, value)
    select id, platform_id, 'region', unnest(regions) from roms union all
    select id, platform_id, 'genre', unnest(genres) from roms`;
  // The server's own housekeeping would come to it minutes later, in the middle of a measurement.
  await sql`vacuum (analyze) roms, rom_files, rom_facets, platforms`;
}

function makeRoms(from: number, to: number): string {
  return `insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path, fs_size_bytes,
      name, name_sort_key, summary, igdb_id, regions, primary_region, genres, crc_hash, md5_hash, sha1_hash, is_hashed)
    select p.id, r.name || ' (' || r.region || ').bin', r.name, r.name || ' (' || r.region || ')', 'bin',
      'roms/' || p.fs_slug, 1000 + i % 500, r.name, lower(r.name), repeat('Some words about it. ', 10),
      case when i % 2 = 0 then i / 4 end, array[r.region], r.region, array[r.genre], left(md5('c' || i), 8), md5('m' || i),
      md5('s' || i) || left(md5('t' || i), 8), true
    from generate_series(${from}, ${to}) i
    cross join lateral (select initcap(${pick(WORDS, 7919)} || ' ' || ${pick(WORDS, 104_729)}) || ' ' || lpad(i::text, 7, '0'),
      ${pick(REGIONS, 31)}, ${pick(GENRES, 37)}) r (name, region, genre)
    join lateral (select id, fs_slug from platforms order by id offset i % (select count(*) from platforms) limit 1) p on true`;
}
