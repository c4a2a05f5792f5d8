import { createHasher } from "@multitap/native/hash";
import { findSkippedBytes } from "@multitap/native/rahash";
import { assert } from "../../../base/assert.ts";
import { detectPacked } from "../archives/packed-kind.ts";
import { describeFault, type FileFailure } from "../file-failure.ts";
import {
  HASH_BUFFER_BYTES,
  HASH_FILES_MAX,
  HASH_LANE_BYTES,
  HASH_LANE_FILE_BYTES_MIN,
  HEAD_BYTES,
} from "../limits.ts";
import type { Task, TaskContext } from "../task.ts";
import { hashInLanes } from "./hash-files-lanes.ts";
import {
  closeHashing,
  fillBuffer,
  finishHashing,
  type OpenedFile,
  openHashing,
} from "./hash-files-reading.ts";
import { hashRaOfFile, isRaArchive, isRaPlain } from "./hash-ra.ts";
import { findChdSha1, readHead } from "./read-head.ts";

export interface FileToHash {
  /** The caller's own; comes back with the result. */
  readonly id: number;
  readonly path: string;
  /** Size the caller saw; a file of another size is answered as `changed`. */
  readonly expectedSizeBytes: number;
}

export interface HashFilesInput {
  readonly files: readonly FileToHash[];
  /** RetroAchievements' console of these files; null or absent computes no such hash. */
  readonly raConsoleId?: number | null | undefined;
  /** Hash the bytes as they are, whatever they hold; else a file that turns out to be packed is answered as such. */
  readonly isRaw?: boolean | undefined;
  /** Bytes of one read, where a file is read by itself; for tests and measurements. */
  readonly bufferBytes?: number | undefined;
  /** The same where files are hashed in step, a multiple of 64. */
  readonly laneBytes?: number | undefined;
  /** Size from which files are hashed in step. */
  readonly laneFileBytesMin?: number | undefined;
}

/** Digests of the raw bytes in lower-case hex. "" stands for nothing: all three of an empty file, a CRC-32 of 0. */
export interface FileHashes {
  readonly id: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  /** RetroAchievements' hash; "" when none was asked for or there is none. */
  readonly raHash: string;
  /** SHA-1 that a CHD header names for its data; "" for other files. */
  readonly chdSha1: string;
  readonly sizeBytes: number;
  /** Modification time of exactly these bytes, in whole milliseconds since 1970. */
  readonly modifiedAtMs: number;
}

export type HashedFile =
  | FileHashes
  | { readonly id: number; readonly failure: FileFailure }
  /** Its name does not say so, but it is an archive or compressed: `hash-rom` looks into it. */
  | { readonly id: number; readonly isPacked: true };

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

/**
 * Hashes files in one read each; a file that cannot be hashed is a result of its own and stops nothing. Small ones
 * are hashed one after another, and where two or more are large they are hashed in step, which takes less time.
 */
export const hashFiles: Task<HashFilesShape> = {
  async run(input, context) {
    const { bufferBytes = HASH_BUFFER_BYTES } = input;
    // Copies, so that a file that is named twice has two results.
    const files = input.files.map((file) => ({ ...file }));
    assert(files.length <= HASH_FILES_MAX, `${files.length} files in one hashing task`);
    const results = new Map<FileToHash, HashedFile>();
    let doneBytes = 0;
    const hashing: Hashing = {
      context,
      addBytes(count) {
        doneBytes += count;
        context.report({ doneFiles: results.size, doneBytes });
      },
      settle: (file, result) => void results.set(file, result),
    };
    const { raConsoleId = null, isRaw = false, laneFileBytesMin = HASH_LANE_FILE_BYTES_MIN } = input;
    const wish: Wish = { raConsoleId, isRaw };
    const large = files.filter((file) => file.expectedSizeBytes >= laneFileBytesMin);
    if (large.length > 1) await hashLarge(large, { input, hashing, wish, results });
    const buffer = context.scratch(bufferBytes);
    for (const file of files) {
      if (!results.has(file)) hashing.settle(file, await hashAlone(file, { hashing, buffer, wish }));
    }
    return files.flatMap((file) => results.get(file) ?? []);
  },
};

/** What hashing reports to, whichever way a file is hashed. */
export interface Hashing {
  readonly context: TaskContext<HashFilesProgress>;
  /** Counts bytes that were read and reports how far the task is. */
  addBytes(count: number): void;
  /** Takes the result of a file. */
  settle(file: FileToHash, result: HashedFile): void;
}

/** What is wanted beyond the digests. */
interface Wish {
  readonly raConsoleId: number | null;
  readonly isRaw: boolean;
}

/** A look at a file's first bytes takes some 20 µs, on a network share some milliseconds. */
const PEEKS_BETWEEN_CHECKPOINTS = 8;

interface LargeWork {
  readonly input: HashFilesInput;
  readonly hashing: Hashing;
  readonly wish: Wish;
  readonly results: Map<FileToHash, HashedFile>;
}

/** Hashes files in step. What their first bytes tell is found out before: packed files need no hash of their bytes. */
async function hashLarge(files: readonly FileToHash[], work: LargeWork): Promise<void> {
  const { input, hashing, wish, results } = work;
  const heads = new Map<FileToHash, Uint8Array>();
  for (const [index, file] of files.entries()) {
    if (index % PEEKS_BETWEEN_CHECKPOINTS === PEEKS_BETWEEN_CHECKPOINTS - 1)
      await hashing.context.checkpoint();
    const head = peek(file);
    if (head === null) continue;
    if (!wish.isRaw && detectPacked(head) !== null) hashing.settle(file, { id: file.id, isPacked: true });
    else heads.set(file, head);
  }
  const { laneBytes = HASH_LANE_BYTES } = input;
  await hashInLanes(
    files.filter((file) => !results.has(file)),
    { hashing, laneBytes },
  );
  for (const [file, head] of heads) {
    const result = results.get(file);
    if (result === undefined || !("md5" in result)) continue;
    const start = head.subarray(0, RA_START_BYTES);
    const isWhole = countSkipped(file, { start, sizeBytes: result.sizeBytes, wish }) === 0;
    const raHash = isWhole ? result.md5 : await hashRa(file, hashing, wish);
    results.set(file, { ...result, raHash, chdSha1: findChdSha1(head) });
  }
}

/** Gives a file's first bytes; null when they cannot be read, which hashing will tell. */
function peek(file: FileToHash): Uint8Array | null {
  const opened = openHashing(file);
  if ("failure" in opened) return null;
  try {
    return readHead(opened);
  } catch (fault) {
    describeFault(file.path, fault);
    return null;
  } finally {
    closeHashing(opened);
  }
}

/** Bytes at a file's start that tell RetroAchievements' headers. */
const RA_START_BYTES = 16;

interface FileStart {
  readonly start: Uint8Array;
  readonly sizeBytes: number;
  readonly wish: Wish;
}

/** Gives how many bytes RetroAchievements' hash leaves out at the start; null when it is no such hash, or unwanted. */
function countSkipped(file: FileToHash, { start, sizeBytes, wish }: FileStart): number | null {
  if (wish.raConsoleId === null || sizeBytes === 0 || !isRaPlain(file.path)) return null;
  return findSkippedBytes(wish.raConsoleId, start, sizeBytes);
}

async function hashRa(file: FileToHash, { context }: Hashing, { raConsoleId }: Wish): Promise<string> {
  if (raConsoleId === null || isRaArchive(file.path, raConsoleId)) return "";
  const { raHash } = await hashRaOfFile(file.path, raConsoleId, context);
  return raHash;
}

interface AloneWork {
  readonly hashing: Hashing;
  readonly buffer: Uint8Array;
  readonly wish: Wish;
}

async function hashAlone(file: FileToHash, work: AloneWork): Promise<HashedFile> {
  await work.hashing.context.checkpoint();
  const opened = openHashing(file);
  if ("failure" in opened) return opened;
  try {
    return await hashOpened(opened, work);
  } finally {
    closeHashing(opened);
  }
}

async function hashOpened(opened: OpenedFile, { hashing, buffer, wish }: AloneWork): Promise<HashedFile> {
  const { file, sizeBytes } = opened;
  const hasher = createHasher(["crc32", "md5", "sha1"]);
  let facts: ReturnType<typeof readFacts> | null = null;
  while (opened.readBytes < sizeBytes) {
    if (opened.readBytes > 0) await hashing.context.checkpoint();
    const count = fillBuffer(opened, buffer);
    if (typeof count !== "number") return count;
    const bytes = count === buffer.length ? buffer : buffer.subarray(0, count);
    if (facts === null) {
      facts = readFacts(opened, { bytes, wish });
      if (!wish.isRaw && facts.isPacked) return { id: file.id, isPacked: true };
      facts.rest?.update(bytes.subarray(facts.skippedBytes ?? 0));
    } else facts.rest?.update(bytes);
    hasher.update(bytes);
    hashing.addBytes(count);
  }
  const result = finishHashing(opened, hasher.digest());
  if ("failure" in result) return result;
  // Of an empty file there is nothing to look at, and still a hash on some consoles.
  if (facts === null) return { ...result, raHash: await hashRa(file, hashing, wish) };
  const { chdSha1, skippedBytes, rest } = facts;
  if (skippedBytes === 0) return { ...result, chdSha1, raHash: result.md5 };
  const raHash = rest === null ? await hashRa(file, hashing, wish) : rest.digest("hex");
  return { ...result, chdSha1, raHash };
}

/** Reads from a file's first bytes what there is to know before they are hashed. */
function readFacts(opened: OpenedFile, { bytes, wish }: { readonly bytes: Uint8Array; readonly wish: Wish }) {
  // A buffer of tests may be smaller than what has to be looked at.
  const isEnough = bytes.length >= HEAD_BYTES || bytes.length === opened.sizeBytes;
  const head = isEnough ? bytes.subarray(0, HEAD_BYTES) : readHead(opened);
  const start = head.subarray(0, RA_START_BYTES);
  const skippedBytes = countSkipped(opened.file, { start, sizeBytes: opened.sizeBytes, wish });
  return {
    isPacked: detectPacked(head) !== null,
    chdSha1: findChdSha1(head),
    skippedBytes,
    /** Hashes what RetroAchievements hashes; null where that is the whole file, or has to be found out. */
    rest:
      skippedBytes !== null && skippedBytes > 0 && skippedBytes <= bytes.length
        ? new Bun.CryptoHasher("md5")
        : null,
  };
}
