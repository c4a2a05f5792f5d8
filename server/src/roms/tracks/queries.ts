import type { Executor } from "@multitap/db";
import { romFiles, roms, trackMeta } from "@multitap/db/schema/roms";
import { and, asc, eq, gt, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { SoundtrackFile, TrackMeta, UnreadTrack } from "./contract.ts";
import { TRACK_EXTENSIONS } from "./rules.ts";

type TrackRow = typeof trackMeta.$inferSelect;

/** The tags of a row; null without one. */
export function toTrackMeta(row: TrackRow | null): TrackMeta | null {
  if (row === null) return null;
  const { title, artist, album, genre, year, track, disc, durationSeconds, hasEmbeddedCover, coverPath } =
    row;
  return { title, artist, album, genre, year, track, disc, durationSeconds, hasEmbeddedCover, coverPath };
}

/** Which files to look through for tags that are to be read. */
export interface UnreadQuery {
  readonly platformId: number;
  readonly afterFileId: number;
  readonly limit: number;
}

const isTrackFile = sql`lower(${romFiles.fileName}) ~ ${`\\.(${TRACK_EXTENSIONS.join("|")})$`}`;

/** Soundtrack files of a platform behind a file id that changed since their tags were read, in id order. */
export async function listUnreadTracks(
  db: Executor,
  { platformId, afterFileId, limit }: UnreadQuery,
): Promise<readonly UnreadTrack[]> {
  return await db
    .select({
      fileId: romFiles.id,
      romId: romFiles.romId,
      platformId: roms.platformId,
      fileName: romFiles.fileName,
      filePath: romFiles.filePath,
    })
    .from(romFiles)
    .innerJoin(roms, eq(roms.id, romFiles.romId))
    .leftJoin(trackMeta, eq(trackMeta.romFileId, romFiles.id))
    .where(
      and(
        eq(roms.platformId, platformId),
        eq(romFiles.category, "soundtrack"),
        eq(romFiles.missingFromFs, false),
        gt(romFiles.id, afterFileId),
        isTrackFile,
        or(isNull(trackMeta.romFileId), lt(trackMeta.updatedAt, romFiles.updatedAt)),
      ),
    )
    .orderBy(asc(romFiles.id))
    .limit(limit);
}

/** Stores tags that were just read; a file that is gone meanwhile is left alone. */
export async function storeTrackMeta(
  db: Executor,
  { fileId, romId }: Pick<UnreadTrack, "fileId" | "romId">,
  meta: TrackMeta,
): Promise<void> {
  const fields = { ...meta, romId };
  await db.execute(sql`
    insert into ${trackMeta} (rom_file_id, rom_id, title, artist, album, genre, year, track, disc, duration_seconds,
      has_embedded_cover, cover_path)
    select f.id, f.rom_id, ${fields.title}, ${fields.artist}, ${fields.album}, ${fields.genre}, ${fields.year}::int2,
      ${fields.track}::int2, ${fields.disc}::int2, ${fields.durationSeconds}::float8, ${fields.hasEmbeddedCover},
      ${fields.coverPath}
    from ${romFiles} f where f.id = ${fileId} for key share of f
    on conflict (rom_file_id) do update set (rom_id, title, artist, album, genre, year, track, disc, duration_seconds,
      has_embedded_cover, cover_path, updated_at) = (excluded.rom_id, excluded.title, excluded.artist, excluded.album,
      excluded.genre, excluded.year, excluded.track, excluded.disc, excluded.duration_seconds,
      excluded.has_embedded_cover, excluded.cover_path, now())`);
}

/** Forgets the tags of files that have none any more. */
export async function removeTrackMeta(db: Executor, fileIds: readonly number[]): Promise<void> {
  if (fileIds.length > 0) await db.delete(trackMeta).where(inArray(trackMeta.romFileId, [...fileIds]));
}

/** Soundtrack files of a rom with their tags, by name. */
export async function listSoundtrackFiles(db: Executor, romId: number): Promise<readonly SoundtrackFile[]> {
  const rows = await db
    .select({
      fileId: romFiles.id,
      fileName: romFiles.fileName,
      sizeBytes: romFiles.fileSizeBytes,
      meta: trackMeta,
    })
    .from(romFiles)
    .leftJoin(trackMeta, eq(trackMeta.romFileId, romFiles.id))
    .where(
      and(eq(romFiles.romId, romId), eq(romFiles.category, "soundtrack"), eq(romFiles.missingFromFs, false)),
    )
    .orderBy(asc(romFiles.fileName), asc(romFiles.id));
  return rows.map(({ meta, ...file }) => ({ ...file, tags: toTrackMeta(meta) }));
}
