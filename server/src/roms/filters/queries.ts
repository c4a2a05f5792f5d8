import type { Executor } from "@multitap/db";
import { saves, states } from "@multitap/db/schema/assets";
import { collections, collectionsRoms } from "@multitap/db/schema/collections";
import { platforms } from "@multitap/db/schema/platforms";
import { romFacets, romFiles, romProviderMetadata, roms, romUser } from "@multitap/db/schema/roms";
import { type AnyColumn, and, eq, gt, ilike, inArray, not, or, type SQL, sql } from "drizzle-orm";
import { toPartPattern } from "../../base/sql.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import { groupCondition } from "../groups/queries.ts";
import type { ListFilter, RomFilter, RomProvider, RomStatus } from "./contract.ts";
import { parseSearch, parseVirtualId, type RegionRank, type SearchAlternative } from "./rules.ts";

/** Kinds of facet that filters name. */
export const FACET_KINDS = {
  regions: "region",
  languages: "language",
  tags: "tag",
  genres: "genre",
  franchises: "franchise",
  collections: "collection",
  companies: "company",
  gameModes: "mode",
  ageRatings: "age_rating",
} as const;

/** The column that says by which id a provider knows a rom. */
export const PROVIDER_COLUMNS = {
  igdb: roms.igdbId,
  sgdb: roms.sgdbId,
  moby: roms.mobyId,
  ss: roms.ssId,
  ra: roms.raId,
  launchbox: roms.launchboxId,
  hasheous: roms.hasheousId,
  tgdb: roms.tgdbId,
  hltb: roms.hltbId,
  flashpoint: roms.flashpointId,
  gamelist: roms.gamelistId,
  libretro: roms.libretroId,
} as const satisfies Record<RomProvider, unknown>;

/** Providers of which one makes a rom count as matched by the compatible filter. */
const MATCHING = ["igdb", "moby", "ss", "ra", "launchbox", "hasheous", "tgdb", "flashpoint"] as const;

/** Providers that tie roms of one platform together as the same game. */
const TYING = ["igdb", "moby", "ss", "launchbox", "ra", "hasheous", "tgdb"] as const;

/** What Hasheous says of a rom for each database of known dumps that has it. */
const VERIFYING = [
  "tosec_match",
  "mame_arcade_match",
  "mame_mess_match",
  "nointro_match",
  "redump_match",
  "mame_redump_match",
  "whdload_match",
  "ra_match",
  "fbneo_match",
  "puredos_match",
];
const IS_VERIFIED = sql.raw(`array[${VERIFYING.map((flag) => `'{"${flag}": true}'::jsonb`).join(", ")}]`);

/** A filter that may also name the roms it is about. */
export interface RomSelection extends RomFilter {
  /** Lets no other rom through. */
  readonly among?: readonly number[] | undefined;
}

/** Who looks, and what is known of the library that the database does not hold. */
export interface Viewer {
  /** What the viewer must take for absent. */
  readonly hidden: Hidden;
  /** Whose collections, progress and files a filter may speak of beside public ones; nobody's when left out. */
  readonly viewerId?: number | null | undefined;
  /** Slugs of the platforms whose games run in a browser; read with `isPlayable`. */
  readonly webPlayerSlugs?: readonly string[] | undefined;
  /** Which regions the operator prefers; read with `isGrouped`. */
  readonly regionRanks?: readonly RegionRank[] | undefined;
}

/** A filter, and what must be known beside it. */
export interface VisibleFilter extends RomSelection, Viewer {
  /** Only roms with which the viewer ever did anything, or that they played. */
  readonly touched?: "ever" | "played" | undefined;
  /** What the smart collection stands for; null when the viewer may see none of this id. */
  readonly smart?: RomSelection | null | undefined;
}

/** The same text for filters that let the same roms through for the same viewer. */
export function formatFilterKey({ hidden, ...rest }: VisibleFilter): string {
  return JSON.stringify({ ...rest, hidden: hidden.mark });
}

/** Columns by which a row can belong to something hidden. */
interface VisibleColumns {
  readonly romId: AnyColumn | SQL;
  readonly platformId: AnyColumn | SQL;
}

const ROM_COLUMNS: VisibleColumns = { romId: roms.id, platformId: roms.platformId };

const idsOf = (ids: readonly number[]) => sql`(select unnest(${`{${ids.join(",")}}`}::text::int4[]))`;

/**
 * The WHERE conditions that leave out what is hidden; none when nothing is, so that nobody else pays for it. The
 * sub-selects are hashed once, however many ids they hold.
 */
export function toVisibleConditions(hidden: Hidden, columns: VisibleColumns = ROM_COLUMNS): SQL[] {
  const isOutside = (column: AnyColumn | SQL, ids: readonly number[]) => sql`${column} not in ${idsOf(ids)}`;
  return [
    ...(hidden.platformIds.length === 0 ? [] : [isOutside(columns.platformId, hidden.platformIds)]),
    ...(hidden.romIds.length === 0 ? [] : [isOutside(columns.romId, hidden.romIds)]),
  ];
}

/** The WHERE conditions of a filter; all must hold. */
export function toConditions(filter: VisibleFilter): SQL[] {
  const { smart, viewerId = null, touched } = filter;
  const conditions = [
    ...toScopeConditions(filter),
    ...toOwnConditions(filter, filter),
    ...(touched === undefined ? [] : [hasProgress(viewerId, TOUCHED[touched])]),
    ...(showsPutAway(filter) || showsPutAway(smart) || viewerId === null
      ? []
      : [not(hasProgress(viewerId, sql`u.hidden`))]),
  ];
  const isGrouped = filter.isGrouped === true || smart?.isGrouped === true;
  return isGrouped ? [groupCondition(filter, conditions)] : conditions;
}

const TOUCHED = { ever: sql`true`, played: sql`u.last_played is not null` } as const;

/** What the viewer put away is listed only when the filter speaks of it. */
function showsPutAway(filter: RomSelection | null | undefined): boolean {
  const { anyOf = [], allOf = [], noneOf = [] } = filter?.statuses ?? {};
  return [...anyOf, ...allOf, ...noneOf].includes("hidden");
}

/** Those of them that say where to look: menus offer the values of the roms that meet these alone. */
export function toScopeConditions(filter: VisibleFilter): SQL[] {
  const { smartCollectionId, smart } = filter;
  return [
    ...toVisibleConditions(filter.hidden),
    ...toPlaceConditions(filter, filter),
    ...(smart ? [...toPlaceConditions(smart, filter), ...toOwnConditions(smart, filter)] : []),
    ...(smartCollectionId !== undefined && !smart ? [sql`false`] : []),
  ];
}

/** Platforms, collections and search. */
function toPlaceConditions(filter: RomSelection, { viewerId = null }: Viewer): SQL[] {
  const { among, platformIds, search, collectionId, virtualCollectionId } = filter;
  const conditions = [
    among === undefined ? undefined : sql`${roms.id} in ${idsOf(among)}`,
    platformIds?.length ? inArray(roms.platformId, [...platformIds]) : undefined,
    search === undefined ? undefined : searchCondition(search),
    collectionId === undefined
      ? undefined
      : isMember(sql`c.id = ${collectionId} and (c.is_public or ${isOf(viewerId)})`),
    virtualCollectionId === undefined ? undefined : virtualCondition(virtualCollectionId),
  ];
  return conditions.filter((condition) => condition !== undefined);
}

function isMember(ofCollection: SQL): SQL {
  return sql`exists (select from ${collectionsRoms} m join ${collections} c on c.id = m.collection_id
    where m.rom_id = ${roms.id} and ${ofCollection})`;
}

function virtualCondition(id: string): SQL {
  const key = parseVirtualId(id);
  return key === null ? sql`false` : hasFacet(key.type, [key.name]);
}

/** What roms themselves must meet. */
function toOwnConditions(filter: RomSelection, viewer: Viewer): SQL[] {
  const { viewerId = null, webPlayerSlugs = [] } = viewer;
  const { updatedAfter } = filter;
  const flags: readonly (readonly [boolean | undefined, () => SQL])[] = [
    [filter.isMissing, () => eq(roms.missingFromFs, true)],
    [filter.isIdentified, () => countsProviders(MATCHING)],
    [filter.isDuplicate, isDuplicate],
    [filter.isPlayable, () => isOnPlatform(webPlayerSlugs)],
    [filter.isVerified, isVerified],
    [filter.isPlayed, () => hasProgress(viewerId, sql`u.last_played is not null`)],
    [filter.hasRetroAchievements, () => sql`${roms.raId} is not null`],
    [filter.hasSaves, () => hasAsset(saves, viewerId)],
    [filter.hasStates, () => hasAsset(states, viewerId)],
    [filter.hasSoundtrack, hasSoundtrack],
    [filter.isFavorite, () => isMember(sql`c.is_favorite and ${isOf(viewerId)}`)],
  ];
  return [
    ...flags.flatMap(([wish, condition]) => {
      if (wish === undefined) return [];
      return wish ? [condition()] : [not(condition())];
    }),
    ...(updatedAfter === undefined ? [] : [gt(roms.updatedAt, new Date(updatedAfter))]),
    ...toListConditions(filter, viewerId),
  ];
}

const isOf = (viewerId: number | null) => (viewerId === null ? sql`false` : sql`c.user_id = ${viewerId}`);

function countsProviders(names: readonly RomProvider[]): SQL {
  const columns = names.map((name) => PROVIDER_COLUMNS[name]);
  return sql`num_nonnulls(${sql.join(columns, sql`, `)}) > 0`;
}

/** A probe of a narrow index per provider: no index serves all of them at once. */
function isDuplicate(): SQL {
  const others = TYING.map((name) => {
    const column = sql.identifier(PROVIDER_COLUMNS[name].name);
    return sql`exists (select from ${roms} b where b.platform_id = ${roms.platformId}
      and b.${column} = ${PROVIDER_COLUMNS[name]} and b.id <> ${roms.id})`;
  });
  return sql`(${sql.join(others, sql` or `)})`;
}

function isOnPlatform(slugs: readonly string[]): SQL {
  if (slugs.length === 0) return sql`false`;
  const known = sql`select jsonb_array_elements_text(${JSON.stringify(slugs)}::jsonb) collate "C"`;
  // As an array, found once: a join would let the planner leave the index of the order for it.
  return sql`${roms.platformId} = any(array(select p.id from ${platforms} p where p.slug in (${known})))`;
}

function isVerified(): SQL {
  return sql`exists (select from ${romProviderMetadata} m where m.rom_id = ${roms.id} and m.provider = 'hasheous'
    and m.data @> any (${IS_VERIFIED}))`;
}

/** Whether there is a row of the viewer for the rom, of which more can be asked as `u`. */
function hasProgress(viewerId: number | null, condition: SQL): SQL {
  if (viewerId === null) return sql`false`;
  return sql`exists (select from ${romUser} u where u.rom_id = ${roms.id} and u.user_id = ${viewerId} and ${condition})`;
}

function hasAsset(table: typeof saves | typeof states, viewerId: number | null): SQL {
  const isSeen = viewerId === null ? sql`a.is_public` : sql`(a.is_public or a.user_id = ${viewerId})`;
  return sql`exists (select from ${table} a where a.rom_id = ${roms.id} and ${isSeen})`;
}

function hasSoundtrack(): SQL {
  return sql`exists (select from ${romFiles} f where f.rom_id = ${roms.id} and f.category = 'soundtrack')`;
}

function toListConditions(filter: RomSelection, viewerId: number | null): SQL[] {
  const { playerCounts, providers, statuses } = filter;
  const facets = Object.entries(FACET_KINDS).flatMap(([name, kind]) =>
    toLogic(filter[name as keyof typeof FACET_KINDS], {
      any: (values) => hasFacet(kind, values),
      all: (values) =>
        sql.join(
          values.map((value) => hasFacet(kind, [value])),
          sql` and `,
        ),
    }),
  );
  const hasCount = (values: readonly string[]) => inArray(roms.playerCount, [...values]);
  return [
    ...facets,
    ...toLogic(playerCounts, { any: hasCount, all: hasCount }),
    ...toLogic(providers, {
      any: countsProviders,
      all: (names) =>
        sql.join(
          names.map((name) => sql`${PROVIDER_COLUMNS[name]} is not null`),
          sql` and `,
        ),
    }),
    ...toLogic(statuses, {
      any: (words) => hasProgress(viewerId, joinStatuses(words, sql` or `)),
      all: (words) => hasProgress(viewerId, joinStatuses(words, sql` and `)),
    }),
  ];
}

interface Logic<T extends string> {
  readonly any: (values: readonly T[]) => SQL;
  readonly all: (values: readonly T[]) => SQL;
}

function toLogic<T extends string>(filter: ListFilter<T> | undefined, { any, all }: Logic<T>): SQL[] {
  const { anyOf = [], allOf = [], noneOf = [] } = filter ?? {};
  return [
    ...(anyOf.length === 0 ? [] : [any(anyOf)]),
    ...(allOf.length === 0 ? [] : [all(allOf)]),
    ...(noneOf.length === 0 ? [] : [not(any(noneOf))]),
  ];
}

/** By probing, so that neither a value of all roms nor one of none makes a list slow. */
function hasFacet(kind: string, values: readonly string[]): SQL {
  return sql`exists (select from ${romFacets} f where f.rom_id = ${roms.id} and f.kind = ${kind}
    and ${inArray(sql`f.value`, [...values])})`;
}

function joinStatuses(words: readonly RomStatus[], by: SQL): SQL {
  const conditions = words.map((word) => STATUS_MARKS[word] ?? sql`u.status = ${word}`);
  return sql`(${sql.join(conditions, by)})`;
}

/** Statuses that are marks of their own; all others exclude each other. */
const STATUS_MARKS: Partial<Record<RomStatus, SQL>> = {
  now_playing: sql`u.now_playing`,
  backlogged: sql`u.backlogged`,
  hidden: sql`u.hidden`,
};

function searchCondition(text: string): SQL | undefined {
  const alternatives = parseSearch(text).map(alternativeCondition);
  return alternatives.length === 0 ? undefined : or(...alternatives);
}

function alternativeCondition(alternative: SearchAlternative): SQL | undefined {
  const words = alternative.words.map((word) => {
    const pattern = toPartPattern(word);
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
    sql`${roms.id} = any(array(select ${romFiles.romId} from ${romFiles} where ${condition}))`;
  if (hash.length === 8) return or(eq(roms.crcHash, hash), inFiles(eq(romFiles.crcHash, hash)));
  if (hash.length === 32) {
    return or(eq(roms.md5Hash, hash), eq(roms.raHash, hash), inFiles(eq(romFiles.md5Hash, hash)));
  }
  return or(
    eq(roms.sha1Hash, hash),
    inFiles(or(eq(romFiles.sha1Hash, hash), eq(romFiles.chdSha1Hash, hash))),
  );
}

/** What a filter lets through. */
export interface FoundRoms {
  /** Ascending. */
  readonly romIds: readonly number[];
  /** Also of those whose ids were not asked for. */
  readonly romCount: number;
}

/**
 * The roms that each filter lets through, all in one statement.
 * @param idsMax How many ids of each are wanted: the lowest; all without it.
 */
export async function listIdsOfFilters(
  db: Executor,
  filters: readonly VisibleFilter[],
  idsMax?: number,
): Promise<readonly FoundRoms[]> {
  if (filters.length === 0) return [];
  const ids = sql`array_agg(${roms.id} order by ${roms.id})`;
  const wanted = idsMax === undefined ? ids : sql`(${ids})[1:${sql.raw(String(idsMax))}]`;
  const selects = filters.map((filter, index) => {
    const condition = and(...toConditions(filter)) ?? sql`true`;
    // As text, to be parsed here and only once.
    return sql`select ${index}::int4 as n, count(*)::int4 as "romCount", array_to_json(${wanted})::text as ids
      from ${roms} where ${condition}`;
  });
  const rows = await db.execute<{ romCount: number; ids: string | null }>(
    sql`select "romCount", ids from (${sql.join(selects, sql` union all `)}) s order by n`,
  );
  return rows.map(({ romCount, ids }) => ({ romCount, romIds: JSON.parse(ids ?? "[]") as number[] }));
}
