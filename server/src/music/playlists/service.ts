import { nextChange } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import { findAccountId, requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { NoInput, Nothing } from "../../base/schemas.ts";
import { inTransaction } from "../../base/transaction.ts";
import { requireGrant } from "../../permissions/checks/service.ts";
import { getHidden } from "../../permissions/hidden/service.ts";
import { MusicChangeSchema, TrackPageSchema } from "../contract.ts";
import { PLAYLIST_TRACKS_MAX, PLAYLISTS_PER_USER_MAX } from "../limits.ts";
import {
  playlistForeign,
  playlistNameTaken,
  playlistNotFound,
  tooManyPlaylists,
  tooManyTracks,
} from "../rules.ts";
import { readTrackPage } from "../service.ts";
import {
  ChangePlaylistTracksInput,
  CreatePlaylistInput,
  type Playlist,
  PlaylistIdInput,
  PlaylistListSchema,
  PlaylistSchema,
  PlaylistTracksInput,
  UpdatePlaylistInput,
} from "./contract.ts";
import {
  addPlaylistTrackRows,
  countPlaylistsOf,
  countPlaylistTracks,
  deletePlaylistRow,
  findPlaylistRow,
  insertPlaylistRow,
  listPlaylistRows,
  lockOwner,
  lockPlaylistRow,
  orderPlaylistTrackRows,
  type PlaylistRow,
  removePlaylistTrackRows,
  type TracksChange,
  updatePlaylistRow,
} from "./queries.ts";

/** The caller's playlists and those that others made public, by name. */
export const listPlaylists = operation(
  { type: "query", scope: "playlists.read", input: NoInput, output: PlaylistListSchema },
  async (ctx) =>
    await listPlaylistRows(ctx.db, { userId: findAccountId(ctx.identity), hidden: await getHidden(ctx) }),
);

/**
 * One playlist.
 * @throws AppError `MUSIC_PLAYLIST_NOT_FOUND`.
 */
export const getPlaylist = operation(
  { type: "query", scope: "playlists.read", input: PlaylistIdInput, output: PlaylistSchema },
  async (ctx, { playlistId }) => await readPlaylist(ctx, playlistId, findAccountId(ctx.identity)),
);

async function readPlaylist(ctx: Context, playlistId: number, userId: number | null): Promise<Playlist> {
  const [playlist] = await listPlaylistRows(ctx.db, { userId, hidden: await getHidden(ctx), playlistId });
  if (playlist === undefined) throw playlistNotFound(playlistId);
  return playlist;
}

/**
 * Makes a playlist of the caller's, without tracks.
 * @throws AppError `MUSIC_PLAYLIST_NAME_TAKEN`, `MUSIC_PLAYLISTS_LIMIT`.
 */
export const createPlaylist = operation(
  { type: "mutation", scope: "playlists.write", input: CreatePlaylistInput, output: PlaylistSchema },
  async (ctx, fields) => {
    const userId = requireAccountId(ctx);
    return await inTransaction(ctx, async (inner) => {
      await lockOwner(inner.db, userId);
      if ((await countPlaylistsOf(inner.db, userId)) >= PLAYLISTS_PER_USER_MAX) throw tooManyPlaylists();
      const now = ctx.ports.clock.now();
      const playlistId = await insertPlaylistRow(inner.db, {
        ...fields,
        userId,
        createdAt: now,
        updatedAt: now,
      });
      if (playlistId === null) throw playlistNameTaken(fields.name);
      return await readPlaylist(inner, playlistId, userId);
    });
  },
);

/**
 * Changes a playlist; what is left out stays.
 * @throws AppError `MUSIC_PLAYLIST_NOT_FOUND`, `MUSIC_PLAYLIST_FOREIGN`, `MUSIC_PLAYLIST_NAME_TAKEN`.
 */
export const updatePlaylist = operation(
  { type: "mutation", scope: "playlists.write", input: UpdatePlaylistInput, output: PlaylistSchema },
  async (ctx, input) =>
    await inTransaction(ctx, async (inner) => {
      const row = await lockChangeable(inner, input.playlistId);
      const patch = toPatch(row, input);
      if (Object.keys(patch).length > 0) {
        const updatedAt = nextChange(ctx.ports.clock.now(), row.updatedAt);
        const stored = await updatePlaylistRow(inner.db, row.id, { ...patch, updatedAt });
        if (stored === null) throw playlistNameTaken(input.name ?? row.name);
      }
      return await readPlaylist(inner, row.id, row.userId);
    }),
);

/** Only what differs from the stored playlist, so that its change date tells the truth. */
function toPatch(
  row: PlaylistRow,
  { name = row.name, description = row.description, isPublic = row.isPublic }: UpdatePlaylistInput,
): Partial<PlaylistRow> {
  return {
    ...(name === row.name ? {} : { name }),
    ...(description === row.description ? {} : { description }),
    ...(isPublic === row.isPublic ? {} : { isPublic }),
  };
}

/**
 * Gives a playlist that the caller may change, locked until the transaction ends: their own, or one that they may
 * see by a grant that is not for own objects only.
 */
async function lockChangeable(ctx: Context, playlistId: number): Promise<PlaylistRow> {
  const row = await lockPlaylistRow(ctx.db, playlistId, findAccountId(ctx.identity));
  if (row === null) throw playlistNotFound(playlistId);
  try {
    await requireGrant(ctx, { entity: "playlists", action: "write", ownerId: row.userId });
  } catch (error) {
    if (isAppError(error) && error.code === "PERMISSIONS_INSUFFICIENT")
      throw playlistForeign(playlistId, error);
    throw error;
  }
  return row;
}

/**
 * Removes a playlist; its tracks stay in the library. Others' playlists need the grant to delete them.
 * @throws AppError `MUSIC_PLAYLIST_NOT_FOUND`, `PERMISSIONS_INSUFFICIENT`.
 */
export const removePlaylist = operation(
  { type: "mutation", scope: "playlists.write", input: PlaylistIdInput, output: Nothing },
  async (ctx, { playlistId }): Promise<null> =>
    await inTransaction(ctx, async (inner) => {
      const row = await lockPlaylistRow(inner.db, playlistId, findAccountId(ctx.identity));
      if (row === null) throw playlistNotFound(playlistId);
      await requireGrant(inner, { entity: "playlists", action: "delete", ownerId: row.userId });
      await deletePlaylistRow(inner.db, playlistId);
      return null;
    }),
);

/**
 * Tracks of a playlist in its own order unless said.
 * @throws AppError `MUSIC_PLAYLIST_NOT_FOUND`.
 */
export const listPlaylistTracks = operation(
  { type: "query", scope: "playlists.read", input: PlaylistTracksInput, output: TrackPageSchema },
  async (ctx, { playlistId, ...page }) => {
    const row = await findPlaylistRow(ctx.db, playlistId, findAccountId(ctx.identity));
    if (row === null) throw playlistNotFound(playlistId);
    return await readTrackPage(ctx, { source: { playlistId }, filter: {}, ...page });
  },
);

/**
 * Adds tracks at the end of a playlist; those that are in it stay where they are, unknown ones are left out.
 * @returns How many were added.
 * @throws AppError `MUSIC_PLAYLIST_NOT_FOUND`, `MUSIC_PLAYLIST_FOREIGN`, `MUSIC_PLAYLIST_TRACKS_LIMIT`.
 */
export const addPlaylistTracks = operation(
  { type: "mutation", scope: "playlists.write", input: ChangePlaylistTracksInput, output: MusicChangeSchema },
  async (ctx, wish) =>
    await change(ctx, wish, async (inner, tracks) => {
      const added = await addPlaylistTrackRows(inner.db, tracks);
      const isFull =
        added > 0 && (await countPlaylistTracks(inner.db, tracks.playlistId)) > PLAYLIST_TRACKS_MAX;
      if (isFull) throw tooManyTracks();
      return added;
    }),
);

/**
 * Takes tracks out of a playlist; those that are not in it do not matter.
 * @returns How many were in it.
 * @throws AppError `MUSIC_PLAYLIST_NOT_FOUND`, `MUSIC_PLAYLIST_FOREIGN`.
 */
export const removePlaylistTracks = operation(
  { type: "mutation", scope: "playlists.write", input: ChangePlaylistTracksInput, output: MusicChangeSchema },
  async (ctx, wish) =>
    await change(ctx, wish, async (inner, tracks) => await removePlaylistTrackRows(inner.db, tracks)),
);

/**
 * Puts the tracks of a playlist in another order: the named ones first, the others behind as they were.
 * @throws AppError `MUSIC_PLAYLIST_NOT_FOUND`, `MUSIC_PLAYLIST_FOREIGN`.
 */
export const orderPlaylistTracks = operation(
  { type: "mutation", scope: "playlists.write", input: ChangePlaylistTracksInput, output: Nothing },
  async (ctx, wish): Promise<null> => {
    await change(ctx, wish, async (inner, tracks) => await orderPlaylistTrackRows(inner.db, tracks));
    return null;
  },
);

/** Runs a change of what is in a playlist under the lock of its row. */
async function change(
  ctx: Context,
  wish: Omit<TracksChange, "hidden">,
  work: (inner: Context, tracks: TracksChange) => Promise<number>,
): Promise<{ readonly count: number }> {
  return await inTransaction(ctx, async (inner) => {
    const row = await lockChangeable(inner, wish.playlistId);
    const changed = await work(inner, { ...wish, hidden: await getHidden(inner) });
    if (changed > 0) {
      const updatedAt = nextChange(ctx.ports.clock.now(), row.updatedAt);
      await updatePlaylistRow(inner.db, row.id, { updatedAt });
    }
    return { count: changed };
  });
}
