import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import type { HashedFile, PendingFile } from "../../roms/discovery/contract.ts";
import { readPendingFiles, storeHashes } from "../../roms/discovery/service.ts";
import { HASH_BATCH_BYTES, HASH_BATCH_FILES, HASH_WINDOW_FILES } from "../limits.ts";
import type { Progress } from "../progress/service.ts";

/** Whose files to hash. */
export interface HashPlatformOptions {
  readonly platformId: number;
  readonly progress: Progress;
}

/**
 * Hashes every file of a platform whose hashes are not known. What is stored stays stored: a scan that is
 * killed goes on with the files that are left.
 */
export async function hashPlatform(ctx: Context, options: HashPlatformOptions): Promise<void> {
  let afterFileId = 0;
  for (;;) {
    options.progress.signal.throwIfAborted();
    const pending = await readPendingFiles(ctx.db, {
      platformId: options.platformId,
      afterFileId,
      limit: HASH_WINDOW_FILES,
    });
    const last = pending.at(-1);
    if (last === undefined) return;
    afterFileId = last.fileId;
    await hashWindow(ctx, pending, options.progress);
  }
}

/** Keeps every worker busy with batches until the window is done. */
async function hashWindow(ctx: Context, pending: readonly PendingFile[], progress: Progress): Promise<void> {
  const batches = toBatches(pending);
  const lanes = Math.min(batches.length, ctx.ports.compute.size * 2);
  let next = 0;
  const work = async () => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) {
      await hashBatch(ctx, batch, progress);
    }
  };
  // A failed lane must not leave the others running behind the scan's back.
  const results = await Promise.allSettled(Array.from({ length: lanes }, work));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

/** Splits files into tasks: many small ones together, big ones apart. */
export function toBatches(files: readonly PendingFile[]): readonly (readonly PendingFile[])[] {
  const batches: PendingFile[][] = [];
  let batch: PendingFile[] = [];
  let bytes = 0;
  for (const file of files) {
    const isFull = batch.length >= HASH_BATCH_FILES || bytes + file.sizeBytes > HASH_BATCH_BYTES;
    if (batch.length > 0 && isFull) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += file.sizeBytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

async function hashBatch(ctx: Context, batch: readonly PendingFile[], progress: Progress): Promise<void> {
  const libraryPath = ctx.facts.libraryPath;
  const files = batch.map((file) => ({
    id: file.fileId,
    path: join(libraryPath, file.filePath, file.fileName),
    expectedSizeBytes: file.sizeBytes,
  }));
  const results = await ctx.ports.compute.run("hash-files", { files }, { signal: progress.signal });
  const byId = new Map(batch.map((file) => [file.fileId, file]));
  const hashed: HashedFile[] = [];
  for (const result of results) {
    if ("failure" in result) {
      const file = byId.get(result.id);
      const path = `${file?.filePath}/${file?.fileName}`;
      progress.report({ code: `hash_${result.failure.code}`, path, message: result.failure.message });
    } else {
      const { id, ...hashes } = result;
      hashed.push({ fileId: id, ...hashes });
    }
  }
  await storeHashes(ctx.db, hashed);
  const bytesHashed = hashed.reduce((sum, file) => sum + file.sizeBytes, 0);
  progress.add({ filesHashed: hashed.length, bytesHashed });
}
