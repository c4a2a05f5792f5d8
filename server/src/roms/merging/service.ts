import type { Executor } from "@multitap/db";
import { listProviderAnswers, storeMergedMetadata } from "./queries.ts";
import { mergeMetadata } from "./rules.ts";

/**
 * Merges the stored answers of the providers anew: genres, ratings and the like of these roms, and the facets by
 * which they are found. To be called in the transaction that changed an answer.
 */
export async function mergeStoredMetadata(db: Executor, romIds: readonly number[]): Promise<void> {
  const answers = await listProviderAnswers(db, romIds);
  await storeMergedMetadata(
    db,
    romIds.map((romId) => ({ romId, ...mergeMetadata(answers.get(romId) ?? {}) })),
  );
}
