import type { Executor } from "@multitap/db";
import { musicFavoriteTracks } from "@multitap/db/schema/collections";
import { platforms } from "@multitap/db/schema/platforms";
import { romFiles, roms, trackMeta } from "@multitap/db/schema/roms";
import { countChanged } from "@multitap/db/statements";
import { type SQL, sql } from "drizzle-orm";
import { toInstant } from "../base/clock.ts";
import { formatIds, toPartPattern } from "../base/sql.ts";
import type { Hidden } from "../permissions/hidden/contract.ts";
import type { FacetOrder, MusicFacet, MusicTrack, PlaylistOrder, TrackFilter } from "./contract.ts";

/** Whose sight a query takes. */
export interface Viewer {
  /** Null for callers without an account, who have no favourites. */
  readonly userId: number | null;
  readonly hidden: Hidden;
}

/** Every track: a file `f` with tags `t` of a rom `r` of a platform `p`. */
export const FROM_TRACKS = sql`from ${trackMeta} t join ${romFiles} f on f.id = t.rom_file_id
  join ${roms} r on r.id = f.rom_id join ${platforms} p on p.id = r.platform_id`;

/** Conditions that hold for a track that the caller may see, on disk now. */
export function isVisibleTrack({ platformIds, romIds }: Hidden): SQL {
  const notIn = (column: SQL, ids: readonly number[]) =>
    ids.length === 0 ? sql`` : sql` and ${column} <> all((select ${formatIds(ids)}::text::int4[])::int4[])`;
  return sql`f.category = 'soundtrack' and not f.missing_from_fs and not r.missing_from_fs${notIn(
    sql`r.platform_id`,
    platformIds,
  )}${notIn(sql`r.id`, romIds)}`;
}

/** Ids with the place of each in the list, from 1; the first place of one that is named twice. */
export function unnestIds(ids: readonly number[]): SQL {
  return sql`(select id, min(n) as n from unnest(${formatIds(ids)}::text::int4[]) with ordinality as u(id, n) group by id)`;
}

/** Facets by the column that holds their values. */
const FACET_COLUMNS = {
  artist: sql`t.artist`,
  album: sql`t.album`,
  genre: sql`t.genre`,
  year: sql`t.year`,
} as const;
export type FacetName = keyof typeof FACET_COLUMNS;

function toConditions(filter: TrackFilter, hidden: Hidden): SQL {
  const { search, artist, album, genre, platformIds, romId, year, minDurationSeconds, maxDurationSeconds } =
    filter;
  const equals = (column: SQL, text: string) => sql`lower(${column}) = lower(${text})`;
  const pattern = search === undefined || search === "" ? undefined : toPartPattern(search);
  const conditions = [
    isVisibleTrack(hidden),
    pattern && sql`(t.title ilike ${pattern} or t.artist ilike ${pattern} or t.album ilike ${pattern})`,
    artist && equals(FACET_COLUMNS.artist, artist),
    album && equals(FACET_COLUMNS.album, album),
    genre && equals(FACET_COLUMNS.genre, genre),
    platformIds && sql`r.platform_id = any(${formatIds(platformIds)}::text::int4[])`,
    romId !== undefined && sql`r.id = ${romId}`,
    // Compared as a large number: the column is small, and the caller's need not be.
    year !== undefined && sql`t.year::int8 = ${year}::int8`,
    minDurationSeconds !== undefined && sql`t.duration_seconds >= ${minDurationSeconds}`,
    maxDurationSeconds !== undefined && sql`t.duration_seconds <= ${maxDurationSeconds}`,
  ].filter((condition) => typeof condition === "object");
  return sql.join(conditions, sql` and `);
}

/** Which list of tracks: all, the favourites of an account, or a playlist. */
export type TrackSource = "library" | { readonly favoritesOf: number } | { readonly playlistId: number };

function fromSource(source: TrackSource): SQL {
  if (source === "library") return FROM_TRACKS;
  if ("favoritesOf" in source) {
    return sql`${FROM_TRACKS} join ${musicFavoriteTracks} m on m.rom_file_id = f.id and m.user_id = ${source.favoritesOf}`;
  }
  return sql`${FROM_TRACKS} join music_playlist_tracks m on m.rom_file_id = f.id and m.playlist_id = ${source.playlistId}`;
}

const PLATFORM_NAME = sql`coalesce(nullif(p.custom_name, ''), p.name)`;
/** Texts in the same order on every server, whatever the case of their letters. */
const byText = (text: SQL) => sql`lower(${text}) collate "C"`;
const ORDERS = {
  title: byText(sql`t.title`),
  artist: byText(sql`t.artist`),
  album: byText(sql`t.album`),
  year: sql`t.year`,
  duration: sql`t.duration_seconds`,
  platform: byText(PLATFORM_NAME),
  added: sql`f.created_at`,
  position: sql`m.position`,
} as const satisfies Record<PlaylistOrder, SQL>;

const toDirection = (direction: "asc" | "desc") => (direction === "desc" ? sql`desc` : sql`asc`);

export interface TrackQuery extends Viewer {
  readonly source: TrackSource;
  readonly filter: TrackFilter;
  /** `position` only for a playlist. */
  readonly orderBy: PlaylistOrder;
  readonly direction: "asc" | "desc";
  readonly limit: number;
  readonly offset: number;
}

interface TrackRow extends Record<string, unknown> {
  readonly file_id: number;
  readonly rom_id: number;
  readonly file_name: string;
  readonly rom_name: string;
  readonly platform_id: number;
  readonly platform_slug: string;
  readonly platform_name: string;
  readonly title: string | null;
  readonly artist: string | null;
  readonly album: string | null;
  readonly genre: string | null;
  readonly year: number | null;
  readonly track: number | null;
  readonly disc: number | null;
  readonly duration_seconds: number | null;
  readonly has_embedded_cover: boolean;
  readonly cover_path: string | null;
  readonly is_favorite: boolean;
  readonly added_ms: number;
  readonly updated_ms: number;
}

/** One page of tracks; those without the value of the order last, ties by file id. */
export async function listTrackRows(db: Executor, query: TrackQuery): Promise<readonly MusicTrack[]> {
  const { source, filter, hidden, userId, orderBy, direction, limit, offset } = query;
  const rows = await db.execute<TrackRow>(sql`
    select f.id as file_id, r.id as rom_id, f.file_name, coalesce(r.name, r.fs_name_no_tags) as rom_name,
      p.id as platform_id, p.slug as platform_slug, ${PLATFORM_NAME} as platform_name, t.title, t.artist, t.album, t.genre,
      t.year, t.track, t.disc, t.duration_seconds, t.has_embedded_cover, t.cover_path,
      exists (select from ${musicFavoriteTracks} v where v.user_id = ${userId}::int4 and v.rom_file_id = f.id) as is_favorite,
      (extract(epoch from f.created_at) * 1000)::float8 as added_ms,
      (extract(epoch from greatest(f.updated_at, t.updated_at)) * 1000)::float8 as updated_ms
    ${fromSource(source)} where ${toConditions(filter, hidden)}
    order by ${ORDERS[orderBy]} ${toDirection(direction)} nulls last, f.id limit ${limit} offset ${offset}`);
  return rows.map(toTrack);
}

function toTrack(row: TrackRow): MusicTrack {
  return {
    fileId: row.file_id,
    romId: row.rom_id,
    fileName: row.file_name,
    romName: row.rom_name,
    platformId: row.platform_id,
    platformSlug: row.platform_slug,
    platformName: row.platform_name,
    title: row.title,
    artist: row.artist,
    album: row.album,
    genre: row.genre,
    year: row.year,
    track: row.track,
    disc: row.disc,
    durationSeconds: row.duration_seconds,
    hasEmbeddedCover: row.has_embedded_cover,
    coverPath: row.cover_path,
    isFavorite: row.is_favorite,
    addedAt: toInstant(new Date(row.added_ms)),
    updatedAt: toInstant(new Date(row.updated_ms)),
  };
}

/** How many tracks a query lets through, whatever its page. */
export async function countTracks(
  db: Executor,
  { source, filter, hidden }: Pick<TrackQuery, "source" | "filter" | "hidden">,
): Promise<number> {
  return await countRows(db, sql`${fromSource(source)} where ${toConditions(filter, hidden)}`);
}

export async function countRows(db: Executor, from: SQL): Promise<number> {
  const [row] = await db.execute<{ count: number }>(sql`select count(*)::int as count ${from}`);
  return row?.count ?? 0;
}

export interface FacetQuery extends Pick<Viewer, "hidden"> {
  readonly name: FacetName;
  readonly filter: TrackFilter;
  readonly orderBy: FacetOrder;
  readonly direction: "asc" | "desc";
  readonly limit: number;
  readonly offset: number;
}

/** Tracks that have a value of a facet; what the filter says of the facet itself does not count. */
function fromFacet({ name, filter, hidden }: Pick<FacetQuery, "name" | "filter" | "hidden">): SQL {
  const others = toConditions({ ...filter, [name]: undefined }, hidden);
  return sql`${FROM_TRACKS} where ${others} and ${FACET_COLUMNS[name]} is not null`;
}

/** One page of the values of a facet with how many tracks have each; ties by value. */
export async function listFacetRows(db: Executor, query: FacetQuery): Promise<readonly MusicFacet[]> {
  const { name, orderBy, direction, limit, offset } = query;
  const value = name === "year" ? sql`value` : sql`lower(value) collate "C"`;
  const order =
    orderBy === "count"
      ? sql`count ${toDirection(direction)}, ${value}`
      : sql`${value} ${toDirection(direction)}`;
  const last = name === "year" ? sql`value` : sql`value collate "C"`;
  return await db.execute<{ value: string | number; count: number }>(sql`
    select value, count from (
      select ${FACET_COLUMNS[name]} as value, count(*)::int as count ${fromFacet(query)} group by 1
    ) counted order by ${order}, ${last} limit ${limit} offset ${offset}`);
}

/** How many values a facet has, whatever the page. */
export async function countFacetValues(db: Executor, query: FacetQuery): Promise<number> {
  return await countRows(
    db,
    sql`from (select distinct ${FACET_COLUMNS[query.name]} ${fromFacet(query)}) as distinct_values`,
  );
}

/** First of the two numbers of the lock on how many favourites an account has; the second is the account's. */
const FAVORITE_LOCKS = 0x6d_75_73;

/** Waits until no other transaction changes the favourites of an account; the lock ends with the transaction. */
export async function lockFavorites(db: Executor, userId: number): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${FAVORITE_LOCKS}, ${userId})`);
}

/** Which tracks a change of an account's favourites means; those that are hidden count as absent. */
export interface FavoritesChange {
  readonly userId: number;
  readonly fileIds: readonly number[];
  readonly hidden: Hidden;
}

/** Adds tracks to the favourites, unless they are there or unknown; gives how many were added. */
export async function addFavorites(
  db: Executor,
  { userId, fileIds, hidden }: FavoritesChange,
): Promise<number> {
  // Locked, so that no file is removed between being found and being linked.
  return await countChanged(
    db,
    sql`insert into ${musicFavoriteTracks} (user_id, rom_file_id)
      select ${userId}::int4, f.id ${FROM_TRACKS} where ${isVisibleTrack(hidden)} and f.id in (select id from ${unnestIds(fileIds)} g)
      order by f.id for key share of f on conflict do nothing`,
  );
}

/** Takes tracks out of the favourites; gives how many were there. */
export async function removeFavorites(
  db: Executor,
  { userId, fileIds }: Omit<FavoritesChange, "hidden">,
): Promise<number> {
  return await countChanged(
    db,
    sql`delete from ${musicFavoriteTracks} m where m.user_id = ${userId}
      and m.rom_file_id in (select id from ${unnestIds(fileIds)} g)`,
  );
}

/** Counts the favourites of an account, hidden ones too. */
export async function countFavorites(db: Executor, userId: number): Promise<number> {
  return await countRows(db, sql`from ${musicFavoriteTracks} m where m.user_id = ${userId}`);
}
