import type { Executor } from "@multitap/db";
import { collections, collectionsRoms } from "@multitap/db/schema/collections";
import { platforms } from "@multitap/db/schema/platforms";
import { romFacets, romFiles, roms } from "@multitap/db/schema/roms";
import { type AnyColumn, and, eq, gt, ilike, inArray, not, or, type SQL, sql } from "drizzle-orm";
import type { Hidden } from "../../permissions/hidden/contract.ts";
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

/** A filter, and what its caller must take for absent. */
export interface VisibleFilter extends RomFilter {
  readonly hidden: Hidden;
  /** Whose collections the filter may speak of beside public ones; nobody's when left out. */
  readonly viewerId?: number | null | undefined;
}

/** Columns by which a row can belong to something hidden. */
interface VisibleColumns {
  readonly romId: AnyColumn | SQL;
  readonly platformId: AnyColumn | SQL;
}

const ROM_COLUMNS: VisibleColumns = { romId: roms.id, platformId: roms.platformId };

/**
 * The WHERE conditions that leave out what is hidden; none when nothing is, so that nobody else pays for it. The
 * sub-selects are hashed once, however many ids they hold.
 */
export function toVisibleConditions(hidden: Hidden, columns: VisibleColumns = ROM_COLUMNS): SQL[] {
  const isOutside = (column: AnyColumn | SQL, ids: readonly number[]) =>
    sql`${column} not in (select unnest(${`{${ids.join(",")}}`}::text::int4[]))`;
  return [
    ...(hidden.platformIds.length === 0 ? [] : [isOutside(columns.platformId, hidden.platformIds)]),
    ...(hidden.romIds.length === 0 ? [] : [isOutside(columns.romId, hidden.romIds)]),
  ];
}

/** The WHERE conditions of a filter; all must hold. */
export function toConditions(filter: VisibleFilter): SQL[] {
  const conditions: (SQL | undefined)[] = [
    ...toVisibleConditions(filter.hidden),
    filter.platformIds?.length ? inArray(roms.platformId, [...filter.platformIds]) : undefined,
    filter.search === undefined ? undefined : searchCondition(filter.search),
    filter.isMissing === undefined ? undefined : eq(roms.missingFromFs, filter.isMissing),
    filter.isIdentified === undefined ? undefined : identifiedCondition(filter.isIdentified),
    ...collectionConditions(filter),
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

function collectionConditions({ collectionId, isFavorite, viewerId = null }: VisibleFilter): SQL[] {
  const isOwn = viewerId === null ? sql`false` : sql`c.user_id = ${viewerId}`;
  const membersWhere = (condition: SQL) =>
    sql`(select m.rom_id from ${collectionsRoms} m join ${collections} c on c.id = m.collection_id where ${condition})`;
  const conditions: SQL[] = [];
  if (collectionId !== undefined) {
    const members = membersWhere(sql`c.id = ${collectionId} and (c.is_public or ${isOwn})`);
    conditions.push(sql`${roms.id} in ${members}`);
  }
  if (isFavorite !== undefined) {
    const favorites = membersWhere(sql`c.is_favorite and ${isOwn}`);
    conditions.push(isFavorite ? sql`${roms.id} in ${favorites}` : sql`${roms.id} not in ${favorites}`);
  }
  return conditions;
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

/** Collects the values that roms of these platforms (of all when empty), and of a collection, have. */
export async function readFilterValues(db: Executor, scope: VisibleFilter): Promise<FilterValues> {
  const { platformIds, search, hidden, collectionId, viewerId } = scope;
  const found = await db.execute<{ kind: string; value: string }>(
    search === undefined && collectionId === undefined
      ? valuesOfPlatforms(platformIds ?? [], hidden)
      : valuesOfRoms({ platformIds, search, hidden, collectionId, viewerId }),
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
function valuesOfPlatforms(platformIds: readonly number[], hidden: Hidden): SQL {
  const isAll = platformIds.length === 0 && hidden.mark === "";
  const isNamed = (column: SQL) => (platformIds.length === 0 ? sql`true` : inArray(column, [...platformIds]));
  const isChosen = (platformId: SQL, romId: SQL) =>
    and(isNamed(platformId), ...toVisibleConditions(hidden, { platformId, romId })) ?? sql`true`;
  // Of the chosen platforms every rom is visible unless it is hidden by itself.
  const isShown = (romId: SQL) =>
    and(...toVisibleConditions({ ...hidden, platformIds: [] }, { platformId: sql`0`, romId })) ?? sql`true`;
  const nextFacet = (condition: SQL) => sql`cross join lateral (
    select f.kind, f.value from ${romFacets} f
    where f.platform_id = p.platform_id and ${condition} and ${isShown(sql`f.rom_id`)}
    order by f.kind, f.value limit 1) n`;
  const nextPlayers = (condition: SQL) =>
    sql`(select r.player_count from ${roms} r where ${condition} order by r.player_count limit 1)`;
  // No index leads from a platform to its player counts, so there the platform's own roms are read.
  const players = isAll
    ? sql`select ${nextPlayers(sql`true`)} as value union all
      select ${nextPlayers(sql`r.player_count > p.value`)} from players p where p.value is not null`
    : sql`select distinct r.player_count as value from ${roms} r
      where ${isChosen(sql`r.platform_id`, sql`r.id`)}`;
  return sortValues(sql`
    with recursive chosen as (
      select p.id as platform_id from ${platforms} p
      where ${and(isNamed(sql`p.id`), ...toVisibleConditions({ ...hidden, romIds: [] }, { platformId: sql`p.id`, romId: sql`0` }))}
    ), facets as (
      select p.platform_id, n.kind, n.value from chosen p ${nextFacet(sql`true`)} union all
      select p.platform_id, n.kind, n.value from facets p ${nextFacet(sql`(f.kind, f.value) > (p.kind, p.value)`)}
    ), players as (${players})
    select distinct kind, value from facets union all
    select ${PLAYERS}, value from players where value is not null union all
    select ${PLATFORM}, platform_id::text from chosen c
    where exists (select from ${roms} r where r.platform_id = c.platform_id and ${isShown(sql`r.id`)})`);
}

function valuesOfRoms(scope: VisibleFilter): SQL {
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

/** A filter that may also name the roms it is about. */
export interface VisibleSelection extends VisibleFilter {
  /** Lets no other rom through. */
  readonly among?: readonly number[] | undefined;
}

/** Ids, ascending, of the roms that each filter lets through, all in one statement. */
export async function listIdsOfFilters(
  db: Executor,
  filters: readonly VisibleSelection[],
): Promise<readonly (readonly number[])[]> {
  if (filters.length === 0) return [];
  const selects = filters.map((filter, index) => {
    const { among } = filter;
    const isAmong =
      among === undefined
        ? []
        : [sql`${roms.id} in (select unnest(${`{${among.join(",")}}`}::text::int4[]))`];
    const condition = and(...toConditions(filter), ...isAmong) ?? sql`true`;
    // As text, to be parsed here and only once.
    return sql`select ${index}::int4 as n,
      (select json_agg(${roms.id} order by ${roms.id})::text from ${roms} where ${condition}) as ids`;
  });
  const rows = await db.execute<{ ids: string | null }>(
    sql`select n, ids from (${sql.join(selects, sql` union all `)}) s order by n`,
  );
  return rows.map(({ ids }) => JSON.parse(ids ?? "[]") as number[]);
}
