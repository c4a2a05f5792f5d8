import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { inTransaction } from "../../base/transaction.ts";
import type { TrashedAsset } from "../contract.ts";
import { LEFTOVER_AGE_MS, PURGE_BATCH_ROWS, TRASH_KEPT_MS, TRASH_LISTED_MS } from "../limits.ts";
import { belowAssets, isStoredName } from "../rules.ts";
import { discardBytes } from "../storage/service.ts";
import {
  deletePurged,
  keepTrashed,
  listNamed,
  listTrashed,
  purgeDue,
  type TrashedBytes,
  type TrashFilter,
} from "./queries.ts";

/** Trashed files of a user by when their bytes were stored, newest first, purged ones among them. */
export async function readTrash(
  ctx: Pick<Context, "db">,
  filter: TrashFilter,
): Promise<readonly TrashedAsset[]> {
  return await listTrashed(ctx.db, filter);
}

/** A trashed file of a user that can be brought back until the transaction ends, or null. */
export async function findTrashed(
  ctx: Pick<Context, "db">,
  id: number,
  userId: number,
): Promise<TrashedBytes | null> {
  return await keepTrashed(ctx.db, id, userId);
}

/**
 * Removes the bytes of what has been in the trash for long enough; the list goes on telling that they were there.
 * @returns How many trashed files were purged.
 */
export async function purgeTrash(ctx: Context): Promise<number> {
  const now = ctx.ports.clock.now();
  const due = {
    now,
    trashedBefore: new Date(now.getTime() - TRASH_KEPT_MS),
    limit: PURGE_BATCH_ROWS,
  };
  let purgedCount = 0;
  while (true) {
    ctx.signal.throwIfAborted();
    const { count, paths } = await inTransaction(ctx, (inner) => purgeDue(inner.db, due));
    // A crash in between leaves files that nothing names, which the sweep below finds.
    for (const path of paths) await discardBytes(ctx, path);
    purgedCount += count;
    if (count < due.limit) break;
  }
  await deletePurged(ctx.db, new Date(now.getTime() - TRASH_LISTED_MS));
  return purgedCount;
}

/**
 * Removes files of ours that no row names: what a crash left between the bytes and their row. Files of other names,
 * such as those of a folder that was taken over, are never touched.
 * @returns How many files went.
 */
export async function sweepLeftovers(ctx: Context): Promise<number> {
  const olderThanMs = ctx.ports.clock.now().getTime() - LEFTOVER_AGE_MS;
  let removedCount = 0;
  let batch: string[] = [];
  const settle = async () => {
    const named = await listNamed(ctx.db, batch);
    const leftovers = batch.filter((path) => !named.has(path));
    for (const path of leftovers) await discardBytes(ctx, path);
    removedCount += leftovers.length;
    batch = [];
  };
  for await (const path of walk(ctx, "users")) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (!isStoredName(name)) continue;
    const facts = await ctx.ports.files.find(belowAssets(ctx.facts.assetsPath, path));
    if (facts === null || facts.modifiedAtMs > olderThanMs) continue;
    batch.push(path);
    if (batch.length >= PURGE_BATCH_ROWS) await settle();
  }
  await settle();
  return removedCount;
}

/** Every file below a folder of the assets; links lead elsewhere and are left alone. */
async function* walk(ctx: Context, folder: string): AsyncGenerator<string> {
  ctx.signal.throwIfAborted();
  const path = belowAssets(ctx.facts.assetsPath, folder);
  if ((await ctx.ports.files.find(path))?.kind !== "folder") return;
  for (const entry of await ctx.ports.files.list(path)) {
    if (entry.name === null || entry.isLink) continue;
    const inner = join(folder, entry.name);
    if (entry.kind === "folder") yield* walk(ctx, inner);
    else if (entry.kind === "file") yield inner;
  }
}
