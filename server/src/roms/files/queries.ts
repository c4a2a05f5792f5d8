import type { Executor } from "@multitap/db";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { and, asc, eq } from "drizzle-orm";
import { toInstant } from "../../base/clock.ts";
import { perExecutor } from "../../base/per-executor.ts";
import { formatIds, isOneOfGiven } from "../queries.ts";
import type { ArchiveMember, RomFile } from "./contract.ts";

interface FileRow {
  readonly file: typeof romFiles.$inferSelect;
  readonly fsPath: string;
  readonly fsName: string;
}

const prepared = perExecutor((db) => ({
  filesOfRoms: db
    .select({ file: romFiles, fsPath: roms.fsPath, fsName: roms.fsName })
    .from(romFiles)
    .innerJoin(roms, eq(roms.id, romFiles.romId))
    .where(and(isOneOfGiven(romFiles.romId), eq(romFiles.missingFromFs, false)))
    .orderBy(asc(romFiles.romId), asc(romFiles.fileName), asc(romFiles.id))
    .prepare("files_of_roms"),
}));

/** Files of several roms at once, per rom in the order of their names. */
export async function listFilesOfRoms(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, readonly RomFile[]>> {
  if (romIds.length === 0) return new Map();
  const rows = await prepared(db).filesOfRoms.execute({ ids: formatIds(romIds) });
  return Map.groupBy(rows.map(toRomFile), (file) => file.romId);
}

function toRomFile({ file, fsPath, fsName }: FileRow): RomFile {
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
    createdAt: toInstant(file.createdAt),
    updatedAt: toInstant(file.updatedAt),
  };
}

/** A nested file is top-level directly in the rom's folder; any other when it is the rom itself. */
function isTopLevel(file: { filePath: string; fileName: string }, romPath: string): boolean {
  const isNested = file.filePath.split("/").length > 2;
  return isNested ? file.filePath === romPath : `${file.filePath}/${file.fileName}` === romPath;
}
