import type { Context } from "../../base/context.ts";
import { inTransaction } from "../../base/transaction.ts";
import { countMissing, deleteMissing, lockMissing, type MissingRoms, type RemovedRom } from "./queries.ts";

/** Rows that one transaction removes, so that nobody waits long for it. */
const BATCH_ROWS = 200;

/** How many roms are missing on disk, also those that stay because of what users stored for them. */
export async function countMissingRoms(ctx: Pick<Context, "db">, missing: MissingRoms): Promise<number> {
  return await countMissing(ctx.db, missing);
}

/**
 * Removes the rows of roms that are missing on disk, batch by batch, and tells each batch once it is gone. Roms
 * for which a user has saves, states or screenshots stay: those would go with the row.
 */
export async function* removeMissingRoms(
  ctx: Context,
  missing: MissingRoms,
): AsyncGenerator<readonly RemovedRom[]> {
  let afterId = 0;
  while (true) {
    ctx.signal.throwIfAborted();
    const from = afterId;
    const { lastId, removed } = await inTransaction(ctx, async (tx) => {
      const ids = await lockMissing(tx.db, { ...missing, afterId: from, limit: BATCH_ROWS });
      // Asked again now that the rows are locked: what came in between is seen, and nothing new can come.
      const gone = ids.length === 0 ? [] : await deleteMissing(tx.db, ids);
      if (gone.length > 0) {
        const data = { change: "removed", entity: "rom", ids: gone.map(({ id }) => id) } as const;
        tx.raise({ topic: "library", userId: null, data });
      }
      return { lastId: ids.at(-1), removed: gone };
    });
    if (lastId === undefined) return;
    afterId = lastId;
    if (removed.length > 0) yield removed;
  }
}
