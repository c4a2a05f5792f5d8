import { type FileHandle, open, stat } from "node:fs/promises";
import { type ByteSource, fileHandleSource } from "@multitap/native/byte-source";
import { AppError } from "../base/errors.ts";
import { type FileAttempt, toFilesFailure } from "../ports/files/failures.ts";

/** A file of the operator's, opened to be read; closing it closes the file. */
export interface LocalFile extends ByteSource {
  /** Fills a buffer of the caller's with the bytes from `start` on; gives how many there were, 0 at the end. */
  readInto(buffer: Uint8Array, start: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * Runs work on the file system.
 * @throws AppError `FILES_…` or `STORAGE_FULL` that names the path where the system refuses; anything else as it is.
 */
export async function namingFailures<T>(attempt: FileAttempt, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await toFilesFailure(error, attempt);
  }
}

/**
 * Opens a file that was named on the command line.
 * @throws AppError `FILES_…` when it is not there, is no regular file, or cannot be read.
 */
export async function openLocalFile(path: string): Promise<LocalFile> {
  const attempt: FileAttempt = { verb: "read", path };
  const { handle, source } = await namingFailures(attempt, async () => {
    // Asked before it is opened, because opening a named pipe waits for its writer.
    const stats = await stat(path);
    if (!stats.isFile()) {
      const what = stats.isDirectory() ? "a folder" : "a pipe or a device";
      const message = `cannot read ${path}: it is ${what}, not a file`;
      throw new AppError("conflict", "FILES_WRONG_KIND", { message, details: { path } });
    }
    return await openSource(path);
  });
  return {
    ...source,
    read: (start, end, signal) => namingFailures(attempt, () => source.read(start, end, signal)),
    readInto: (buffer, start) => namingFailures(attempt, () => fill(handle, buffer, start)),
    close: () => handle.close(),
  };
}

async function openSource(path: string): Promise<{ handle: FileHandle; source: ByteSource }> {
  const handle = await open(path, "r");
  try {
    return { handle, source: await fileHandleSource(handle, path) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function fill(handle: FileHandle, buffer: Uint8Array, start: number): Promise<number> {
  for (let done = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, start + done);
    done += bytesRead;
    if (bytesRead === 0 || done === buffer.length) return done;
  }
}
