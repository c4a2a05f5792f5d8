import { type ByteSource, readExactly } from "../byte-source.ts";
import { READ_AHEAD_BYTES } from "./limits.ts";

/** Reads parts of a file, more at a time while the parts follow each other. */
export interface FileWindow {
  readonly sizeBytes: number;
  /**
   * Reads from `start` up to but without `end`.
   * @returns A view that stays valid, but must not be changed.
   * @throws NativeError `SOURCE_RANGE` beyond the file's end.
   */
  read(start: number, end: number, signal?: AbortSignal | undefined): Promise<Uint8Array>;
}

/** Parts that begin this close behind the last one count as following it, in bytes. */
const GAP_BYTES_MAX = 64 << 10;
/** The least that is read at a time, in bytes. */
const READ_BYTES_MIN = 4 << 10;

/** A part of the file that is there or on its way. */
interface Held {
  readonly start: number;
  readonly end: number;
  readonly bytes: Promise<Uint8Array>;
}

/** Creates a window over a source; it holds at most the larger of the part and the read-ahead. */
export function createFileWindow(source: ByteSource): FileWindow {
  const { sizeBytes } = source;
  let held: Held | null = null;
  let lastEnd = -1;

  const fetch = (start: number, end: number, signal: AbortSignal | undefined): Held => {
    const follows = held !== null && start >= held.start && start <= lastEnd + GAP_BYTES_MAX;
    const wanted = Math.max(end - start, follows ? READ_AHEAD_BYTES : READ_BYTES_MIN);
    const range = { start, end: Math.max(end, Math.min(start + wanted, sizeBytes)) };
    const fetched = { ...range, bytes: readExactly(source, range, signal) };
    held = fetched;
    fetched.bytes.catch(() => {
      // The callers hear of it; the next one reads again.
      if (held === fetched) held = null;
    });
    return fetched;
  };

  const take = async (from: Held, start: number, end: number): Promise<Uint8Array> =>
    (await from.bytes).subarray(start - from.start, end - from.start);

  return {
    sizeBytes,
    async read(start, end, signal) {
      const known = held !== null && start >= held.start && end <= held.end ? held : null;
      if (known === null) {
        const fetched = fetch(start, end, signal);
        lastEnd = end;
        return take(fetched, start, end);
      }
      lastEnd = end;
      try {
        return await take(known, start, end);
      } catch (error) {
        // Somebody else's read, perhaps ended by somebody else's signal.
        signal?.throwIfAborted();
        if (held === known) throw error;
        return take(fetch(start, end, signal), start, end);
      }
    },
  };
}
