import { closeSync, openSync, readdirSync, readSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SPOOL_BYTES_MAX, SPOOL_CHECK_BYTES, SPOOL_FREE_BYTES_MIN, SPOOL_MEMORY_BYTES } from "../limits.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { type ArchiveContext, refuse } from "./archive.ts";

/** Bytes that wait: in memory at first, in a temporary file when there are many. */
export interface Spool {
  /** Adds bytes at the end; they are copied. @throws ArchiveRefusal `no_space` */
  append(bytes: Uint8Array): void;
  /** Reads a range that was added, into a new array. */
  read(start: number, end: number): Uint8Array;
  /** Forgets everything. */
  clear(): void;
  /** Gives memory and disk back. */
  close(): void;
  readonly sizeBytes: number;
}

const NAME_PREFIX = "multitap-spool-";
/** A file of ours has its name for some microseconds only; one of this age is a crash's. */
const STALE_MS = 60_000;

/**
 * Creates a spool. Its file loses its name as soon as it is open, so that the system frees it whatever happens to
 * this process; no name of a member is ever one of a file.
 */
export function createSpool({ settings = DEFAULT_SETTINGS }: Pick<ArchiveContext, "settings">): Spool {
  const folder = settings.tempFolder ?? tmpdir();
  const memory: Uint8Array[] = [];
  let sizeBytes = 0;
  let file: SpoolFile | null = null;
  const closeFile = (): void => {
    file?.close();
    file = null;
  };
  return {
    append(bytes) {
      if (sizeBytes + bytes.length > SPOOL_BYTES_MAX)
        refuse("too_large", `needs more than ${SPOOL_BYTES_MAX} bytes in a temporary file`);
      if (file === null && sizeBytes + bytes.length > SPOOL_MEMORY_BYTES) {
        file = openSpoolFile(folder);
        for (const part of memory.splice(0)) file.append(part);
      }
      if (file === null) memory.push(bytes.slice());
      else file.append(bytes);
      sizeBytes += bytes.length;
    },
    read: (start, end) => file?.read(start, end) ?? readMemory(memory, start, end),
    clear() {
      memory.length = 0;
      sizeBytes = 0;
      closeFile();
    },
    close() {
      memory.length = 0;
      closeFile();
    },
    get sizeBytes() {
      return sizeBytes;
    },
  };
}

function readMemory(parts: readonly Uint8Array[], start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start);
  let at = 0;
  for (const part of parts) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, part.length);
    if (from < to) bytes.set(part.subarray(from, to), at + from - start);
    at += part.length;
    if (at >= end) break;
  }
  return bytes;
}

interface SpoolFile {
  append(bytes: Uint8Array): void;
  read(start: number, end: number): Uint8Array;
  close(): void;
}

function openSpoolFile(folder: string): SpoolFile {
  removeStale(folder);
  const handle = openNameless(folder);
  let writtenBytes = 0;
  let checkAtBytes = 0;
  return {
    append(bytes) {
      if (writtenBytes >= checkAtBytes) {
        checkSpace(folder);
        checkAtBytes = writtenBytes + SPOOL_CHECK_BYTES;
      }
      withSpace(folder, () => {
        for (let done = 0; done < bytes.length; )
          done += writeSync(handle, bytes, done, bytes.length - done, writtenBytes + done);
      });
      writtenBytes += bytes.length;
    },
    read(start, end) {
      const bytes = new Uint8Array(end - start);
      for (let done = 0; done < bytes.length; ) {
        const count = readSync(handle, bytes, done, bytes.length - done, start + done);
        if (count === 0) refuse("no_space", `lost its temporary file in ${folder}`);
        done += count;
      }
      return bytes;
    },
    close: () => closeSync(handle),
  };
}

function openNameless(folder: string): number {
  const path = join(folder, `${NAME_PREFIX}${crypto.randomUUID()}`);
  return withSpace(folder, () => {
    const handle = openSync(path, "wx+", 0o600);
    rmSync(path, { force: true });
    return handle;
  });
}

function checkSpace(folder: string): void {
  const { bavail, bsize } = withSpace(folder, () => statfsSync(folder));
  const freeBytes = bavail * bsize;
  if (freeBytes < SPOOL_FREE_BYTES_MIN + SPOOL_CHECK_BYTES)
    refuse("no_space", `needs a temporary file, and ${folder} has ${freeBytes} bytes free`);
}

/** What the system refuses about the folder is the folder's trouble, not the archive's. */
function withSpace<T>(folder: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return refuse("no_space", `needs a temporary file, and ${folder} takes none`, error);
  }
}

/** Removes what a process left that ended between creating a file and taking its name away. */
function removeStale(folder: string): void {
  withSpace(folder, () => {
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(NAME_PREFIX)) continue;
      const path = join(folder, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      const isStale = stats !== undefined && Date.now() - stats.mtimeMs > STALE_MS;
      if (isStale) rmSync(path, { force: true });
    }
  });
}
