import { type BigIntStats, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import type { Hashes } from "@multitap/native/hash";
import { changed, describeFault, type FileFailure, notRegular } from "../file-failure.ts";
import type { FileHashes, FileToHash } from "./hash-files.ts";

/** A file that is being read from its start. */
export interface OpenedFile {
  readonly file: FileToHash;
  readonly handle: number;
  /** What the system said before the first read. */
  readonly before: FoundFile;
  readonly sizeBytes: number;
  readBytes: number;
}

/** A file that cannot be hashed; the result of its own that the caller gets. */
export interface FailedFile {
  readonly id: number;
  readonly failure: FileFailure;
}

/** Opens a file for hashing; what cannot be opened is an answer. `closeHashing` closes it. */
export function openHashing(file: FileToHash): OpenedFile | FailedFile {
  const { id, path, expectedSizeBytes } = file;
  // Asked before opening: opening a pipe waits for a writer, opening a device can act on it.
  const before = statFile(path);
  if ("failure" in before) return { id, failure: before.failure };
  const { sizeBytes } = before;
  if (sizeBytes !== expectedSizeBytes) {
    return { id, failure: changed(path, `${expectedSizeBytes} bytes expected, ${sizeBytes} found`) };
  }
  try {
    // Non-blocking has no effect on a file; it matters when something else took its place a moment ago.
    const handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    return { file, handle, before, sizeBytes, readBytes: 0 };
  } catch (fault) {
    return { id, failure: describeFault(path, fault) };
  }
}

/** Closes what `openHashing` opened. */
export function closeHashing(opened: OpenedFile): void {
  closeSync(opened.handle);
}

/** Reads the next bytes into a buffer, never past the size that was seen; gives how many, at least one. */
export function fillBuffer(opened: OpenedFile, buffer: Uint8Array): number | FailedFile {
  const { file, handle, sizeBytes, readBytes } = opened;
  const { id, path } = file;
  try {
    const count = readSync(handle, buffer, 0, Math.min(buffer.length, sizeBytes - readBytes), null);
    if (count === 0) {
      return { id, failure: changed(path, `ended after ${readBytes} of ${sizeBytes} bytes`) };
    }
    opened.readBytes += count;
    return count;
  } catch (fault) {
    return { id, failure: describeFault(path, fault) };
  }
}

/** Tells that a file that was read to its end is not the one any more that was opened; null when it is. */
export function findChange(opened: OpenedFile): FailedFile | null {
  const { id, path } = opened.file;
  const after = statFile(path);
  if ("failure" in after) return { id, failure: after.failure };
  const change = describeChange(opened.before, after);
  return change === null ? null : { id, failure: changed(path, change) };
}

/** Gives the result of a file that was read to its end, unless it is not the one any more that was opened. */
export function finishHashing(opened: OpenedFile, digests: Hashes): FileHashes | FailedFile {
  const { file, before, sizeBytes } = opened;
  const { id, path } = file;
  const after = statFile(path);
  if ("failure" in after) return { id, failure: after.failure };
  const change = describeChange(before, after);
  if (change !== null) return { id, failure: changed(path, change) };
  // Whole milliseconds as the files port tells them, which a scan compares.
  const modifiedAtMs = Number(after.modifiedAtNs / NS_PER_MS);
  const hashes = sizeBytes === 0 ? EMPTY : hideZeroCrc(digests);
  return { id, ...hashes, raHash: "", chdSha1: "", sizeBytes, modifiedAtMs };
}

const NS_PER_MS = 1_000_000n;

/** What the system says of a file. */
interface FoundFile {
  readonly sizeBytes: number;
  /** In whole nanoseconds: as a number of milliseconds it would be rounded, to the next one near its end. */
  readonly modifiedAtNs: bigint;
}

function statFile(path: string): FoundFile | { readonly failure: FileFailure } {
  try {
    const stats: BigIntStats = statSync(path, { bigint: true });
    if (!stats.isFile()) return { failure: notRegular(path, stats) };
    return { sizeBytes: Number(stats.size), modifiedAtNs: stats.mtimeNs };
  } catch (fault) {
    return { failure: describeFault(path, fault) };
  }
}

/** The path is compared, not the handle: so a file that was replaced by a rename counts as changed, too. */
function describeChange(before: FoundFile, after: FoundFile): string | null {
  if (after.sizeBytes !== before.sizeBytes) {
    return `from ${before.sizeBytes} to ${after.sizeBytes} bytes while it was read`;
  }
  return after.modifiedAtNs === before.modifiedAtNs ? null : "written to while it was read";
}

const EMPTY = { crc32: "", md5: "", sha1: "" } as const;

function hideZeroCrc(digests: Hashes): Hashes {
  return digests.crc32 === "00000000" ? { ...digests, crc32: "" } : digests;
}
