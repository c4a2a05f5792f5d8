import { NativeError } from "../errors.ts";
import { createPacer } from "../pacer.ts";
import { type ChdFile, checkOpen } from "./chd-file.ts";
import { readFilled, readRuns } from "./hunks.ts";
import { BATCH_BYTES_MAX, READ_BYTES_MAX } from "./limits.ts";

function refuseRange(message: string): never {
  throw new NativeError("CHD_RANGE", message);
}

/** Reads bytes by running through the hunks, without the cache. */
async function readRunning(
  file: ChdFile,
  range: { readonly start: number; readonly end: number },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(range.end - range.start);
  const pacer = createPacer(signal);
  for await (const piece of runThrough(file, range, signal)) {
    bytes.set(piece.bytes, piece.start - range.start);
    await pacer.step();
  }
  return bytes;
}

/** A piece of the content, in order. */
export interface ContentPiece {
  /** Where in the content it begins. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * Gives the bytes of a range in pieces of at most a batch, in order.
 * @throws NativeError of the first damaged hunk.
 */
export async function* runThrough(
  file: ChdFile,
  range: { readonly start: number; readonly end: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<ContentPiece, void, undefined> {
  if (range.start >= range.end) return;
  const { hunkBytes } = file.header;
  const first = Math.floor(range.start / hunkBytes);
  let runStart = first * hunkBytes;
  for await (const run of readRuns(file, { first, end: Math.ceil(range.end / hunkBytes) }, signal)) {
    const [bad] = run.bad;
    if (bad !== undefined) throw bad.error;
    const start = Math.max(range.start, runStart);
    const end = Math.min(range.end, runStart + run.count * hunkBytes);
    yield { start, bytes: run.bytes.subarray(start - runStart, end - runStart) };
    runStart += run.count * hunkBytes;
  }
}

/**
 * Reads bytes of the content.
 * @returns Bytes of the caller's own.
 * @throws NativeError `CHD_RANGE` outside the content or above 64 MiB; `CHD_HUNK_…` when a hunk is damaged.
 */
export async function readContent(
  file: ChdFile,
  range: { readonly start: number; readonly end: number },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  checkOpen(file);
  const { start, end } = range;
  const { logicalBytes } = file.header;
  if (
    !Number.isSafeInteger(start) ||
    !Number.isSafeInteger(end) ||
    start < 0 ||
    start > end ||
    end > logicalBytes
  ) {
    refuseRange(`bytes ${start} to ${end} of ${logicalBytes}`);
  }
  if (end - start > READ_BYTES_MAX) refuseRange(`${end - start} bytes at a time, at most ${READ_BYTES_MAX}`);
  return end - start > BATCH_BYTES_MAX ? readRunning(file, range, signal) : readFilled(file, range, signal);
}

/**
 * Reads one hunk.
 * @returns Bytes of the caller's own.
 */
export async function readHunk(
  file: ChdFile,
  hunkIndex: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  checkOpen(file);
  const { hunkBytes, hunkCount } = file.header;
  if (!Number.isInteger(hunkIndex) || hunkIndex < 0 || hunkIndex >= hunkCount) {
    refuseRange(`hunk ${hunkIndex} of ${hunkCount}`);
  }
  const start = hunkIndex * hunkBytes;
  return readFilled(file, { start, end: start + hunkBytes }, signal);
}
