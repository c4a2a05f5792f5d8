import * as v from "valibot";
import { list } from "../base/schemas.ts";
import { type Platform, PlatformSchema } from "../platforms/contract.ts";
import { FOLDERS_MAX, NAME_BYTES_MAX } from "./limits.ts";

/** A platform folder that lies in the library already. */
export interface FoundFolder {
  readonly fsSlug: string;
  /** Entries that look like roms. */
  readonly romCount: number;
}

/** What the first steps of a new server start from. */
export interface SetupLibrary {
  /** `a`: `roms/<platform>`, `b`: `<platform>/roms`; null while there is neither. */
  readonly structure: "a" | "b" | null;
  /** Empty as soon as the library was scanned. */
  readonly folders: readonly FoundFolder[];
  /** Every platform we know; those that the library does not hold have the id -1. */
  readonly supportedPlatforms: readonly Platform[];
}

export const SetupLibrarySchema = v.object({
  structure: v.nullable(v.picklist(["a", "b"])),
  folders: list(v.object({ fsSlug: v.string(), romCount: v.number() })),
  supportedPlatforms: list(PlatformSchema),
});

/** A name may not lead anywhere else, and has to be one on the systems that share a library. */
function isFolderName(name: string): boolean {
  const isPlain = !/[/\\\p{Cc}]/u.test(name) && !/^\.*$/.test(name) && name.trim() === name;
  return isPlain && name.isWellFormed() && Buffer.byteLength(name) <= NAME_BYTES_MAX;
}

const FolderName = v.pipe(v.string(), v.check(isFolderName, "Input should be the name of one folder"));

export const CreateFoldersInput = v.strictObject({
  fsSlugs: v.pipe(v.array(FolderName), v.maxLength(FOLDERS_MAX), v.readonly()),
});

/** How many of the folders were not there before. */
export interface CreatedFolders {
  readonly askedCount: number;
  readonly createdCount: number;
}

export const CreatedFoldersSchema = v.object({ askedCount: v.number(), createdCount: v.number() });
