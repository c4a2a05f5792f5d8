import { type FileHandle, link, lstat, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../../base/errors.ts";
import { errnoOf } from "./failures.ts";
import { syncFolder } from "./write-atomic.ts";

/** How file systems and mounts say that they make no second name of a file. */
const NO_LINK = new Set(["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV", "EINVAL"]);

/** The step of {@link Files.concatenate}; failures are the operating system's, not yet named. */
export async function concatenateFiles(parts: readonly string[], path: string): Promise<void> {
  const [only, ...more] = parts;
  const isLinked = only !== undefined && more.length === 0 && (await tryLink(only, path));
  // One that is in the way is not ours to remove; what we made is.
  const handle = await open(path, isLinked ? "r" : "wx");
  try {
    try {
      if (!isLinked) for (const part of parts) await append(handle, part);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(path).catch(ignoreAbsence);
    throw error;
  }
}

/**
 * Lets the kernel copy, which shares the blocks on file systems that can. An open file as the target is written
 * at its own position.
 */
async function append(handle: FileHandle, part: string): Promise<void> {
  await Bun.write(Bun.file(handle.fd), Bun.file(part));
}

/** Gives a file a second name; false where the two cannot share one file. */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (NO_LINK.has(errnoOf(error) ?? "")) return false;
    throw error;
  }
}

/** The step of {@link Files.publish}; failures are the operating system's, not yet named. */
export async function publishFile(from: string, to: string): Promise<void> {
  // Unlike a rename, a second name is never made in the place of something else.
  if (await tryLink(from, to)) await unlink(from);
  else await inTurn(to, () => renameToFree(from, to));
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

async function renameToFree(from: string, to: string): Promise<void> {
  if (!(await isFree(to))) {
    const message = `cannot rename ${from} to ${to}: something is in the way`;
    throw new AppError("conflict", "FILES_EXISTS", { message, details: { path: from, to } });
  }
  await rename(from, to);
}

async function isFree(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return true;
    throw error;
  }
}

/** The last move to each name that is under way; an entry goes with its move. */
const moving = new Map<string, Promise<unknown>>();

/** Runs moves to one name one after the other. */
async function inTurn(to: string, move: () => Promise<void>): Promise<void> {
  const before = moving.get(to) ?? Promise.resolve();
  const own = before.then(move, move);
  moving.set(to, own);
  try {
    await own;
  } finally {
    if (moving.get(to) === own) moving.delete(to);
  }
}

function ignoreAbsence(): void {
  // Either it was never created, or the disk is failing; the first failure is the one worth telling.
}
