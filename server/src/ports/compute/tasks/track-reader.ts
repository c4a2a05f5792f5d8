import { AppError } from "../../../base/errors.ts";
import { readInto } from "../archives/read-file.ts";
import {
  TRACK_READ_BYTES_MAX,
  TRACK_READ_MS_MAX,
  TRACK_READS_MAX,
  TRACK_TOKEN_BYTES_MAX,
  TRACK_WINDOW_BYTES,
} from "../limits.ts";
import type { TaskContext } from "../task.ts";

/** An opened audio file. */
export interface TrackFile {
  readonly handle: number;
  readonly sizeBytes: number;
}

/**
 * Presents a file to the tag library as the part of a Blob that it uses: size, type and slices. The library believes
 * every length that a file names; here none may cost more reading than a real file needs. Reading goes through one
 * buffer, for tags are thousands of numbers side by side.
 * @throws AppError `TRACK_UNREADABLE` from a slice when a budget is spent.
 */
export function presentAsBlob(file: TrackFile, context: Pick<TaskContext<never>, "checkpoint">): Blob {
  const endAtMs = performance.now() + TRACK_READ_MS_MAX;
  const buffer = new Uint8Array(TRACK_WINDOW_BYTES);
  let start = 0;
  let held = 0;
  let reads = 0;
  let readBytes = 0;

  function copy(from: number, sizeBytes: number): Uint8Array {
    if (sizeBytes > buffer.length) {
      const bytes = new Uint8Array(sizeBytes);
      return bytes.subarray(0, readInto(file, { start: from, into: bytes }));
    }
    if (from < start || from + sizeBytes > start + held) {
      held = readInto(file, { start: from, into: buffer });
      start = from;
    }
    return buffer.slice(from - start, Math.min(held, from - start + sizeBytes));
  }
  async function read(from: number, sizeBytes: number): Promise<ArrayBufferLike> {
    await context.checkpoint();
    reads += 1;
    readBytes += sizeBytes;
    const isSpent = reads > TRACK_READS_MAX || readBytes > TRACK_READ_BYTES_MAX;
    if (isSpent || sizeBytes > TRACK_TOKEN_BYTES_MAX || performance.now() > endAtMs) {
      throw new AppError("invalid", "TRACK_UNREADABLE", { message: "its tags take too long to read" });
    }
    return copy(from, sizeBytes).buffer;
  }
  const presented = {
    size: file.sizeBytes,
    // No kind is claimed, so the library goes by what the bytes are.
    type: "",
    slice: (from: number, to: number) => ({ arrayBuffer: () => read(from, to - from) }),
  };
  return presented as unknown as Blob;
}
