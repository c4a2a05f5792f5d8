import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { romFacets, romFiles, roms } from "@multitap/db/schema/roms";
import { and, eq, gt, ilike, inArray, not, or, type SQL, sql } from "drizzle-orm";
import type { ListFilter, RomFilter } from "../contract.ts";
import type { FilterValues } from "../details/contract.ts";
import { parseSearch, type SearchAlternative } from "./rules.ts";

/** Kinds of facet that filters name. */
export const FACET_KINDS = {
  regions: "region",
  languages: "language",
  tags: "tag",
  genres: "genre",
} as const;

/** Provider ids of which one makes a rom count as matched by the compatible filter. */
const MATCHED_COLUMNS = [
  roms.igdbId,
  roms.mobyId,
  roms.ssId,
  roms.raId,
  roms.launchboxId,
  roms.hasheousId,
  roms.tgdbId,
  roms.flashpointId,
];

/** The WHERE conditions of a filter; all must hold. */
export function toConditions(filter: RomFilter): SQL[] {
  const conditions: (SQL | undefined)[] = [
    filter.platformIds?.length ? inArray(roms.platformId, [...filter.platformIds]) : undefined,
    filter.search === undefined ? undefined : searchCondition(filter.search),
    filter.isMissing === undefined ? undefined : eq(roms.missingFromFs, filter.isMissing),
    filter.isIdentified === undefined ? undefined : identifiedCondition(filter.isIdentified),
    filter.updatedAfter === undefined ? undefined : gt(roms.updatedAt, new Date(filter.updatedAfter)),
  ];
  for (const [name, kind] of Object.entries(FACET_KINDS)) {
    const values = filter[name as keyof typeof FACET_KINDS];
    if (values !== undefined) conditions.push(...facetConditions(kind, values));
  }
  return conditions.filter((condition) => condition !== undefined);
}

function identifiedCondition(isIdentified: boolean): SQL {
  const known = sql`num_nonnulls(${sql.join(MATCHED_COLUMNS, sql`, `)}) > 0`;
  return isIdentified ? known : not(known);
}

function facetConditions(kind: string, filter: ListFilter): SQL[] {
  const holders = (values: readonly string[]) =>
    sql`(select ${romFacets.romId} from ${romFacets}
      where ${romFacets.kind} = ${kind} and ${inArray(romFacets.value, [...values])})`;
  const conditions: SQL[] = [];
  if (filter.anyOf?.length) conditions.push(sql`${roms.id} in ${holders(filter.anyOf)}`);
  for (const value of filter.allOf ?? []) conditions.push(sql`${roms.id} in ${holders([value])}`);
  if (filter.noneOf?.length) conditions.push(sql`${roms.id} not in ${holders(filter.noneOf)}`);
  return conditions;
}

function searchCondition(text: string): SQL | undefined {
  const alternatives = parseSearch(text).map(alternativeCondition);
  return alternatives.length === 0 ? undefined : or(...alternatives);
}

function alternativeCondition(alternative: SearchAlternative): SQL | undefined {
  const words = alternative.words.map((word) => {
    const pattern = `%${word.replaceAll(/[\\%_]/g, "\\$&")}%`;
    return or(ilike(roms.name, pattern), ilike(fileNameFor(word), pattern));
  });
  const named = and(...words);
  return alternative.hash === null ? named : or(named, hashCondition(alternative.hash));
}

/** File names compare by byte, where only ASCII has case; for other words that costs their index. */
function fileNameFor(word: string): SQL {
  return /^[\x20-\x7e]*$/.test(word) ? sql`${roms.fsName}` : sql`${roms.fsName} collate "default"`;
}

/** A search text that looks like a hash also finds roms and files that have it. */
function hashCondition(hash: string): SQL | undefined {
  const inFiles = (condition: SQL | undefined) =>
    sql`${roms.id} in (select ${romFiles.romId} from ${romFiles} where ${condition})`;
  if (hash.length === 8) return or(eq(roms.crcHash, hash), inFiles(eq(romFiles.crcHash, hash)));
  if (hash.length === 32) {
    return or(eq(roms.md5Hash, hash), eq(roms.raHash, hash), inFiles(eq(romFiles.md5Hash, hash)));
  }
  return or(
    eq(roms.sha1Hash, hash),
    inFiles(or(eq(romFiles.sha1Hash, hash), eq(romFiles.chdSha1Hash, hash))),
  );
}

/** Collects the values that roms of these platforms (of all when empty) have. */
export async function readFilterValues(db: Executor, scope: RomFilter): Promise<FilterValues> {
  const { platformIds, search } = scope;
  const found = await db.execute<{ kind: string; value: string }>(
    search === undefined ? valuesOfPlatforms(platformIds ?? []) : valuesOfRoms({ platformIds, search }),
  );
  const byKind = Map.groupBy(found, (row) => row.kind);
  const values = (kind: string) => (byKind.get(kind) ?? []).map((row) => row.value);
  return {
    genres: values("genre"),
    franchises: values("franchise"),
    collections: values("collection"),
    companies: values("company"),
    gameModes: values("mode"),
    ageRatings: values("age_rating"),
    playerCounts: values(PLAYERS),
    regions: values("region"),
    languages: values("language"),
    tags: values("tag"),
    platforms: values(PLATFORM)
      .map(Number)
      .sort((a, b) => a - b),
  };
}

/** Stand beside the kinds of facets, none of which is called so. */
const PLATFORM = "-platform";
const PLAYERS = "-players";

/**
 * Distinct values by leaping from one to the next in an index: a few probes per value, however many roms have
 * it. A plain DISTINCT reads every entry.
 */
function valuesOfPlatforms(platformIds: readonly number[]): SQL {
  const isAll = platformIds.length === 0;
  const isChosen = (column: SQL) => (isAll ? sql`true` : inArray(column, [...platformIds]));
  const nextFacet = (condition: SQL) => sql`cross join lateral (
    select f.kind, f.value from ${romFacets} f where f.platform_id = p.platform_id and ${condition}
    order by f.kind, f.value limit 1) n`;
  const nextPlayers = (condition: SQL) =>
    sql`(select r.player_count from ${roms} r where ${condition} order by r.player_count limit 1)`;
  // No index leads from a platform to its player counts, so there the platform's own roms are read.
  const players = isAll
    ? sql`select ${nextPlayers(sql`true`)} as value union all
      select ${nextPlayers(sql`r.player_count > p.value`)} from players p where p.value is not null`
    : sql`select distinct r.player_count as value from ${roms} r where ${isChosen(sql`r.platform_id`)}`;
  return sortValues(sql`
    with recursive chosen as (
      select p.id as platform_id from ${platforms} p where ${isChosen(sql`p.id`)}
    ), facets as (
      select p.platform_id, n.kind, n.value from chosen p ${nextFacet(sql`true`)} union all
      select p.platform_id, n.kind, n.value from facets p ${nextFacet(sql`(f.kind, f.value) > (p.kind, p.value)`)}
    ), players as (${players})
    select distinct kind, value from facets union all
    select ${PLAYERS}, value from players where value is not null union all
    select ${PLATFORM}, platform_id::text from chosen c
    where exists (select from ${roms} r where r.platform_id = c.platform_id)`);
}

function valuesOfRoms(scope: RomFilter): SQL {
  return sortValues(sql`
    with found as materialized (
      select ${roms.id}, ${roms.platformId}, ${roms.playerCount} from ${roms}
      where ${and(...toConditions(scope)) ?? sql`true`}
    )
    select distinct kind, value from ${romFacets} where rom_id = any(array(select id from found)) union all
    select distinct ${PLAYERS}, player_count from found union all
    select distinct ${PLATFORM}, platform_id::text from found`);
}

/** The parts differ in collation, so the order has to name one. */
function sortValues(values: SQL): SQL {
  return sql`select kind, value from (${values}) v (kind, value) order by kind collate "C", value collate "C"`;
}
