import { readSync } from "node:fs";
import { HASH_BUFFER_BYTES } from "../limits.ts";
import { type ArchiveContext, type ArchiveFile, refuse } from "./archive.ts";

/**
 * Reads a range of an archive into a new array.
 * @throws ArchiveRefusal `damaged` when the file ends before.
 */
export function readRange(file: ArchiveFile, start: number, sizeBytes: number): Uint8Array {
  const isInside = Number.isSafeInteger(start) && start >= 0 && start + sizeBytes <= file.sizeBytes;
  if (!isInside) refuse("damaged", `names ${sizeBytes} bytes at ${start}, past its end at ${file.sizeBytes}`);
  const bytes = new Uint8Array(sizeBytes);
  if (readInto(file, { start, into: bytes }) < sizeBytes) refuse("damaged", "became shorter");
  return bytes;
}

/** Reads until the array is full or the file ends; gives how many bytes. */
export function readInto(
  file: Pick<ArchiveFile, "handle">,
  { start, into }: { readonly start: number; readonly into: Uint8Array },
): number {
  let done = 0;
  while (done < into.length) {
    const count = readSync(file.handle, into, done, into.length - done, start + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Reads a range piece by piece; each piece is an array of its own, as streams keep what they are given. */
export async function* readPieces(
  file: ArchiveFile,
  range: { readonly start: number; readonly end: number },
  context: ArchiveContext,
): AsyncGenerator<Uint8Array> {
  for (let at = range.start; at < range.end; at += HASH_BUFFER_BYTES) {
    await context.checkpoint();
    yield readRange(file, at, Math.min(HASH_BUFFER_BYTES, range.end - at));
  }
}
