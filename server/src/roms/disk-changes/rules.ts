import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import type { DiskPlace } from "./contract.ts";

const isStep = (name: string) => name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);

/**
 * The absolute folder in which a rom lies.
 * @returns Null when what is stored of the rom leads out of the library: rows may be imported from elsewhere, and
 *   nothing out there may be changed.
 */
export function findRomFolder(libraryPath: string, { fsPath, fsName }: DiskPlace): string | null {
  return fsPath.split("/").every(isStep) && isStep(fsName) ? join(libraryPath, fsPath) : null;
}

/**
 * The same for what has to be in the library.
 * @throws AppError `ROMS_PLACE_INVALID`.
 */
export function toRomFolder(libraryPath: string, place: DiskPlace): string {
  const folder = findRomFolder(libraryPath, place);
  if (folder !== null) return folder;
  throw new AppError("conflict", "ROMS_PLACE_INVALID", {
    message: "The stored place of the rom is not in the library",
    details: { fsPath: place.fsPath, fsName: place.fsName },
  });
}

/** The folder of what is kept of a rom beside its files, below the resources folder. The name is compatible. */
export function toRomResources(platformId: number, romId: number): string {
  return `roms/${platformId}/${romId}`;
}

/** A name beside a rom that no scan takes for one: every name of this beginning is ours. */
export function toTrashName(token: string): string {
  return `.multitap-${token}.trash`;
}

const NOTE_NAME = /^roms-[0-9a-f]{16}\.json$/;

/** The name of a note about a change. */
export function toNoteName(token: string): string {
  return `roms-${token}.json`;
}

/** Tells notes from what else may lie beside them. */
export function isNoteName(name: string): boolean {
  return NOTE_NAME.test(name);
}
