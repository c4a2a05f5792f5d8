import { crc32 } from "node:zlib";
import { compareByCodePoint } from "../../base/code-point-order.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import type { StoredArchive } from "../content/contract.ts";
import type { RomFile } from "../files/contract.ts";
import { listFilesOfRoms } from "../files/queries.ts";
import { listRomsOfFilters } from "../filters/service.ts";
import { ARCHIVE_FILES_MAX } from "../limits.ts";
import { findAll, findNewest, toArchivedFiles } from "../located-files/service.ts";

/** Which roms an archive is to hold. */
export type RomsToArchive = { readonly platformId: number } | { readonly romIds: readonly number[] };

/**
 * Puts several roms into one archive, each file under its path in the library. Roms that are hidden or unknown and
 * files that are gone from disk are left out.
 * @param fileName Of the archive; it counts the roms and marks their files unless said.
 * @throws AppError `ROMS_SELECTION_EMPTY` when nothing is left, `ROMS_SELECTION_INVALID` for too many files.
 */
export async function archiveRoms(
  ctx: Context,
  roms: RomsToArchive,
  fileName: string | null,
): Promise<StoredArchive> {
  const filter = "platformId" in roms ? { platformIds: [roms.platformId] } : { among: roms.romIds };
  const [{ romIds } = { romIds: [] }] = await listRomsOfFilters(ctx, [filter]);
  const files = sortFiles(await listFilesOfRoms(ctx.db, romIds));
  if (files.length > ARCHIVE_FILES_MAX) {
    const message = `The roms have ${files.length} files; an archive holds ${ARCHIVE_FILES_MAX} at most`;
    throw new AppError("invalid", "ROMS_SELECTION_INVALID", { message });
  }
  const located = (await findAll(ctx, files)).filter((each) => each !== null);
  if (located.length === 0) {
    throw new AppError("not_found", "ROMS_SELECTION_EMPTY", { message: "No ROMs found to download" });
  }
  const archived = await toArchivedFiles(ctx, located, toPath);
  return {
    fileName: nameArchive(fileName, { romCount: romIds.length, files: archived }),
    modifiedAt: findNewest(located),
    files: archived,
  };
}

function toPath({ filePath, fileName }: RomFile): string {
  return `${filePath}/${fileName}`;
}

function sortFiles(perRom: ReadonlyMap<number, readonly RomFile[]>): readonly RomFile[] {
  return [...perRom.values()].flat().sort((a, b) => compareByCodePoint(toPath(a), toPath(b)));
}

interface ToName {
  readonly romCount: number;
  readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
}

/** The compatible name: how many roms, and a checksum over the paths and sizes of their files. */
function nameArchive(given: string | null, { romCount, files }: ToName): string {
  if (given !== null && given !== "") return given.toLowerCase().endsWith(".zip") ? given : `${given}.zip`;
  const lines = files.map(({ name, sizeBytes }) => `${name}:${sizeBytes}`).join("\n");
  return `${romCount} ROMs (${crc32(lines).toString(16).padStart(8, "0")}).zip`;
}
