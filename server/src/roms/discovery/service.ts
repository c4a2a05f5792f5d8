import type { Executor } from "@multitap/db";
import { parseFileName, parseTags } from "../../base/file-name.ts";
import { deriveSortKey } from "../../base/sort-key.ts";
import type { DiscoveredRom, HashedFile, KnownRom, PendingFile } from "./contract.ts";
import {
  type ChangedFile,
  type InsertRomsOptions,
  insertRoms,
  listKnownRoms,
  listPendingFiles,
  type NewRom,
  type RomPlace,
  setMissing,
  storeChangedFiles,
  storeFileHashes,
  storeReparsedRoms,
  storeRomPlaces,
} from "./queries.ts";

/** Adds what a file name says: shown name, region, languages, tags. */
function readName(found: DiscoveredRom): NewRom {
  const parts = parseFileName(found.fsName);
  return { ...found, parts, tags: parseTags(found.fsName), sortKey: deriveSortKey(parts.nameNoTags) };
}

/** Inserts newly found roms at once, hashes follow later; returns their ids. */
export async function addDiscoveredRoms(
  db: Executor,
  found: readonly DiscoveredRom[],
  options: InsertRomsOptions,
): Promise<readonly number[]> {
  return found.length === 0 ? [] : await insertRoms(db, found.map(readName), options);
}

/** Reads the names of known roms again, for a complete scan. */
export async function reparseRoms(
  db: Executor,
  known: readonly (DiscoveredRom & { readonly romId: number })[],
): Promise<void> {
  await storeReparsedRoms(
    db,
    known.map((rom) => ({ ...readName(rom), romId: rom.romId })),
  );
}

/** What a scan knows of one platform's roms. */
export async function readKnownRoms(db: Executor, platformId: number): Promise<readonly KnownRom[]> {
  return await listKnownRoms(db, platformId);
}

/** Marks roms as gone from disk; returns the ids that changed. */
export async function markRomsMissing(db: Executor, romIds: readonly number[]): Promise<readonly number[]> {
  return await setMissing(db, romIds, true);
}

/** Marks roms as back on disk; returns the ids that changed. */
export async function markRomsPresent(db: Executor, romIds: readonly number[]): Promise<readonly number[]> {
  return await setMissing(db, romIds, false);
}

/** Lets roms follow their files to another folder or another form of their name. */
export async function relocateRoms(db: Executor, places: readonly RomPlace[]): Promise<void> {
  await storeRomPlaces(db, places);
}

/** Takes note of files that changed on disk; they are hashed again. */
export async function noteChangedFiles(db: Executor, changed: readonly ChangedFile[]): Promise<void> {
  await storeChangedFiles(db, changed);
}

/** Files that wait for their hashes, behind a file id. */
export async function readPendingFiles(
  db: Executor,
  query: { readonly platformId: number; readonly afterFileId: number; readonly limit: number },
): Promise<readonly PendingFile[]> {
  return await listPendingFiles(db, query);
}

/** Stores hashes that were made from the files as they are now. */
export async function storeHashes(db: Executor, hashed: readonly HashedFile[]): Promise<void> {
  await storeFileHashes(db, hashed);
}
