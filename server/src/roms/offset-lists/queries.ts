import type { Executor } from "@multitap/db";
import { roms, romUser } from "@multitap/db/schema/roms";
import { type AnyColumn, and, asc, desc, sql } from "drizzle-orm";
import { toConditions, type VisibleFilter } from "../filters/queries.ts";
import { LISTED_ID, listedFrom } from "../lists/queries.ts";
import { EMPTY_MARK, NULL_MARK } from "./rules.ts";

/** Orders by something else than text; such a list indexes the names of its roms. */
const PLAIN_ORDERS = {
  id: roms.id,
  created_at: roms.createdAt,
  updated_at: roms.updatedAt,
  fs_size_bytes: roms.fsSizeBytes,
  first_release_date: roms.firstReleaseDate,
  average_rating: roms.averageRating,
  platform_id: roms.platformId,
  missing_from_fs: roms.missingFromFs,
  igdb_id: roms.igdbId,
  sgdb_id: roms.sgdbId,
  moby_id: roms.mobyId,
  ss_id: roms.ssId,
  ra_id: roms.raId,
  launchbox_id: roms.launchboxId,
  hasheous_id: roms.hasheousId,
  tgdb_id: roms.tgdbId,
  hltb_id: roms.hltbId,
  path_screenshots: roms.pathScreenshots,
  url_screenshots: roms.urlScreenshots,
  alternative_names: roms.alternativeNames,
  regions: roms.regions,
  languages: roms.languages,
  tags: roms.tags,
} as const;

/** Orders by text. */
const TEXT_ORDERS = {
  name: roms.nameSortKey,
  name_sort_key: roms.nameSortKey,
  fs_name: roms.fsName,
  fs_name_no_tags: roms.fsNameNoTags,
  fs_name_no_ext: roms.fsNameNoExt,
  fs_extension: roms.fsExtension,
  fs_path: roms.fsPath,
  slug: roms.slug,
  summary: roms.summary,
  revision: roms.revision,
  version: roms.version,
  player_count: roms.playerCount,
  crc_hash: roms.crcHash,
  md5_hash: roms.md5Hash,
  sha1_hash: roms.sha1Hash,
  ra_hash: roms.raHash,
  flashpoint_id: roms.flashpointId,
  gamelist_id: roms.gamelistId,
  libretro_id: roms.libretroId,
  path_cover_s: roms.pathCoverSmall,
  path_cover_l: roms.pathCoverLarge,
  url_cover: roms.urlCover,
  path_manual: roms.pathManual,
  url_manual: roms.urlManual,
  path_video: roms.pathVideo,
  youtube_video_id: roms.youtubeVideoId,
} as const;

/** Orders by what the viewer did; roms with which they never did anything are not listed then. */
const USER_ORDERS = {
  is_main_sibling: romUser.isMainSibling,
  backlogged: romUser.backlogged,
  now_playing: romUser.nowPlaying,
  hidden: romUser.hidden,
  last_played: romUser.lastPlayed,
  rating: romUser.rating,
  difficulty: romUser.difficulty,
  completion: romUser.completion,
  status: romUser.status,
} as const;

/** Names come from URLs, so what every object inherits is none of them. */
function findOrder<T extends object>(orders: T, name: string): T[keyof T] | undefined {
  return Object.hasOwn(orders, name) ? orders[name as keyof T] : undefined;
}

/** The column behind an order of the compatible list; an unknown name means the rom's name. */
function orderColumn(name: string): AnyColumn {
  return (
    findOrder(TEXT_ORDERS, name) ??
    findOrder(PLAIN_ORDERS, name) ??
    findOrder(USER_ORDERS, name) ??
    roms.nameSortKey
  );
}

export interface OffsetList {
  readonly filter: VisibleFilter;
  readonly orderBy: string;
  readonly direction: "asc" | "desc";
}

export interface OffsetPage extends OffsetList {
  readonly limit: number;
  readonly offset: number;
}

/** The filter together with what the order leaves out. */
export function toListedFilter({ filter, orderBy }: Pick<OffsetList, "filter" | "orderBy">): VisibleFilter {
  return Object.hasOwn(USER_ORDERS, orderBy) ? { ...filter, touched: "ever" } : filter;
}

/** Every rom of the list in its order. */
function selectOrdered(db: Executor, list: OffsetList, { withText }: { readonly withText: boolean }) {
  const order = list.direction === "desc" ? desc : asc;
  const column = orderColumn(list.orderBy);
  return db
    .select({ id: LISTED_ID, ...(withText ? { text: sql<string | null>`${column}`.as("listed_text") } : {}) })
    .from(listedFrom(column, list.filter.viewerId))
    .where(and(...toConditions(toListedFilter(list))))
    .orderBy(order(column), order(roms.id));
}

/** Ids of one page, from the narrow index. */
export async function listRomIdsByOffset(db: Executor, page: OffsetPage): Promise<readonly number[]> {
  const rows = await selectOrdered(db, page, { withText: false }).limit(page.limit).offset(page.offset);
  return rows.map((row) => row.id);
}

/** Which of a list's indexes to read. */
export interface WantedIndexes {
  readonly withIds: boolean;
  readonly withFirsts: boolean;
}

/** A list as a whole, in texts; what was not wanted is empty. */
export interface ListTexts {
  /** Every id in the order of the list, as a JSON array. */
  readonly idsJson: string;
  /** The first character of each text, as `indexFirstCharacters` takes them. */
  readonly firsts: string;
}

/** Reads the indexes of a list: both in one pass where they have the same order. */
export async function readListIndexes(
  db: Executor,
  list: OffsetList,
  wanted: WantedIndexes,
): Promise<ListTexts> {
  const column = orderColumn(list.orderBy);
  const isByText = Object.values(TEXT_ORDERS).some((each) => each === column);
  if (isByText || !wanted.withFirsts) return await readIndexes(db, list, wanted);
  // Under any other order the index is the one of the names, of the same roms.
  const byName = { ...list, filter: toListedFilter(list), orderBy: "name" };
  const [{ idsJson }, { firsts }] = await Promise.all([
    wanted.withIds ? readIndexes(db, list, { withIds: true, withFirsts: false }) : NOTHING_READ,
    readIndexes(db, byName, { withIds: false, withFirsts: true }),
  ]);
  return { idsJson, firsts };
}

const NOTHING_READ: ListTexts = { idsJson: "[]", firsts: "" };

async function readIndexes(
  db: Executor,
  list: OffsetList,
  { withIds, withFirsts }: WantedIndexes,
): Promise<ListTexts> {
  const ordered = selectOrdered(db, list, { withText: withFirsts }).as("ordered");
  const text = sql`ordered.listed_text`;
  const mark = sql`coalesce(nullif(left(${text}, 1), ''), case when ${text} is null
    then ${NULL_MARK} else ${EMPTY_MARK} end)`;
  // One row: reading thousands of them costs more than the query.
  const [row] = await db
    .select({
      idsJson: withIds
        ? sql<string | null>`array_to_json(array_agg(ordered.listed_id))::text`
        : sql<null>`null`,
      firsts: withFirsts ? sql<string | null>`string_agg(${mark}, '')` : sql<null>`null`,
    })
    .from(ordered);
  return { idsJson: row?.idsJson ?? "[]", firsts: row?.firsts ?? "" };
}
