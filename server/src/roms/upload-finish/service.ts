import { createHash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import type { Context, Ports } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { requireWritableLibrary } from "../../platforms/folders/service.ts";
import type { FileFacts } from "../../ports/files/port.ts";
import type { KvLock } from "../../ports/kv/port.ts";
import {
  dropUpload,
  listChunkIndexes,
  locateTarget,
  measureChunks,
  removeChunks,
  removeLeftover,
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
 * what was received stays; `ROMS_UPLOAD_DIGEST_WRONG`: it is dropped, or stands in the library when it was finished
 * before; `ROMS_UPLOAD_FINISHING`.
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
    if (row === null) return await requireDeclared(ctx, await getFinished(ctx, id), sha1);
    requireOwner(ctx, row.userId, false);
    const declared = sha1 ?? row.sha1;
    return await requireDeclared(ctx, await finishOnce(ctx, { ...row, sha1: declared }), declared);
  },
);

/**
 * Holds what is stored against what this caller says: another call, or one before a crash, may have finished the
 * upload and named no digest or another one.
 */
async function requireDeclared(
  ctx: Context,
  finished: FinishedUpload,
  sha1: string | null,
): Promise<FinishedUpload> {
  if (sha1 === null) return finished;
  const actualSha1 = finished.sha1 ?? (await findSha1(ctx, join(ctx.facts.libraryPath, finished.path)));
  // Somebody took the file away since: there is nothing to compare.
  if (actualSha1 === null) return finished;
  if (actualSha1 !== sha1) throw digestWrong(sha1, actualSha1);
  return { ...finished, sha1 };
}

async function findSha1({ ports: { files } }: Context, path: string): Promise<string | null> {
  if ((await files.find(path))?.kind !== "file") return null;
  const digest = createHash("sha1");
  for await (const chunk of await files.openRead(path)) digest.update(chunk);
  return digest.digest("hex");
}

function digestWrong(expectedSha1: string, actualSha1: string): AppError<"invalid"> {
  return new AppError("invalid", "ROMS_UPLOAD_DIGEST_WRONG", {
    message: `The bytes received have the SHA-1 ${actualSha1}, not ${expectedSha1}`,
    details: { expectedSha1, actualSha1 },
  });
}

/** What is remembered of an upload after its end. */
const FinishedMemory = v.object({ userId: v.number(), finished: FinishedUploadSchema });
const memoryKey = (id: string) => `rom-upload-finished:${id}`;

async function getFinished(ctx: Context, id: string): Promise<FinishedUpload> {
  const text = await ctx.ports.kv.get(memoryKey(id));
  if (text === null) throw uploadNotFound();
  const { userId, finished } = v.parse(FinishedMemory, JSON.parse(text));
  requireOwner(ctx, userId, false);
  // A kill between the last two steps of the end left them.
  await removeChunks(ctx, id);
  return finished;
}

/** Finishes that this process works on; each goes with its end, so there are as many as calls that wait for one. */
const running = perPorts((_ports: Ports) => new Map<string, Promise<FinishedUpload>>());

/** A caller that asks again meanwhile, perhaps because it lost patience, waits for the same end. */
async function finishOnce(ctx: Context, row: UploadRow): Promise<FinishedUpload> {
  const all = running(ctx.ports);
  const known = all.get(row.id);
  if (known !== undefined) return await known;
  const own = withLock(ctx, row.id, (lock) => finish(ctx, row, lock)).finally(() => all.delete(row.id));
  all.set(row.id, own);
  return await own;
}

/** Keeps other processes away. A lock of one that was killed frees itself. */
async function withLock<T>({ ports }: Context, id: string, work: (lock: KvLock) => Promise<T>): Promise<T> {
  const lock = await ports.kv.lock(`rom-upload:${id}`, { ttlMs: FINISH_LOCK_MS });
  if (lock === null) throw finishing();
  const renew = setInterval(() => {
    lock.extend(FINISH_LOCK_MS).catch((error: unknown) => {
      ports.log.warn("the lock of an upload was not extended", { id, error });
    });
  }, FINISH_LOCK_RENEW_MS);
  try {
    return await work(lock);
  } finally {
    clearInterval(renew);
    await release(ports, lock, id);
  }
}

/** One that cannot be released frees itself; what the work came to is worth more than that. */
async function release({ log }: Ports, lock: KvLock, id: string): Promise<void> {
  try {
    await lock.release();
  } catch (error) {
    log.warn("the lock of an upload was not released", { id, error });
  }
}

function finishing(): AppError<"unavailable"> {
  return new AppError("unavailable", "ROMS_UPLOAD_FINISHING", {
    message: "The upload is being finished",
    retryAfterMs: FINISH_RETRY_MS,
  });
}

async function finish(ctx: Context, row: UploadRow, lock: KvLock): Promise<FinishedUpload> {
  const target = await locateTarget(ctx, row);
  const isThere = await isPublished(ctx, row, target);
  if (!isThere) await assemble(ctx, { row, target, lock });
  const finished: FinishedUpload = {
    platformId: row.platformId,
    platformFsSlug: target.platformFsSlug,
    fsName: target.fsName,
    path: target.relativePath,
    sizeBytes: row.totalSizeBytes,
    // Who was cut off may have been told another digest, or none.
    sha1: isThere ? null : row.sha1,
  };
  const memory: v.InferOutput<typeof FinishedMemory> = { userId: row.userId, finished };
  await ctx.ports.kv.set(memoryKey(row.id), JSON.stringify(memory), { ttlMs: UPLOAD_TTL_MS });
  await deleteUpload(ctx.db, row.id);
  await removeChunks(ctx, row.id);
  return finished;
}

/** An upload that this call puts together, and nobody else while the lock is its own. */
interface Assembly {
  readonly row: UploadRow;
  readonly target: UploadTarget;
  readonly lock: KvLock;
}

async function assemble(ctx: Context, { row, target, lock }: Assembly): Promise<void> {
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
    const found = await readPartial(ctx, row, partial);
    // What was read and is published now may be the half file of a process that took over.
    if (!(await lock.extend(FINISH_LOCK_MS))) throw finishing();
    await requireSameBytes(ctx, row, found);
    await publish(ctx, row, { partial, target });
  } catch (error) {
    if (await isOurs(ctx, row.id, lock)) await removeLeftover(ctx, partial);
    throw error;
  }
}

/** Tells whether the lock is still ours; when nobody can say, it is as good as another's. */
async function isOurs({ ports }: Context, id: string, lock: KvLock): Promise<boolean> {
  try {
    return await lock.extend(FINISH_LOCK_MS);
  } catch (error) {
    ports.log.warn("the lock of an upload was not extended", { id, error });
    return false;
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

/** What stands in a file that was put together. */
interface PartialFile {
  readonly sizeBytes: number;
  /** Null when nobody asked for it. */
  readonly sha1: string | null;
}

async function readPartial(ctx: Context, row: UploadRow, partial: string): Promise<PartialFile> {
  const sizeBytes = (await ctx.ports.files.find(partial))?.sizeBytes ?? 0;
  // Bytes of another number are wrong without a look at them.
  const isWanted = row.sha1 !== null && sizeBytes === row.totalSizeBytes;
  return { sizeBytes, sha1: isWanted ? await findSha1(ctx, partial) : null };
}

/** A chunk that was sent again while they were put together may have changed the whole. */
async function requireSameBytes(ctx: Context, row: UploadRow, found: PartialFile): Promise<void> {
  requireSize(row, found.sizeBytes);
  if (row.sha1 === null || found.sha1 === null || found.sha1 === row.sha1) return;
  await dropUpload(ctx, row);
  throw digestWrong(row.sha1, found.sha1);
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
