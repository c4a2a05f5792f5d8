import { closeSync, constants, openSync, readSync, type Stats, statSync } from "node:fs";
import { createHasher } from "@multitap/native/hash";
import { assert } from "../../../base/assert.ts";
import { changed, describeFault, type FileFailure, notRegular } from "../file-failure.ts";
import { HASH_BUFFER_BYTES, HASH_FILES_MAX } from "../limits.ts";
import type { Task, TaskContext } from "../task.ts";

export interface FileToHash {
  /** The caller's own; comes back with the result. */
  readonly id: number;
  readonly path: string;
  /** Size the caller saw; a file of another size is answered as `changed`. */
  readonly expectedSizeBytes: number;
}

export interface HashFilesInput {
  readonly files: readonly FileToHash[];
  /** Bytes of one read; for tests and measurements. */
  readonly bufferBytes?: number | undefined;
}

/** Digests of the raw bytes in lower-case hex. "" stands for nothing: all three of an empty file, a CRC-32 of 0. */
export interface FileHashes {
  readonly id: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  readonly sizeBytes: number;
  /** Modification time of exactly these bytes, in whole milliseconds since 1970. */
  readonly modifiedAtMs: number;
}

export type HashedFile = FileHashes | { readonly id: number; readonly failure: FileFailure };

export interface HashFilesProgress {
  readonly doneFiles: number;
  readonly doneBytes: number;
}

export type HashFilesShape = {
  readonly input: HashFilesInput;
  /** One result per file, in the order of the input. */
  readonly output: readonly HashedFile[];
  readonly progress: HashFilesProgress;
};

/** Hashes files in one read each; a file that cannot be hashed is a result of its own and stops nothing. */
export const hashFiles: Task<HashFilesShape> = {
  async run({ files, bufferBytes = HASH_BUFFER_BYTES }, context) {
    assert(files.length <= HASH_FILES_MAX, `${files.length} files in one hashing task`);
    const reading: Reading = { context, buffer: context.scratch(bufferBytes), doneFiles: 0, doneBytes: 0 };
    const results: HashedFile[] = [];
    for (const file of files) {
      results.push(await hashFile(file, reading));
      reading.doneFiles += 1;
    }
    return results;
  },
};

interface Reading {
  readonly context: TaskContext<HashFilesProgress>;
  readonly buffer: Uint8Array;
  doneFiles: number;
  doneBytes: number;
}

async function hashFile(file: FileToHash, reading: Reading): Promise<HashedFile> {
  const { id, path, expectedSizeBytes } = file;
  await reading.context.checkpoint();
  // Asked before opening: opening a pipe waits for a writer, opening a device can act on it.
  const before = statFile(path);
  if ("failure" in before) return { id, failure: before.failure };
  if (before.stats.size !== expectedSizeBytes) {
    return { id, failure: changed(path, `${expectedSizeBytes} bytes expected, ${before.stats.size} found`) };
  }
  const digests = await hashContent(path, before.stats.size, reading);
  if ("failure" in digests) return { id, failure: digests.failure };
  const after = statFile(path);
  if ("failure" in after) return { id, failure: after.failure };
  const change = describeChange(before.stats, after.stats);
  if (change !== null) return { id, failure: changed(path, change) };
  return { id, ...digests, sizeBytes: after.stats.size, modifiedAtMs: Math.trunc(after.stats.mtimeMs) };
}

type Failed = { readonly failure: FileFailure };

function statFile(path: string): { readonly stats: Stats } | Failed {
  try {
    const stats = statSync(path);
    return stats.isFile() ? { stats } : { failure: notRegular(path, stats) };
  } catch (fault) {
    return { failure: describeFault(path, fault) };
  }
}

/** The path is compared, not the handle: so a file that was replaced by a rename counts as changed, too. */
function describeChange(before: Stats, after: Stats): string | null {
  if (after.size !== before.size) return `from ${before.size} to ${after.size} bytes while it was read`;
  return after.mtimeMs === before.mtimeMs ? null : "written to while it was read";
}

async function hashContent(
  path: string,
  sizeBytes: number,
  reading: Reading,
): Promise<{ crc32: string; md5: string; sha1: string } | Failed> {
  let handle: number | null = null;
  try {
    // Non-blocking has no effect on a file; it matters when something else took its place a moment ago.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const hasher = createHasher(["crc32", "md5", "sha1"]);
    const readBytes = await feed(handle, { sizeBytes, reading, update: hasher.update });
    if (readBytes !== sizeBytes)
      return { failure: changed(path, `ended after ${readBytes} of ${sizeBytes} bytes`) };
    return sizeBytes === 0 ? EMPTY : hideZeroCrc(hasher.digest());
  } catch (fault) {
    return { failure: describeFault(path, fault) };
  } finally {
    if (handle !== null) closeSync(handle);
  }
}

const EMPTY = { crc32: "", md5: "", sha1: "" } as const;

function hideZeroCrc<D extends { readonly crc32: string }>(digests: D): D {
  return digests.crc32 === "00000000" ? { ...digests, crc32: "" } : digests;
}

/** Reads up to `sizeBytes` from the start; gives how many there were. */
async function feed(
  handle: number,
  options: { sizeBytes: number; reading: Reading; update: (bytes: Uint8Array) => void },
): Promise<number> {
  const { sizeBytes, reading, update } = options;
  const { buffer, context } = reading;
  let readBytes = 0;
  while (readBytes < sizeBytes) {
    if (readBytes > 0) await context.checkpoint();
    const count = readSync(handle, buffer, 0, Math.min(buffer.length, sizeBytes - readBytes), null);
    if (count === 0) break;
    update(count === buffer.length ? buffer : buffer.subarray(0, count));
    readBytes += count;
    reading.doneBytes += count;
    context.report({ doneFiles: reading.doneFiles, doneBytes: reading.doneBytes });
  }
  return readBytes;
}
