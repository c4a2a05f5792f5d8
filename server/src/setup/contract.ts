import * as v from "valibot";
import { isEntryName } from "../base/entry-name.ts";
import { list } from "../base/schemas.ts";
import { type Platform, PlatformSchema } from "../platforms/contract.ts";
import { FOLDERS_MAX } from "./limits.ts";

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

const FolderName = v.pipe(v.string(), v.check(isEntryName, "Input should be the name of one folder"));

export const CreateFoldersInput = v.strictObject({
  fsSlugs: v.pipe(v.array(FolderName), v.maxLength(FOLDERS_MAX), v.readonly()),
});

/** How many of the folders were not there before. */
export interface CreatedFolders {
  readonly askedCount: number;
  readonly createdCount: number;
}

export const CreatedFoldersSchema = v.object({ askedCount: v.number(), createdCount: v.number() });
