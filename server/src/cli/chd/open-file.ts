import { availableParallelism } from "node:os";
import { type Chd, openChd } from "@multitap/native/chd";
import { NativeError } from "@multitap/native/errors";
import { type NativeWorkers, nativeWorkers } from "@multitap/native/workers";
import { DECODE_ALONE_BYTES_MAX } from "../limits.ts";
import { openLocalFile } from "../local-file.ts";

/** Which CHD a command works on. */
export interface ChdRequest {
  readonly path: string;
  /** The CHD that it was made against; null where none was given. */
  readonly parentPath: string | null;
  readonly signal: AbortSignal;
  /** Threads for long work; 0 for none, null for as many as are of use. */
  readonly workerCount?: number | null | undefined;
}

/** A CHD that is open, and the threads for long work on it. */
export interface OpenedChd {
  readonly chd: Chd;
  readonly workers: NativeWorkers | undefined;
}

/**
 * Runs work on a CHD, and closes everything after it.
 * @throws NativeError `CHD_…` with the file's path in its message; AppError `FILES_…` when a file cannot be read.
 */
export async function withChd<T>(request: ChdRequest, work: (opened: OpenedChd) => Promise<T>): Promise<T> {
  const { path, parentPath, signal } = request;
  if (parentPath === null) return await withFile(path, { signal }, (chd) => withThreads(chd, request, work));
  return await withFile(parentPath, { signal }, (parent) =>
    withFile(path, { signal, parent }, (chd) => withThreads(chd, request, work)),
  );
}

async function withFile<T>(
  path: string,
  options: { readonly signal: AbortSignal; readonly parent?: Chd },
  work: (chd: Chd) => Promise<T>,
): Promise<T> {
  const file = await openLocalFile(path);
  let chd: Chd | null = null;
  try {
    chd = await openChd(file, options);
    return await work(chd);
  } catch (error) {
    throw nameFile(error, path, chd);
  } finally {
    await chd?.close();
    await file.close();
  }
}

/** An error that says which file it is about. */
class NamedNativeError extends NativeError {}

/** Puts the file's path in front of the message, once. */
function nameFile(error: unknown, path: string, chd: Chd | null): unknown {
  if (!(error instanceof NativeError) || error instanceof NamedNativeError) return error;
  const { code, message } = error;
  if (code !== "CHD_PARENT_MISSING")
    return new NamedNativeError(code, `${path}: ${message}`, { cause: error });
  const wanted = describeParent(chd);
  const text = `${path} holds only what differs from its parent; give that with --parent${wanted}`;
  return new NamedNativeError(code, text, { cause: error });
}

/** The digest by which the parent is known; versions 1 and 2 have no SHA-1. */
function describeParent(chd: Chd | null): string {
  const { parentSha1 = null, parentMd5 = null } = chd?.header ?? {};
  if (parentSha1 !== null) return `, its SHA-1 is ${parentSha1}`;
  return parentMd5 === null ? "" : `, its MD5 is ${parentMd5}`;
}

async function withThreads<T>(
  chd: Chd,
  { workerCount = 0 }: ChdRequest,
  work: (opened: OpenedChd) => Promise<T>,
): Promise<T> {
  const isSmall = chd.header.logicalBytes <= DECODE_ALONE_BYTES_MAX;
  const count = workerCount ?? (isSmall ? 0 : availableParallelism());
  if (count === 0) return await work({ chd, workers: undefined });
  const workers = nativeWorkers(() => new Worker(new URL("./decode-worker.ts", import.meta.url)), { count });
  try {
    return await work({ chd, workers });
  } finally {
    await workers.close();
  }
}
