import { constants } from "node:fs";
import {
  access,
  lstat,
  mkdir,
  open,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  unlink,
} from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../../base/errors.ts";
import { errnoOf, type FileAttempt, toFilesFailure } from "./failures.ts";
import { FILE_SYSTEM_NAMES } from "./file-systems.data.ts";
import { kindOf, listFolder } from "./list-folder.ts";
import type { ByteRange, FileFacts, Files, FreeSpace } from "./port.ts";
import { concatenateFiles, publishFile } from "./publish.ts";
import { openFileStream } from "./read-stream.ts";
import { syncFolder, writeFileAtomic } from "./write-atomic.ts";

const PERMISSION_BITS = 0o7777n;
const NS_PER_MS = 1_000_000n;

/** Ways of saying that nothing can be found at a path. */
const ABSENT = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"]);

/** Ways of saying that a path cannot be written. */
const NOT_WRITABLE = new Set([...ABSENT, "EACCES", "EPERM", "EROFS"]);

/** The files port on the machine's own file systems. */
export function createDiskFiles(): Files {
  return {
    list: (path) => named({ verb: "list", path }, () => listFolder(path)),
    find: (path) => named({ verb: "look at", path }, () => findFacts(path)),
    canWrite: (path) => named({ verb: "look at", path }, () => canWrite(path)),
    readText: (path, { maxBytes }) => named({ verb: "read", path }, () => readText(path, maxBytes)),
    writeAtomic: (path, content, options = {}) =>
      named({ verb: "write", path, changesFolder: true }, () => writeFileAtomic(path, content, options)),
    concatenate: (parts, path) =>
      named({ verb: "write", path, changesFolder: true }, () => concatenateFiles(parts, path)),
    publish: (path, to) =>
      named({ verb: "rename", path, to, changesFolder: true }, () => publishFile(path, to)),
    createFolder: (path, { mode } = {}) =>
      named({ verb: "create", path, changesFolder: true }, () => createFolder(path, mode)),
    remove: (path, { recursive = false } = {}) =>
      named({ verb: "remove", path, changesFolder: true }, () => removeEntry(path, recursive)),
    rename: (path, to) =>
      named({ verb: "rename", path, to, changesFolder: true }, () => renameDurable(path, to)),
    openRead: (path, range) => named({ verb: "read", path }, () => openFileStream(path, range)),
    openBlob: (path, range) => named({ verb: "read", path }, () => openBlob(path, range)),
    realPath: (path) => named({ verb: "resolve", path }, () => realpath(path)),
    freeSpace: (path) => named({ verb: "measure", path }, () => readFreeSpace(path)),
  };
}

/** Runs one operation and names its failures. */
async function named<T>(attempt: FileAttempt, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw await toFilesFailure(error, attempt);
  }
}

async function findFacts(path: string): Promise<FileFacts | null> {
  try {
    const stats = await stat(path, { bigint: true });
    return {
      sizeBytes: Number(stats.size),
      modifiedAtMs: Number(stats.mtimeNs / NS_PER_MS),
      kind: kindOf(stats),
      deviceId: stats.dev,
      inode: stats.ino,
      mode: Number(stats.mode & PERMISSION_BITS),
      uid: Number(stats.uid),
      gid: Number(stats.gid),
    };
  } catch (error) {
    if (ABSENT.has(errnoOf(error) ?? "")) return null;
    throw error;
  }
}

async function canWrite(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK);
    return true;
  } catch (error) {
    if (NOT_WRITABLE.has(errnoOf(error) ?? "")) return false;
    throw error;
  }
}

async function readText(path: string, maxBytes: number): Promise<string> {
  const handle = await open(path, "r");
  try {
    // One byte more than allowed tells a file that is too long, also one that grows or has no size (/proc).
    const buffer = new Uint8Array(Math.min(maxBytes, (await handle.stat()).size || maxBytes) + 1);
    let sizeBytes = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, sizeBytes, buffer.length - sizeBytes, sizeBytes);
      sizeBytes += bytesRead;
      if (bytesRead === 0) break;
      if (sizeBytes > maxBytes) throw tooLong(path, maxBytes);
      if (sizeBytes === buffer.length) throw grew(path);
    }
    return decodeText(path, buffer.subarray(0, sizeBytes));
  } finally {
    await handle.close();
  }
}

function tooLong(path: string, maxBytes: number): AppError {
  return new AppError("too_large", "FILES_TOO_LARGE", {
    message: `${path} is longer than ${maxBytes} bytes`,
    details: { path, maxBytes },
  });
}

function grew(path: string): AppError {
  return new AppError("conflict", "FILES_CHANGED", {
    message: `${path} changed while it was read`,
    details: { path },
  });
}

function decodeText(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError("invalid", "FILES_NOT_TEXT", {
      message: `${path} is not UTF-8 text`,
      details: { path },
      cause: error,
    });
  }
}

async function createFolder(path: string, mode: number | undefined): Promise<void> {
  await mkdir(path, mode === undefined ? { recursive: true } : { recursive: true, mode });
}

async function openBlob(path: string, range: ByteRange | undefined): Promise<Blob> {
  await access(path, constants.R_OK);
  const file = Bun.file(path);
  return range === undefined ? file : file.slice(range.start, range.end);
}

async function removeEntry(path: string, isRecursive: boolean): Promise<boolean> {
  try {
    const stats = await lstat(path);
    if (!stats.isDirectory()) await unlink(path);
    else if (isRecursive) await rm(path, { recursive: true });
    else await rmdir(path);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return false;
    throw error;
  }
}

async function renameDurable(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
}

async function readFreeSpace(path: string): Promise<FreeSpace> {
  const { bavail, blocks, bsize, type } = await statfs(path, { bigint: true });
  return {
    freeBytes: Number(bavail * bsize),
    totalBytes: Number(blocks * bsize),
    // The number is a signed 32-bit value on some systems.
    fsType: FILE_SYSTEM_NAMES.get(Number(BigInt.asUintN(32, type))) ?? null,
  };
}
