import type { Executor } from "@multitap/db";
import { parseFileName, parseTags } from "../../base/file-name.ts";
import { deriveSortKey } from "../../base/sort-key.ts";
import type { DiscoveredRom, KnownRom, MoveCandidate } from "./contract.ts";
import {
  type CandidateQuery,
  type InsertRomsOptions,
  insertRoms,
  listKnownRoms,
  listKnownRomsByIds,
  listMoveCandidates,
  type NewRom,
  type RomPlace,
  setMissing,
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

/** Reads the names of known roms again: after a move, and for a complete scan. */
export async function reparseRoms(
  db: Executor,
  known: readonly { readonly romId: number; readonly fsName: string }[],
): Promise<void> {
  await storeReparsedRoms(
    db,
    known.map(({ romId, fsName }) => {
      const found = { fsName, fsPath: "", isFolder: false, sizeBytes: 0, files: [] };
      return { ...readName(found), romId };
    }),
  );
}

/** What a scan knows of one platform's roms. */
export async function readKnownRoms(db: Executor, platformId: number): Promise<readonly KnownRom[]> {
  return await listKnownRoms(db, platformId);
}

/** What a scan knows of the given roms, per platform. */
export async function readKnownRomsByIds(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, readonly KnownRom[]>> {
  return await listKnownRomsByIds(db, romIds);
}

/** Roms whose size is one of these and that may have moved: missing ones, and others the query names. */
export async function readMoveCandidates(
  db: Executor,
  query: CandidateQuery,
): Promise<readonly MoveCandidate[]> {
  return query.sizesBytes.length === 0 ? [] : await listMoveCandidates(db, query);
}

/** Marks roms as gone from disk; returns the ids that changed. */
export async function markRomsMissing(db: Executor, romIds: readonly number[]): Promise<readonly number[]> {
  return await setMissing(db, romIds, true);
}

/** Marks roms as back on disk; returns the ids that changed. */
export async function markRomsPresent(db: Executor, romIds: readonly number[]): Promise<readonly number[]> {
  return await setMissing(db, romIds, false);
}

/** Lets roms follow what they are on disk to another name or folder, and reads their new names. */
export async function relocateRoms(db: Executor, places: readonly RomPlace[]): Promise<void> {
  await storeRomPlaces(db, places);
  await reparseRoms(db, places);
}
