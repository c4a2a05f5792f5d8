import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { getHidden, hidesRom } from "../../permissions/hidden/service.ts";
import { type RomFile, RomFileSchema } from "../files/contract.ts";
import { findFileById } from "../files/queries.ts";
import { locateAll, toStoredFile } from "../located-files/service.ts";
import { RomFileIdInput, type ShownFile, ShownFileSchema } from "./contract.ts";
import { chooseShownType } from "./rules.ts";

/**
 * One file of a rom.
 * @throws AppError `ROMS_FILE_NOT_FOUND`.
 */
export const getRomFile = operation(
  { type: "query", scope: "roms.read", input: RomFileIdInput, output: RomFileSchema },
  async (ctx, { fileId }) => await requireFile(ctx, fileId),
);

/**
 * Finds the bytes of one file of a rom for a download, or to be shown.
 * @throws AppError `ROMS_FILE_NOT_FOUND`; `ROMS_FILE_MISSING` when it is gone from disk.
 */
export const getRomFileContent = operation(
  {
    type: "query",
    scope: "roms.read",
    isOpen: (facts) => facts.isDownloadPublic,
    input: RomFileIdInput,
    output: ShownFileSchema,
    storesNoAnswer: true,
  },
  async (ctx, { fileId }): Promise<ShownFile> => {
    const [located] = await locateAll(ctx, [await requireFile(ctx, fileId)]);
    if (located === undefined) throw fileNotFound(fileId);
    return { file: toStoredFile(located), shownAs: chooseShownType(located.file) };
  },
);

async function requireFile(ctx: Context, fileId: number): Promise<RomFile> {
  const [found, hidden] = await Promise.all([findFileById(ctx.db, fileId), getHidden(ctx)]);
  if (found === null) throw fileNotFound(fileId);
  const { file, platformId } = found;
  if (hidesRom(hidden, { id: file.romId, platformId })) throw fileNotFound(fileId);
  return file;
}

function fileNotFound(fileId: number): AppError<"not_found"> {
  return new AppError("not_found", "ROMS_FILE_NOT_FOUND", {
    message: `Rom file with id '${fileId}' not found`,
  });
}
