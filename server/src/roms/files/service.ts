import { join } from "node:path";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import type { FileFacts } from "../../ports/files/port.ts";
import { findRomById } from "../queries.ts";
import { romNotFound } from "../rules.ts";
import { RomContentInput, type RomFile, type StoredFile, StoredFileSchema } from "./contract.ts";
import { listFilesOfRoms } from "./queries.ts";

/**
 * Finds the bytes of a rom for a download.
 * @throws AppError `ROMS_NOT_FOUND`; `ROMS_FILE_NOT_FOUND` when a named file is not of this rom;
 * `ROMS_FILE_MISSING` when the file is gone from disk; `ROMS_CONTENT_SEVERAL` when more than one file is meant.
 */
export const getRomContent = operation(
  {
    type: "query",
    scope: "roms.read",
    isOpen: (facts) => facts.isDownloadPublic,
    input: RomContentInput,
    output: StoredFileSchema,
    storesNoAnswer: true,
  },
  async (ctx, { romId, fileIds }): Promise<StoredFile> => {
    const [rom, files] = await Promise.all([findRomById(ctx.db, romId), listFilesOfRoms(ctx.db, [romId])]);
    if (rom === null) throw romNotFound(romId);
    return await locate(ctx, chooseFile(files.get(romId) ?? [], fileIds ?? []));
  },
);

function chooseFile(files: readonly RomFile[], fileIds: readonly number[]): RomFile {
  const chosen = fileIds.length === 0 ? files : files.filter((file) => fileIds.includes(file.id));
  const [file, another] = chosen;
  if (file === undefined) {
    throw new AppError("not_found", "ROMS_FILE_NOT_FOUND", { message: "No files found for this rom" });
  }
  if (another !== undefined) {
    throw new AppError("unsupported", "ROMS_CONTENT_SEVERAL", {
      message: "This rom has several files; name one with file_ids",
      details: { fileIds: chosen.map((each) => each.id) },
    });
  }
  return file;
}

/** Looks at the file as it is on disk now: its size and time make the validator. */
async function locate(ctx: Context, file: RomFile): Promise<StoredFile> {
  const path = join(ctx.facts.libraryPath, file.filePath, file.fileName);
  const facts = await ctx.ports.files.find(path);
  if (facts === null || facts.kind !== "file") {
    throw new AppError("not_found", "ROMS_FILE_MISSING", {
      message: `File '${file.fileName}' is missing from the library`,
      details: { fileId: file.id },
    });
  }
  return {
    path,
    fileName: file.fileName,
    sizeBytes: facts.sizeBytes,
    modifiedAt: toInstant(new Date(facts.modifiedAtMs)),
    sha1: isAsHashed(file, facts) ? file.sha1 : null,
    etag: `"${facts.sizeBytes.toString(16)}-${Math.round(facts.modifiedAtMs * 1000).toString(16)}"`,
  };
}

/** The stored hash counts only for the very bytes it was made from. */
function isAsHashed(file: RomFile, facts: FileFacts): boolean {
  const isSame = facts.sizeBytes === file.sizeBytes && facts.modifiedAtMs === Date.parse(file.modifiedAt);
  return isSame && file.sha1 !== "" && file.archiveMembers === null;
}
