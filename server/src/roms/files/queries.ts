import type { Executor } from "@multitap/db";
import { romFiles, roms, trackMeta } from "@multitap/db/schema/roms";
import { and, asc, eq, sql } from "drizzle-orm";
import { toInstant } from "../../base/clock.ts";
import { perExecutor } from "../../base/per-executor.ts";
import { formatIds } from "../../base/sql.ts";
import { isOneOfGiven } from "../queries.ts";
import { toTrackMeta } from "../tracks/queries.ts";
import type { ArchiveMember, RomFile } from "./contract.ts";

interface FileRow {
  readonly file: typeof romFiles.$inferSelect;
  readonly fsPath: string;
  readonly fsName: string;
  readonly meta: typeof trackMeta.$inferSelect | null;
}

const prepared = perExecutor((db) => ({
  filesOfRoms: db
    .select({ file: romFiles, fsPath: roms.fsPath, fsName: roms.fsName, meta: trackMeta })
    .from(romFiles)
    .innerJoin(roms, eq(roms.id, romFiles.romId))
    .leftJoin(trackMeta, eq(trackMeta.romFileId, romFiles.id))
    .where(and(isOneOfGiven(romFiles.romId), eq(romFiles.missingFromFs, false)))
    .orderBy(asc(romFiles.romId), asc(romFiles.fileName), asc(romFiles.id))
    .prepare("files_of_roms"),
  fileById: db
    .select({
      file: romFiles,
      fsPath: roms.fsPath,
      fsName: roms.fsName,
      platformId: roms.platformId,
      meta: trackMeta,
    })
    .from(romFiles)
    .innerJoin(roms, eq(roms.id, romFiles.romId))
    .leftJoin(trackMeta, eq(trackMeta.romFileId, romFiles.id))
    .where(and(eq(romFiles.id, sql.placeholder("fileId")), eq(romFiles.missingFromFs, false)))
    .prepare("file_by_id"),
}));

/** One file with the platform of its rom, or null. */
export async function findFileById(
  db: Executor,
  fileId: number,
): Promise<{ readonly file: RomFile; readonly platformId: number } | null> {
  const [row] = await prepared(db).fileById.execute({ fileId });
  return row === undefined ? null : { file: toRomFile(row), platformId: row.platformId };
}

/** Files of several roms at once, per rom in the order of their names. */
export async function listFilesOfRoms(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, readonly RomFile[]>> {
  if (romIds.length === 0) return new Map();
  const rows = await prepared(db).filesOfRoms.execute({ ids: formatIds(romIds) });
  return Map.groupBy(rows.map(toRomFile), (file) => file.romId);
}

function toRomFile({ file, fsPath, fsName, meta }: FileRow): RomFile {
  return {
    id: file.id,
    romId: file.romId,
    fileName: file.fileName,
    filePath: file.filePath,
    sizeBytes: file.fileSizeBytes,
    modifiedAt: toInstant(new Date((file.lastModified ?? 0) * 1000)),
    isTopLevel: isTopLevel(file, `${fsPath}/${fsName}`),
    crc32: file.crcHash,
    md5: file.md5Hash,
    sha1: file.sha1Hash,
    raHash: file.raHash,
    chdSha1: file.chdSha1Hash,
    isPacked: file.isPacked,
    archiveMembers: file.archiveMembers as readonly ArchiveMember[] | null,
    category: file.category,
    trackMeta: toTrackMeta(meta),
    createdAt: toInstant(file.createdAt),
    updatedAt: toInstant(file.updatedAt),
  };
}

/** A nested file is top-level directly in the rom's folder; any other when it is the rom itself. */
function isTopLevel(file: { filePath: string; fileName: string }, romPath: string): boolean {
  const isNested = file.filePath.split("/").length > 2;
  return isNested ? file.filePath === romPath : `${file.filePath}/${file.fileName}` === romPath;
}
