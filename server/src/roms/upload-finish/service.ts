import { createHash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import type { Context, Ports } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { requireWritableLibrary } from "../../platforms/folders/service.ts";
import type { FileFacts } from "../../ports/files/port.ts";
import {
  dropUpload,
  listChunkIndexes,
  locateTarget,
  measureChunks,
  removeChunks,
  requireFree,
  requireOwner,
  type UploadTarget,
} from "../upload-sessions/service.ts";
import { type FinishedUpload, FinishedUploadSchema, FinishUploadInput } from "../uploads/contract.ts";
import { FINISH_LOCK_MS, FINISH_LOCK_RENEW_MS, FINISH_RETRY_MS, UPLOAD_TTL_MS } from "../uploads/limits.ts";
import { deleteUpload, findUploadRow, type UploadRow } from "../uploads/queries.ts";
import {
  parseUploadId,
  toChunkPath,
  toMarkPath,
  toPartialName,
  toUploadFolder,
  uploadExists,
  uploadIncomplete,
  uploadNotFound,
} from "../uploads/rules.ts";

/**
 * Puts the chunks of an upload together and shows the file under its name, whole and on disk. Nothing is ever
 * overwritten: of several uploads of one name one wins, and the others may try again once the name is free. Asking
 * again gives the same answer for a day.
 * @throws AppError `ROMS_UPLOAD_ID_INVALID`, `ROMS_UPLOAD_NOT_FOUND`, `ROMS_UPLOAD_FOREIGN`;
 * `ROMS_UPLOAD_INCOMPLETE`, `ROMS_UPLOAD_SIZE_WRONG`, `ROMS_UPLOAD_EXISTS`, `LIBRARY_READ_ONLY`, `STORAGE_FULL`:
 * what was received stays; `ROMS_UPLOAD_DIGEST_WRONG`: it is dropped; `ROMS_UPLOAD_FINISHING`.
 */
export const finishUpload = operation(
  {
    type: "mutation",
    scope: "roms.write",
    input: FinishUploadInput,
    output: FinishedUploadSchema,
    // It is its own memory, and refusals must be asked anew.
    storesNoAnswer: true,
  },
  async (ctx, { uploadId, sha1 }): Promise<FinishedUpload> => {
    const id = parseUploadId(uploadId);
    const row = await findUploadRow(ctx.db, id, ctx.ports.clock.now());
    if (row === null) return await getFinished(ctx, id);
    requireOwner(ctx, row.userId, false);
    return await finishOnce(ctx, { ...row, sha1: sha1 ?? row.sha1 });
  },
);

/** What is remembered of an upload after its end. */
const FinishedMemory = v.object({ userId: v.number(), finished: FinishedUploadSchema });
const memoryKey = (id: string) => `rom-upload-finished:${id}`;

async function getFinished(ctx: Context, id: string): Promise<FinishedUpload> {
  const text = await ctx.ports.kv.get(memoryKey(id));
  if (text === null) throw uploadNotFound();
  const { userId, finished } = v.parse(FinishedMemory, JSON.parse(text));
  requireOwner(ctx, userId, false);
  return finished;
}

/** Finishes that this process works on; each goes with its end, so there are as many as calls that wait for one. */
const running = perPorts((_ports: Ports) => new Map<string, Promise<FinishedUpload>>());

/** A caller that asks again meanwhile, perhaps because it lost patience, waits for the same end. */
async function finishOnce(ctx: Context, row: UploadRow): Promise<FinishedUpload> {
  const all = running(ctx.ports);
  const known = all.get(row.id);
  if (known !== undefined) return await known;
  const own = withLock(ctx, row.id, () => finish(ctx, row)).finally(() => all.delete(row.id));
  all.set(row.id, own);
  return await own;
}

/** Keeps other processes away. A lock of one that was killed frees itself. */
async function withLock<T>({ ports }: Context, id: string, work: () => Promise<T>): Promise<T> {
  const lock = await ports.kv.lock(`rom-upload:${id}`, { ttlMs: FINISH_LOCK_MS });
  if (lock === null) {
    throw new AppError("unavailable", "ROMS_UPLOAD_FINISHING", {
      message: "The upload is being finished",
      retryAfterMs: FINISH_RETRY_MS,
    });
  }
  const renew = setInterval(() => {
    lock.extend(FINISH_LOCK_MS).catch((error: unknown) => {
      ports.log.warn("the lock of an upload was not extended", { id, error });
    });
  }, FINISH_LOCK_RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renew);
    await lock.release();
  }
}

async function finish(ctx: Context, row: UploadRow): Promise<FinishedUpload> {
  const target = await locateTarget(ctx, row);
  const finished: FinishedUpload = {
    platformId: row.platformId,
    platformFsSlug: target.platformFsSlug,
    fsName: target.fsName,
    path: target.relativePath,
    sizeBytes: row.totalSizeBytes,
    sha1: row.sha1,
  };
  if (!(await isPublished(ctx, row, target))) await assemble(ctx, row, target);
  const memory: v.InferOutput<typeof FinishedMemory> = { userId: row.userId, finished };
  await ctx.ports.kv.set(memoryKey(row.id), JSON.stringify(memory), { ttlMs: UPLOAD_TTL_MS });
  await deleteUpload(ctx.db, row.id);
  await removeChunks(ctx, row.id);
  return finished;
}

async function assemble(ctx: Context, row: UploadRow, target: UploadTarget): Promise<void> {
  const { files, space } = ctx.ports;
  await requireChunks(ctx, row);
  await requireFree(ctx, target);
  await requireWritableLibrary(ctx, target.folder);
  await space.assertSpace(row.totalSizeBytes, { path: ctx.facts.libraryPath });
  await files.createFolder(target.folder);
  const partial = join(target.folder, toPartialName(row.id));
  // Left by a finish that was cut off.
  await files.remove(partial);
  try {
    const folder = toUploadFolder(ctx.facts.tempPath, row.id);
    const paths = Array.from({ length: row.totalChunks }, (_, index) => toChunkPath(folder, index));
    await files.concatenate(paths, partial);
    await requireSameBytes(ctx, row, partial);
    await publish(ctx, row, { partial, target });
  } catch (error) {
    await files.remove(partial);
    throw error;
  }
}

async function requireChunks(ctx: Context, row: UploadRow): Promise<void> {
  const present = await listChunkIndexes(ctx, row);
  if (present.length < row.totalChunks) {
    const there = new Set(present);
    const all = Array.from({ length: row.totalChunks }, (_, index) => index);
    throw uploadIncomplete(all.filter((index) => !there.has(index)));
  }
  requireSize(row, await measureChunks(ctx, row, present));
}

function requireSize({ totalSizeBytes }: UploadRow, sizeBytes: number): void {
  if (sizeBytes === totalSizeBytes) return;
  throw new AppError("invalid", "ROMS_UPLOAD_SIZE_WRONG", {
    message: `File size mismatch: expected ${totalSizeBytes} bytes, got ${sizeBytes}`,
    details: { expectedBytes: totalSizeBytes, actualBytes: sizeBytes },
  });
}

/** A chunk that was sent again while they were put together may have changed the whole. */
async function requireSameBytes(ctx: Context, row: UploadRow, partial: string): Promise<void> {
  const { files } = ctx.ports;
  requireSize(row, (await files.find(partial))?.sizeBytes ?? 0);
  if (row.sha1 === null) return;
  const digest = createHash("sha1");
  for await (const chunk of await files.openRead(partial)) digest.update(chunk);
  const actualSha1 = digest.digest("hex");
  if (actualSha1 === row.sha1) return;
  await dropUpload(ctx, row);
  throw new AppError("invalid", "ROMS_UPLOAD_DIGEST_WRONG", {
    message: `The bytes received have the SHA-1 ${actualSha1}, not ${row.sha1}`,
    details: { expectedSha1: row.sha1, actualSha1 },
  });
}

interface Publishing {
  readonly partial: string;
  readonly target: UploadTarget;
}

/** Writes down which file it is before it gets its name, so that a finish after a crash knows it for its own. */
async function publish(ctx: Context, row: UploadRow, { partial, target }: Publishing): Promise<void> {
  const { files } = ctx.ports;
  const facts = await files.find(partial);
  const folder = toUploadFolder(ctx.facts.tempPath, row.id);
  if (facts !== null) await files.writeAtomic(toMarkPath(folder), identify(facts));
  try {
    await files.publish(partial, target.path);
  } catch (error) {
    if (isAppError(error) && error.code === "FILES_EXISTS") throw uploadExists(row.fileName);
    throw error;
  }
}

const MARK_BYTES_MAX = 1000;

/** Tells whether the file under the final name is the one that this upload made before it was cut off. */
async function isPublished(ctx: Context, row: UploadRow, target: UploadTarget): Promise<boolean> {
  const { files } = ctx.ports;
  const facts = await files.find(target.path);
  if (facts === null) return false;
  const markPath = toMarkPath(toUploadFolder(ctx.facts.tempPath, row.id));
  if ((await files.find(markPath)) === null) return false;
  if ((await files.readText(markPath, { maxBytes: MARK_BYTES_MAX })) !== identify(facts)) return false;
  // The second name of the file may have outlived the crash.
  await files.remove(join(target.folder, toPartialName(row.id)));
  return true;
}

function identify({ inode, sizeBytes, modifiedAtMs }: FileFacts): string {
  return JSON.stringify({ inode: String(inode), sizeBytes, modifiedAtMs });
}
