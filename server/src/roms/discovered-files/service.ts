import type { Executor } from "@multitap/db";
import type { FileChanges, KnownFile } from "../discovery/contract.ts";
import { listKnownFileRows, settleMissingFiles, storeFileChanges } from "./queries.ts";

/** What a scan knows of the files of roms, per rom. */
export async function readKnownFiles(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, readonly KnownFile[]>> {
  return await listKnownFileRows(db, romIds);
}

/**
 * Takes note of files that came, changed or went; what changed is hashed again.
 * @param options.isHashed There is nothing to hash on this platform.
 */
export async function noteFileChanges(
  db: Executor,
  changes: readonly FileChanges[],
  options: { readonly isHashed: boolean },
): Promise<void> {
  for (const change of changes) await storeFileChanges(db, change, options);
}

/**
 * Decides about files of a rom that are gone: one whose content is now elsewhere in it keeps its id there, the
 * others are removed.
 */
export async function settleFiles(db: Executor, romId: number): Promise<void> {
  await settleMissingFiles(db, romId);
}
