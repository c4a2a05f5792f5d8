import type { Executor } from "@multitap/db";
import { isUniqueViolation } from "@multitap/db/errors";
import { musicPlaylists, musicPlaylistTracks } from "@multitap/db/schema/collections";
import { users } from "@multitap/db/schema/users";
import { countChanged } from "@multitap/db/statements";
import { and, asc, count, eq, or, type SQL, sql } from "drizzle-orm";
import { toInstant } from "../../base/clock.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import { PLAYLISTS_LISTED_MAX } from "../limits.ts";
import { FROM_TRACKS, isVisibleTrack, unnestIds, type Viewer } from "../queries.ts";
import type { Playlist } from "./contract.ts";

/** A playlist as stored. */
export type PlaylistRow = typeof musicPlaylists.$inferSelect;

/** First of the two numbers of the lock on how many playlists an account has; the second is the account's. */
const OWNER_LOCKS = 0x70_6c_79;

function isVisible(userId: number | null): SQL | undefined {
  return or(
    eq(musicPlaylists.isPublic, true),
    userId === null ? undefined : eq(musicPlaylists.userId, userId),
  );
}

export interface PlaylistQuery extends Viewer {
  readonly playlistId?: number | undefined;
}

/** Playlists that a viewer may see, by name, all in one statement. */
export async function listPlaylistRows(
  db: Executor,
  { userId, hidden, playlistId }: PlaylistQuery,
): Promise<readonly Playlist[]> {
  const rows = await db
    .select({
      row: musicPlaylists,
      ownerUsername: users.username,
      trackCount: sql<number>`(select count(*)::int ${FROM_TRACKS} join ${musicPlaylistTracks} m on m.rom_file_id = f.id
        where m.playlist_id = ${musicPlaylists.id} and ${isVisibleTrack(hidden)})`,
    })
    .from(musicPlaylists)
    .innerJoin(users, eq(users.id, musicPlaylists.userId))
    .where(and(isVisible(userId), playlistId === undefined ? undefined : eq(musicPlaylists.id, playlistId)))
    .orderBy(sql`lower(${musicPlaylists.name})`, asc(musicPlaylists.id))
    .limit(PLAYLISTS_LISTED_MAX);
  return rows.map(({ row, ownerUsername, trackCount }) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    ownerId: row.userId,
    ownerUsername,
    isPublic: row.isPublic,
    trackCount,
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  }));
}

/** Finds a playlist that a viewer may see. */
export async function findPlaylistRow(
  db: Executor,
  playlistId: number,
  userId: number | null,
): Promise<PlaylistRow | null> {
  const [row] = await selectPlaylist(db, playlistId, userId);
  return row ?? null;
}

/** The same, and keeps others from changing it, or what is in it, until the transaction ends. */
export async function lockPlaylistRow(
  db: Executor,
  playlistId: number,
  userId: number | null,
): Promise<PlaylistRow | null> {
  const [row] = await selectPlaylist(db, playlistId, userId).for("update");
  return row ?? null;
}

function selectPlaylist(db: Executor, playlistId: number, userId: number | null) {
  return db
    .select()
    .from(musicPlaylists)
    .where(and(eq(musicPlaylists.id, playlistId), isVisible(userId)));
}

/** Waits until no other transaction makes a playlist for an account; the lock ends with the transaction. */
export async function lockOwner(db: Executor, userId: number): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${OWNER_LOCKS}, ${userId})`);
}

/** Counts the playlists of an account. */
export async function countPlaylistsOf(db: Executor, userId: number): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(musicPlaylists)
    .where(eq(musicPlaylists.userId, userId));
  return row?.total ?? 0;
}

/** Adds a playlist; gives its id, or null when its owner has one of that name. The transaction is lost then. */
export async function insertPlaylistRow(
  db: Executor,
  row: typeof musicPlaylists.$inferInsert,
): Promise<number | null> {
  return await orTaken(async () => {
    const [added] = await db.insert(musicPlaylists).values(row).returning({ id: musicPlaylists.id });
    return added?.id ?? null;
  });
}

/** Changes a playlist; gives its id, or null when its owner has one of that name. The transaction is lost then. */
export async function updatePlaylistRow(
  db: Executor,
  playlistId: number,
  patch: Partial<typeof musicPlaylists.$inferInsert>,
): Promise<number | null> {
  return await orTaken(async () => {
    await db.update(musicPlaylists).set(patch).where(eq(musicPlaylists.id, playlistId));
    return playlistId;
  });
}

async function orTaken(write: () => Promise<number | null>): Promise<number | null> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return null;
  }
}

/** Removes a playlist with its links. */
export async function deletePlaylistRow(db: Executor, playlistId: number): Promise<void> {
  await db.delete(musicPlaylists).where(eq(musicPlaylists.id, playlistId));
}

/** Which tracks a change of a playlist means; those that are hidden count as absent. */
export interface TracksChange {
  readonly playlistId: number;
  readonly fileIds: readonly number[];
  readonly hidden: Hidden;
}

/** Adds tracks at the end in the order of their ids, unless they are in it or unknown; gives how many were added. */
export async function addPlaylistTrackRows(
  db: Executor,
  { playlistId, fileIds, hidden }: TracksChange,
): Promise<number> {
  // Locked, so that no file is removed between being found and being linked.
  const added = await countChanged(
    db,
    sql`insert into ${musicPlaylistTracks} (playlist_id, rom_file_id, position)
      select ${playlistId}::int4, g.id,
        (select coalesce(max(position), -1) from ${musicPlaylistTracks} where playlist_id = ${playlistId}) + g.n
      from (select f.id, g.n::int4 ${FROM_TRACKS} join ${unnestIds(fileIds)} g on g.id = f.id
        where ${isVisibleTrack(hidden)} order by f.id for key share of f) g
      on conflict do nothing`,
  );
  if (added > 0) await numberTracks(db, playlistId);
  return added;
}

/** Takes tracks out of a playlist; gives how many were in it. */
export async function removePlaylistTrackRows(
  db: Executor,
  { playlistId, fileIds, hidden }: TracksChange,
): Promise<number> {
  const removed = await countChanged(
    db,
    sql`delete from ${musicPlaylistTracks} m where m.playlist_id = ${playlistId} and m.rom_file_id in (
      select f.id ${FROM_TRACKS} join ${unnestIds(fileIds)} g on g.id = f.id where ${isVisibleTrack(hidden)})`,
  );
  if (removed > 0) await numberTracks(db, playlistId);
  return removed;
}

/** Puts the named tracks first, in the order of their ids, the others behind as they were; gives how many moved. */
export async function orderPlaylistTrackRows(
  db: Executor,
  { playlistId, fileIds }: Omit<TracksChange, "hidden">,
): Promise<number> {
  return await countChanged(
    db,
    sql`update ${musicPlaylistTracks} t set position = x.place, updated_at = now() from (
        select m.id, (row_number() over (order by g.n nulls last, m.position, m.id) - 1)::int4 as place
        from ${musicPlaylistTracks} m left join ${unnestIds(fileIds)} g on g.id = m.rom_file_id
        where m.playlist_id = ${playlistId}
      ) x where x.id = t.id and t.position <> x.place`,
  );
}

/** Closes the gaps between positions; the first is 0. */
async function numberTracks(db: Executor, playlistId: number): Promise<void> {
  await orderPlaylistTrackRows(db, { playlistId, fileIds: [] });
}

/** Counts the tracks of a playlist, hidden ones too. */
export async function countPlaylistTracks(db: Executor, playlistId: number): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(musicPlaylistTracks)
    .where(eq(musicPlaylistTracks.playlistId, playlistId));
  return row?.total ?? 0;
}
