/** One owner per data folder, across containers: an flock held for the process's life. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { getSystemErrorName } from "node:util";
import { DbError, describeCause } from "../errors.ts";
import type { DbLog } from "../log.ts";
import { dataFsError } from "./file-system.ts";
import { tryFlock } from "./flock.ts";
import { LOCK_POLL_MS, LOCK_TEXT_BYTES_MAX } from "./limits.ts";

export const LOCK_FILE = "multitap.lock";

/** What the owner writes into the lock file; only for messages and for cleaning up after a crash. */
export interface LockOwner {
  host: string;
  processId: number;
  startedAt: string;
  /** Where the owner's database socket is, so that the next owner can remove it after a crash. */
  socketFolder: string | null;
}

export interface FolderLock {
  /** The owner before us, as it left the file; null on first use or when the text is not ours. */
  readonly previous: LockOwner | null;
  /** Tells later readers where our socket is. */
  recordSocketFolder(socketFolder: string): void;
  release(): void;
}

/**
 * The exclusive lock of a data folder.
 * @throws DbError `E_DATA_LOCKED` when it is still held after `waitMs`, `E_DATA_FS` when the file system cannot lock.
 */
export async function lockFolder(
  folder: string,
  options: { waitMs: number; log: DbLog },
): Promise<FolderLock> {
  const file = openLockFile(folder);
  try {
    await acquire(file, folder, options);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return holdLock(file);
}

function openLockFile(folder: string): number {
  try {
    return openSync(join(folder, LOCK_FILE), "a+", 0o600);
  } catch (error) {
    throw dataFsError(folder, `opening ${LOCK_FILE} failed with ${describeCause(error)}`, error);
  }
}

async function acquire(file: number, folder: string, options: { waitMs: number; log: DbLog }): Promise<void> {
  const deadline = performance.now() + options.waitMs;
  for (let isFirst = true; ; isFirst = false) {
    const result = tryFlock(file);
    if (result.status === "locked") return;
    if (result.status === "failed") {
      const name = result.errno === 0 ? "an unknown error" : getSystemErrorName(-result.errno);
      throw dataFsError(folder, `flock failed with ${name}`);
    }
    const owner = readOwner(file);
    const holder = `${owner?.host ?? "another process"} since ${owner?.startedAt ?? "an unknown time"}`;
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0) {
      throw new DbError(
        "E_DATA_LOCKED",
        `data folder ${folder} is in use by ${holder}. Stop the other container, or set DATABASE_URL to share one database.`,
      );
    }
    if (isFirst) {
      const seconds = Math.ceil(remainingMs / 1000);
      options.log({
        level: "info",
        message: `data folder ${folder} is in use by ${holder}; waiting up to ${seconds} s`,
      });
    }
    await Bun.sleep(Math.min(LOCK_POLL_MS, remainingMs));
  }
}

function holdLock(file: number): FolderLock {
  const previous = readOwner(file);
  const owner: LockOwner = {
    host: hostname(),
    processId: process.pid,
    startedAt: new Date().toISOString(),
    socketFolder: null,
  };
  let isReleased = false;
  writeOwner(file, owner);
  return {
    previous,
    recordSocketFolder: (socketFolder) => writeOwner(file, { ...owner, socketFolder }),
    release: () => {
      if (isReleased) return;
      isReleased = true;
      closeSync(file);
    },
  };
}

function writeOwner(file: number, owner: LockOwner): void {
  try {
    ftruncateSync(file, 0);
    writeSync(file, `${JSON.stringify(owner)}\n`); // The file is open for appending, so this lands at its start.
  } catch (error) {
    // A full disk is reported by the steps that need it; this text only serves messages.
    if (!["ENOSPC", "EDQUOT"].includes(describeCause(error))) throw error;
  }
}

function readOwner(file: number): LockOwner | null {
  const length = Math.min(fstatSync(file).size, LOCK_TEXT_BYTES_MAX);
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, 0);
  return parseOwner(bytes.toString("utf8"));
}

/** The owner a lock file names; null when the text is empty, half written or not ours. */
export function parseOwner(text: string): LockOwner | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null; // Half written at a crash; the text only serves messages, the lock itself is the kernel's.
  }
  if (typeof value !== "object" || value === null) return null;
  const { host, processId, startedAt, socketFolder } = value as Record<string, unknown>;
  if (typeof host !== "string" || typeof processId !== "number" || typeof startedAt !== "string") return null;
  return {
    host,
    processId,
    startedAt,
    socketFolder: typeof socketFolder === "string" ? socketFolder : null,
  };
}
