import { dirname, join } from "node:path";
import type { Executor } from "@multitap/db";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { removeQuietly } from "../../ports/files/removing.ts";
import type { DiscoveredRom, KnownRom } from "../discovery/contract.ts";
import { reparseRoms } from "../discovery/service.ts";
import type { ExtraRom } from "../extras/queries.ts";
import { type FolderName, isNameTaken, removeTwin, storeFolderRom } from "./queries.ts";
import { findConverted } from "./rules.ts";

/** The one rom of those that are gone that a folder was made of; null when there is none, or several. */
export function findConvertedRom(found: DiscoveredRom, gone: readonly KnownRom[]): KnownRom | null {
  return findConverted(found, gone);
}

/** Lets the rows of a rom follow the file it is into a folder; its id, and its file's, stay. */
export async function followIntoFolder(db: Executor, folder: FolderName): Promise<void> {
  await storeFolderRom(db, folder);
  await reparseRoms(db, [{ romId: folder.romId, fsName: folder.folderName }]);
}

/**
 * Makes a rom that is a file a folder with that file in it, named like it without its ending; a folder stays as it
 * is. The rom is locked by the caller, in a transaction.
 *
 * The disk comes first. A crash before the file has moved leaves an empty folder, which the next try takes; one after
 * it leaves rows that say the old place, which the next try and the next scan both recognise.
 * @throws AppError `ROMS_FOLDER_TAKEN`, `ROMS_FILE_LINKED`, `ROMS_FILE_MISSING`.
 */
export async function moveIntoFolder(ctx: Context, rom: ExtraRom): Promise<ExtraRom> {
  if (rom.isFolder) return rom;
  const { files } = ctx.ports;
  const { romId, platformId, fsName, fsNameNoExt: folderName } = rom;
  const folder = { romId, platformId, folderName };
  const parent = join(ctx.facts.libraryPath, rom.fsPath);
  const from = join(parent, fsName);
  const home = join(parent, folderName);
  const to = join(home, fsName);
  if (folderName === "" || folderName === fsName || (await isNameTaken(ctx.db, folder))) {
    throw folderTaken(folderName);
  }
  const isThere = (await files.find(from)) !== null;
  const homeFacts = await files.find(home);
  const isMoved = !isThere && homeFacts?.kind === "folder" && (await files.find(to)) !== null;
  if (!isMoved) {
    if (!isThere) throw fileMissing(fsName);
    if (homeFacts !== null && (homeFacts.kind !== "folder" || (await files.list(home)).length > 0)) {
      throw folderTaken(folderName);
    }
    await requireOwnFile(ctx, from);
    await files.createFolder(home);
    try {
      await files.rename(from, to);
    } catch (error) {
      await removeQuietly(ctx.ports, home, { said: "the folder that was made for a rom stays empty" });
      throw error;
    }
  }
  await removeTwin(ctx.db, folder);
  await followIntoFolder(ctx.db, folder);
  return { ...rom, fsName: folderName, isFolder: true };
}

/** A link may say where it leads from where it lies, and would lead nowhere after a move. */
async function requireOwnFile(ctx: Context, path: string): Promise<void> {
  const { files } = ctx.ports;
  const real = await files.realPath(path);
  if (dirname(real) === (await files.realPath(dirname(path)))) return;
  throw new AppError("conflict", "ROMS_FILE_LINKED", {
    message: "The rom is a link to a file elsewhere and is not moved",
  });
}

function folderTaken(folderName: string): AppError<"conflict"> {
  return new AppError("conflict", "ROMS_FOLDER_TAKEN", {
    message: `A file or folder named '${folderName}' already exists`,
  });
}

/** What somebody is told whose rom is not where the library knows it. */
export function fileMissing(fileName: string): AppError<"not_found"> {
  return new AppError("not_found", "ROMS_FILE_MISSING", {
    message: `File '${fileName}' is missing from the library`,
  });
}
