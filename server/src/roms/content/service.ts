import { crc32 } from "node:zlib";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import type { RomFile } from "../files/contract.ts";
import { listFilesOfRoms } from "../files/queries.ts";
import {
  findNewest,
  type LocatedFile,
  locateAll,
  toArchivedFiles,
  toStoredFile,
} from "../located-files/service.ts";
import { findRomById } from "../queries.ts";
import { romNotFound } from "../rules.ts";
import {
  type ArchivedFile,
  type RomContent,
  RomContentInput,
  RomContentSchema,
  type StoredArchive,
} from "./contract.ts";
import { formatPlaylist, hasPlaylist, toArchivePath } from "./rules.ts";

/**
 * Finds the bytes of a rom for a download: one file as it is, several as an archive.
 * @throws AppError `ROMS_NOT_FOUND`; `ROMS_FILE_NOT_FOUND` when there is no such file of this rom;
 * `ROMS_FILE_MISSING` when one is gone from disk.
 */
export const getRomContent = operation(
  {
    type: "query",
    scope: "roms.read",
    isOpen: (facts) => facts.isDownloadPublic,
    input: RomContentInput,
    output: RomContentSchema,
    storesNoAnswer: true,
  },
  async (ctx, { romId, fileIds, isHiddenFolder }): Promise<RomContent> => {
    const [rom, perRom, hidden] = await Promise.all([
      findRomById(ctx.db, romId),
      listFilesOfRoms(ctx.db, [romId]),
      getHidden(ctx),
    ]);
    if (rom === null || hidesRom(hidden, rom)) throw romNotFound(romId);
    const files = perRom.get(romId) ?? [];
    const chosen = chooseFiles(files, fileIds ?? []);
    const [only, ...more] = await locateAll(ctx, chosen);
    if (only !== undefined && more.length === 0) return { kind: "file", file: toStoredFile(only) };
    const located = only === undefined ? [] : [only, ...more];
    const naming = { romPath: `${rom.fsPath}/${rom.fsName}`, isHiddenFolder };
    const archive = await toArchive(ctx, located, {
      fsName: rom.fsName,
      naming,
      hasOwnPlaylist: hasPlaylist(files),
    });
    return { kind: "archive", archive };
  },
);

function chooseFiles(files: readonly RomFile[], fileIds: readonly number[]): readonly RomFile[] {
  const chosen = fileIds.length === 0 ? files : files.filter((file) => fileIds.includes(file.id));
  if (chosen.length > 0) return chosen;
  throw new AppError("not_found", "ROMS_FILE_NOT_FOUND", { message: "No files found for this rom" });
}

interface ArchivePlan {
  readonly fsName: string;
  readonly naming: Parameters<typeof toArchivePath>[1];
  readonly hasOwnPlaylist: boolean;
}

/** Named after the rom itself, whatever the address says: some apps encode it twice. */
async function toArchive(
  ctx: Context,
  located: readonly LocatedFile[],
  { fsName, naming, hasOwnPlaylist }: ArchivePlan,
): Promise<StoredArchive> {
  const files = await toArchivedFiles(ctx, located, (file) => toArchivePath(file, naming));
  return {
    fileName: `${fsName}.zip`,
    modifiedAt: findNewest(located),
    files: hasOwnPlaylist ? files : [...files, createPlaylist(fsName, files)],
  };
}

function createPlaylist(fsName: string, files: readonly ArchivedFile[]): ArchivedFile {
  const text = formatPlaylist(files.map((file) => file.name));
  const bytes = new TextEncoder().encode(text);
  return { name: `${fsName}.m3u`, sizeBytes: bytes.length, crc32: crc32(bytes), content: { text } };
}
