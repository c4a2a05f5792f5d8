import type { Executor } from "@multitap/db";
import type { HashedFile, HashedRom, PendingRom } from "../discovery/contract.ts";
import { listPendingRomRows, type Rehashing, storeHashRows, unsetHashed } from "./queries.ts";

/** Roms that wait for their hashes, behind a rom id. */
export async function readPendingRoms(
  db: Executor,
  query: { readonly platformId: number; readonly afterRomId: number; readonly limit: number },
): Promise<readonly PendingRom[]> {
  return await listPendingRomRows(db, query);
}

/** Stores hashes that were made from the files as they are now. */
export async function storeHashes(
  db: Executor,
  hashed: { readonly files: readonly HashedFile[]; readonly roms: readonly HashedRom[] },
): Promise<void> {
  await storeHashRows(db, hashed);
}

/** Asks for hashes once more, of files that were last hashed before a moment. */
export async function requestHashes(db: Executor, rehashing: Rehashing): Promise<void> {
  await unsetHashed(db, rehashing);
}
