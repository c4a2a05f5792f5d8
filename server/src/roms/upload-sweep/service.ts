import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import { dropUpload, removeChunks } from "../upload-sessions/service.ts";
import { SWEEP_BATCH_ROWS, UPLOAD_TTL_MS } from "../uploads/limits.ts";
import { listEndedUploads, listUploadIdsAmong } from "../uploads/queries.ts";
import { toUploadsFolder } from "../uploads/rules.ts";

/** What a sweep removed. */
export interface SweptUploads {
  readonly uploads: number;
  /** Folders and files of calls that were cut off. */
  readonly leftovers: number;
}

/**
 * Removes uploads whose time is over with everything they left on disk, and what calls that were cut off left in
 * the folders for received bytes more than a day ago. Safe to run at any time and from several processes.
 */
export async function sweepUploads(ctx: Context): Promise<SweptUploads> {
  let uploads = 0;
  const now = ctx.ports.clock.now();
  for (;;) {
    ctx.signal.throwIfAborted();
    const ended = await listEndedUploads(ctx.db, now, SWEEP_BATCH_ROWS);
    for (const row of ended) await dropUpload(ctx, row);
    uploads += ended.length;
    if (ended.length < SWEEP_BATCH_ROWS) break;
  }
  const orphans = await sweepOrphans(ctx);
  const received = await sweepReceived(ctx);
  return { uploads, leftovers: orphans + received };
}

/** Folders of uploads that have no row: another server may share the disk, so only old ones are ours to judge. */
async function sweepOrphans(ctx: Context): Promise<number> {
  const old = await listOld(ctx, toUploadsFolder(ctx.facts.tempPath));
  let removed = 0;
  for (let start = 0; start < old.length; start += SWEEP_BATCH_ROWS) {
    ctx.signal.throwIfAborted();
    const ids = old.slice(start, start + SWEEP_BATCH_ROWS);
    const known = await listUploadIdsAmong(ctx.db, ids);
    for (const id of ids) {
      if (known.has(id)) continue;
      await removeChunks(ctx, id);
      removed += 1;
    }
  }
  return removed;
}

/** Files of forms that were being received when the process ended. */
async function sweepReceived(ctx: Context): Promise<number> {
  const folder = join(ctx.facts.tempPath, "received");
  let removed = 0;
  for (const name of await listOld(ctx, folder)) {
    ctx.signal.throwIfAborted();
    try {
      if (await ctx.ports.files.remove(join(folder, name), { recursive: true })) removed += 1;
    } catch (error) {
      if (!isAppError(error)) throw error;
      ctx.ports.log.warn("a received file stays for now", { path: join(folder, name), error });
    }
  }
  return removed;
}

/** Names of what lies in a folder unchanged for a day; links lead elsewhere and are left alone. */
async function listOld({ ports }: Context, folder: string): Promise<readonly string[]> {
  if ((await ports.files.find(folder))?.kind !== "folder") return [];
  const beforeMs = ports.clock.now().getTime() - UPLOAD_TTL_MS;
  const old: string[] = [];
  for (const { name, isLink } of await ports.files.list(folder)) {
    if (name === null || isLink) continue;
    const facts = await ports.files.find(join(folder, name));
    if (facts !== null && facts.modifiedAtMs < beforeMs) old.push(name);
  }
  return old;
}
