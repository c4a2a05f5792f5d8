import type { Context } from "../base/context.ts";
import { findAccountId, requireAccountId } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { inTransaction } from "../base/transaction.ts";
import { getHidden } from "../permissions/hidden/service.ts";
import {
  FavoriteTracksInput,
  ListFacetInput,
  ListTracksInput,
  MusicChangeSchema,
  type MusicFacet,
  type MusicPage,
  type MusicTrack,
  TextFacetPageSchema,
  TrackPageSchema,
  YearFacetPageSchema,
} from "./contract.ts";
import { FAVORITE_TRACKS_MAX } from "./limits.ts";
import {
  addFavorites,
  countFacetValues,
  countFavorites,
  countTracks,
  type FacetName,
  listFacetRows,
  listTrackRows,
  lockFavorites,
  removeFavorites,
  type TrackQuery,
  type TrackSource,
} from "./queries.ts";
import { tooManyFavorites } from "./rules.ts";

/** What a page of tracks is asked for by. */
export type TrackPageQuery = Omit<TrackQuery, "userId" | "hidden">;

/** Reads one page of tracks as the caller sees them. */
export async function readTrackPage(ctx: Context, asked: TrackPageQuery): Promise<MusicPage<MusicTrack>> {
  const query = { ...asked, userId: findAccountId(ctx.identity), hidden: await getHidden(ctx) };
  const [items, total] = await Promise.all([listTrackRows(ctx.db, query), countTracks(ctx.db, query)]);
  return { items, total, limit: query.limit, offset: query.offset };
}

function toQuery(input: ListTracksInput, source: TrackSource): TrackPageQuery {
  const { orderBy, direction, limit, offset, ...filter } = input;
  return { source, filter, orderBy, direction, limit, offset };
}

/** Tracks of the library, by title unless said; those without the value of the order come last. */
export const listTracks = operation(
  { type: "query", scope: "roms.read", input: ListTracksInput, output: TrackPageSchema },
  async (ctx, input) => await readTrackPage(ctx, toQuery(input, "library")),
);

/** The caller's favourite tracks; none for callers without an account. */
export const listFavoriteTracks = operation(
  { type: "query", scope: "playlists.read", input: ListTracksInput, output: TrackPageSchema },
  async (ctx, input) => {
    // No account has this id.
    const favoritesOf = findAccountId(ctx.identity) ?? 0;
    return await readTrackPage(ctx, toQuery(input, { favoritesOf }));
  },
);

/**
 * Marks tracks as favourites; unknown ones are left out.
 * @returns How many were not favourites before.
 * @throws AppError `MUSIC_FAVORITES_LIMIT`.
 */
export const addFavoriteTracks = operation(
  { type: "mutation", scope: "playlists.write", input: FavoriteTracksInput, output: MusicChangeSchema },
  async (ctx, { fileIds }) => {
    const userId = requireAccountId(ctx);
    return await inTransaction(ctx, async (inner) => {
      await lockFavorites(inner.db, userId);
      const count = await addFavorites(inner.db, { userId, fileIds, hidden: await getHidden(inner) });
      if (count > 0 && (await countFavorites(inner.db, userId)) > FAVORITE_TRACKS_MAX)
        throw tooManyFavorites();
      return { count };
    });
  },
);

/**
 * Takes tracks out of the favourites; those that are none do not matter.
 * @returns How many were favourites.
 */
export const removeFavoriteTracks = operation(
  { type: "mutation", scope: "playlists.write", input: FavoriteTracksInput, output: MusicChangeSchema },
  async (ctx, { fileIds }) => ({
    count: await removeFavorites(ctx.db, { userId: requireAccountId(ctx), fileIds }),
  }),
);

async function readFacet(
  ctx: Context,
  name: FacetName,
  { orderBy, direction, limit, offset, ...filter }: ListFacetInput,
): Promise<MusicPage<MusicFacet>> {
  const query = { name, filter, orderBy, direction, limit, offset, hidden: await getHidden(ctx) };
  const [items, total] = await Promise.all([listFacetRows(ctx.db, query), countFacetValues(ctx.db, query)]);
  return { items, total, limit, offset };
}

function textFacet(name: Exclude<FacetName, "year">) {
  return operation(
    { type: "query", scope: "roms.read", input: ListFacetInput, output: TextFacetPageSchema },
    async (ctx, input) => (await readFacet(ctx, name, input)) as MusicPage<MusicFacet<string>>,
  );
}

/** Artists and how many tracks each has, the most first unless said; a filter on the artist does not count. */
export const listArtists = textFacet("artist");

/** Albums and how many tracks each has, the most first unless said; a filter on the album does not count. */
export const listAlbums = textFacet("album");

/** Genres and how many tracks each has, the most first unless said; a filter on the genre does not count. */
export const listGenres = textFacet("genre");

/** Years and how many tracks each has, the most first unless said; a filter on the year does not count. */
export const listYears = operation(
  { type: "query", scope: "roms.read", input: ListFacetInput, output: YearFacetPageSchema },
  async (ctx, input) => (await readFacet(ctx, "year", input)) as MusicPage<MusicFacet<number>>,
);
