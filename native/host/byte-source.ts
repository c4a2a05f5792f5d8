import { NativeError } from "./errors.ts";

/** Bytes that can be read at any place: a file, a download, a part of a disc. */
export interface ByteSource {
  /** File name without folders; used in messages and to tell formats apart. */
  readonly name: string;
  readonly sizeBytes: number;
  /** ISO 8601 in UTC; null where it is not known. */
  readonly modifiedAt: string | null;
  /**
   * Reads the bytes from `start` up to but without `end`, both within the size.
   * @returns A new array of exactly `end - start` bytes.
   */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  close?(): Promise<void>;
}

/** What every reader here accepts; a `File` of a browser is a `Blob`, and so is a `Bun.file`. */
export type BytesInput = ByteSource | Blob | Uint8Array;

/** The part of `node:fs/promises`' file handle that is needed; written out so that browsers compile this. */
export interface PositionedFile {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  stat(): Promise<{ readonly size: number; readonly mtime: Date }>;
  close(): Promise<void>;
}

/** Gives a source over bytes in memory; they are not copied, so they must not change while it is used. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): ByteSource {
  return {
    name,
    sizeBytes: bytes.length,
    modifiedAt: null,
    async read(start, end, signal) {
      signal?.throwIfAborted();
      checkRange(start, end, bytes.length);
      return bytes.slice(start, end);
    },
  };
}

/** Gives a source over a `Blob`, a browser's `File` or a `Bun.file`; the name is empty where a blob has none. */
export function blobSource(blob: Blob): ByteSource {
  const { name, lastModified } = blob as Blob & { readonly name?: unknown; readonly lastModified?: unknown };
  return {
    name: typeof name === "string" ? fileNameOf(name) : "",
    sizeBytes: blob.size,
    modifiedAt: typeof lastModified === "number" ? new Date(lastModified).toISOString() : null,
    async read(start, end, signal) {
      signal?.throwIfAborted();
      checkRange(start, end, blob.size);
      return checkLength(new Uint8Array(await blob.slice(start, end).arrayBuffer()), end - start);
    },
  };
}

/**
 * Gives a source over an open file handle of Node, Bun or Deno; `close` closes the handle.
 * @param name File name, for messages.
 */
export async function fileHandleSource(file: PositionedFile, name: string): Promise<ByteSource> {
  const { size, mtime } = await file.stat();
  return {
    name: fileNameOf(name),
    sizeBytes: size,
    modifiedAt: mtime.toISOString(),
    async read(start, end, signal) {
      signal?.throwIfAborted();
      checkRange(start, end, size);
      const bytes = new Uint8Array(end - start);
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
        signal?.throwIfAborted();
        if (bytesRead === 0) return checkLength(bytes.subarray(0, done), end - start);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

/** Gives the source itself, or one over the blob or the bytes. */
export function toByteSource(input: BytesInput): ByteSource {
  if (input instanceof Uint8Array) return bytesSource(input);
  return "read" in input ? input : blobSource(input);
}

/**
 * Reads a part of a source and holds the source to its promise.
 * @throws NativeError `SOURCE_RANGE` outside the source, `SOURCE_SHORT` when it gives another count of bytes.
 */
export async function readExactly(
  source: ByteSource,
  range: { readonly start: number; readonly end: number },
  signal?: AbortSignal | undefined,
): Promise<Uint8Array> {
  checkRange(range.start, range.end, source.sizeBytes);
  if (range.start === range.end) return new Uint8Array(0);
  const bytes =
    signal === undefined
      ? await source.read(range.start, range.end)
      : await source.read(range.start, range.end, signal);
  return checkLength(bytes, range.end - range.start);
}

function checkRange(start: number, end: number, sizeBytes: number): void {
  if (
    Number.isSafeInteger(start) &&
    Number.isSafeInteger(end) &&
    start >= 0 &&
    start <= end &&
    end <= sizeBytes
  )
    return;
  throw new NativeError("SOURCE_RANGE", `bytes ${start} to ${end} of a source of ${sizeBytes} bytes`);
}

function checkLength(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  throw new NativeError("SOURCE_SHORT", `the source gave ${bytes.length} of ${length} bytes`);
}

function fileNameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}
