import { randomUUID } from "node:crypto";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { MultitapError } from "../errors.ts";
import { hasFsCode } from "./durable.ts";

/** A lock older than this was left by a crash; nobody holds one that long. */
const LOCK_STALE_MS = 60_000;
/** How often a taken lock is looked at again. */
const LOCK_POLL_MS = 50;
/** Only the owner may read whose lock it is. */
const LOCK_MODE = 0o600;

/** Who holds a lock. */
interface LockNote {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
}

/**
 * Runs `work` while no other process does so under the same lock file.
 * @param options `timeoutMs`: how long to wait for the lock.
 * @throws MultitapError `timeout` without having run it, when the lock could not be had.
 */
export async function withLockFile<T>(
  path: string,
  options: { readonly timeoutMs: number },
  work: () => Promise<T>,
): Promise<T> {
  const note: LockNote = { id: randomUUID(), pid: process.pid, host: hostname() };
  const text = JSON.stringify(note);
  const deadlineMs = Date.now() + options.timeoutMs;
  while (!(await take(path, text))) {
    if (Date.now() >= deadlineMs) throw notTaken(options.timeoutMs);
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
  try {
    return await work();
  } finally {
    // Somebody may have taken it over, believing us dead.
    if ((await read(path)) === text) await rm(path, { force: true });
  }
}

function notTaken(timeoutMs: number): MultitapError {
  const details = { timeoutMs };
  return new MultitapError("timeout", "TIMED_OUT", {
    message: "Another process holds the lock on the credentials",
    details,
  });
}

async function take(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx", mode: LOCK_MODE });
    return true;
  } catch (thrown) {
    if (!hasFsCode(thrown, "EEXIST")) throw thrown;
  }
  if (await isAbandoned(path)) await rm(path, { force: true });
  return false;
}

/** Two processes may both find it abandoned and one remove the other's new lock; a refresh stands that. */
async function isAbandoned(path: string): Promise<boolean> {
  const text = await read(path);
  if (text === null) return false;
  const ageMs = Date.now() - (await readModifiedMs(path));
  if (ageMs > LOCK_STALE_MS) return true;
  const note = parseNote(text);
  return note !== null && note.host === hostname() && !isAlive(note.pid);
}

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT")) return null;
    throw thrown;
  }
}

async function readModifiedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (thrown) {
    if (hasFsCode(thrown, "ENOENT")) return Date.now();
    throw thrown;
  }
}

/** Null for a note that is still being written, or of something else. */
function parseNote(text: string): LockNote | null {
  try {
    const note: unknown = JSON.parse(text);
    const isNote = typeof note === "object" && note !== null && "pid" in note && "host" in note;
    return isNote ? (note as LockNote) : null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return !hasFsCode(thrown, "ESRCH");
  }
}
