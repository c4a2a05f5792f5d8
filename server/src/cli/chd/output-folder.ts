import { lstatSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { type FileHandle, mkdir, open, rename, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Chd } from "@multitap/native/chd";
import { createHasher } from "@multitap/native/hash";
import { AppError } from "../../base/errors.ts";
import { errnoOf } from "../../ports/files/failures.ts";
import { syncFolder } from "../../ports/files/write-atomic.ts";
import { namingFailures } from "../local-file.ts";
import { formatBytes } from "../scan-progress.ts";

/** A place that takes the bytes of one file. */
export type ByteSink = ReturnType<Parameters<Chd["extract"]>[1]>;

/** A file that is to be written. */
export interface PlannedFile {
  readonly name: string;
  readonly sizeBytes: number;
}

/** A file that was written. */
export interface WrittenFile extends PlannedFile {
  readonly sha1: string;
}

/** What may be written, and where. */
export interface OutputRequest {
  readonly folder: string;
  /** Files of the same name are replaced. */
  readonly isForced: boolean;
  readonly planned: readonly PlannedFile[];
  /** Files that are read meanwhile and must stay. */
  readonly inputPaths: readonly string[];
}

/**
 * Lets `write` write files of a folder. They get their names when all of them are complete and on the disk; until then,
 * and when it fails or the process is ended by a signal, nothing of them is seen.
 * @returns The files in the order in which they were written.
 * @throws AppError `FILES_EXISTS` before anything is written, `STORAGE_FULL`, `FILES_…`; what `write` throws.
 */
export async function writeTogether(
  request: OutputRequest,
  write: (to: (name: string) => ByteSink) => Promise<void>,
): Promise<readonly WrittenFile[]> {
  const folder = resolve(request.folder);
  const firstMade = await namingFailures({ verb: "create", path: folder, changesFolder: true }, () =>
    mkdir(folder, { recursive: true }),
  );
  let partFolder: string | null = null;
  const discard = () => {
    const parts = partFolder;
    if (parts !== null) tryRemoving(() => rmSync(parts, { recursive: true, force: true }));
    if (firstMade !== undefined) tryRemoving(() => removeMade(folder, firstMade));
  };
  // A second Ctrl-C ends the process wherever it is.
  process.once("exit", discard);
  try {
    await checkTargets(folder, request);
    await checkSpace(folder, request.planned);
    partFolder = await namingFailures({ verb: "write to", path: folder }, async () =>
      mkdtempSync(join(folder, ".multitap-extract-")),
    );
    const parts = partFolder;
    const written: WrittenFile[] = [];
    await write((name) => createPart({ parts, folder, name, onDone: (file) => written.push(file) }));
    await checkTargets(folder, request);
    await placeAll(parts, folder, written);
    rmSync(parts, { recursive: true, force: true });
    return written;
  } catch (error) {
    discard();
    throw error;
  } finally {
    process.off("exit", discard);
  }
}

/** Removes the folders that were made for this run, as far as they are empty. */
function removeMade(folder: string, firstMade: string): void {
  for (let at = folder; at.length >= firstMade.length; at = dirname(at)) {
    rmdirSync(at);
  }
}

/** What cannot be removed stays: somebody uses it by now, or the disk fails, of which the first failure tells. */
function tryRemoving(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (errnoOf(error) === null) throw error;
  }
}

async function checkTargets(folder: string, { planned, isForced, inputPaths }: OutputRequest): Promise<void> {
  const inputs = await Promise.all(inputPaths.map((path) => stat(path)));
  for (const { name } of planned) {
    const path = join(folder, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    if (stats.isDirectory()) {
      const message = `cannot write ${path}: a folder is in the way`;
      throw new AppError("conflict", "FILES_WRONG_KIND", { message, details: { path } });
    }
    const isInput = inputs.some(({ dev, ino }) => dev === stats.dev && ino === stats.ino);
    if (isForced && !isInput) continue;
    const advice = isInput ? "it is the file that is read" : "it exists; --force replaces it";
    const message = `cannot write ${path}: ${advice}`;
    throw new AppError("conflict", "FILES_EXISTS", { message, details: { path } });
  }
}

/** Refuses what cannot fit, before the disk is filled with it. */
async function checkSpace(folder: string, planned: readonly PlannedFile[]): Promise<void> {
  const neededBytes = planned.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { bavail, bsize, blocks } = await namingFailures({ verb: "write to", path: folder }, () =>
    statfs(folder),
  );
  const freeBytes = bavail * bsize;
  // Some network shares tell nothing: no blocks at all.
  if (blocks === 0 || freeBytes >= neededBytes) return;
  const message = `cannot write to ${folder}: ${formatBytes(neededBytes)} are needed, ${formatBytes(freeBytes)} are free`;
  throw new AppError("storage_full", "STORAGE_FULL", { message, details: { neededBytes, freeBytes } });
}

/** Gives all files their names. When one cannot have it, those that replaced nothing are taken back. */
async function placeAll(parts: string, folder: string, files: readonly WrittenFile[]): Promise<void> {
  const added: string[] = [];
  try {
    for (const { name } of files) {
      const path = join(folder, name);
      const isNew = lstatSync(path, { throwIfNoEntry: false }) === undefined;
      await namingFailures({ verb: "write", path, changesFolder: true }, () =>
        rename(join(parts, name), path),
      );
      if (isNew) added.push(path);
    }
    await namingFailures({ verb: "write to", path: folder }, () => syncFolder(folder));
  } catch (error) {
    for (const path of added) rmSync(path, { force: true });
    throw error;
  }
}

interface Part {
  readonly parts: string;
  readonly folder: string;
  readonly name: string;
  readonly onDone: (file: WrittenFile) => void;
}

/** A file under a name of its own. */
function createPart({ parts, folder, name, onDone }: Part): ByteSink {
  const attempt = { verb: "write", path: join(folder, name) };
  return {
    async open() {
      const handle = await namingFailures(attempt, () => open(join(parts, name), "wx"));
      const hasher = createHasher(["sha1"]);
      let sizeBytes = 0;
      return {
        get offsetBytes() {
          return sizeBytes;
        },
        async restart() {
          await namingFailures(attempt, () => handle.truncate(0));
          hasher.digest();
          sizeBytes = 0;
        },
        async write(chunk) {
          await namingFailures(attempt, () => writeAll(handle, chunk, sizeBytes));
          hasher.update(chunk);
          sizeBytes += chunk.length;
        },
        async commit() {
          await namingFailures(attempt, async () => {
            try {
              await handle.sync();
            } finally {
              await handle.close();
            }
          });
          onDone({ name, sizeBytes, sha1: hasher.digest().sha1 });
        },
        suspend: () => handle.close(),
      };
    },
  };
}

/** One write may take less than it was given. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
