import { crc32 } from "node:zlib";
import { APPEND_BYTES, PIECE_BYTES } from "./limits.ts";
import type { PatchJob, RandomBytes, TargetBytes } from "./patch.ts";

type Work = Pick<PatchJob, "work">;

/** Copies the source into the target up to a size, with zeros behind its end: what most formats start from. */
export async function copySource(job: PatchJob, sizeBytes: number = job.source.sizeBytes): Promise<void> {
  const { source, target } = job;
  const end = Math.min(sizeBytes, source.sizeBytes);
  await eachPiece(source, { end, job }, (bytes, at) => target.writeAt(at, bytes));
  target.resize(sizeBytes);
}

/** Gives the bytes up to `end`, piece by piece; a piece is reused for the next one. */
export async function eachPiece(
  from: RandomBytes,
  { end, job }: { readonly end: number; readonly job: Work },
  take: (bytes: Uint8Array, at: number) => void,
): Promise<void> {
  const piece = new Uint8Array(Math.min(PIECE_BYTES, end));
  for (let at = 0; at < end; at += piece.length) {
    const bytes = piece.subarray(0, Math.min(piece.length, end - at));
    from.readInto(at, bytes);
    take(bytes, at);
    await job.work(bytes.length);
  }
}

/** CRC-32 of the bytes up to `end`, all of them unless said. */
export async function checksumOf(
  from: RandomBytes,
  job: Work,
  end: number = from.sizeBytes,
): Promise<number> {
  let value = 0;
  await eachPiece(from, { end, job }, (bytes) => {
    value = crc32(bytes, value);
  });
  return value;
}

/** Fills an array with the bytes from `start` on; what is behind the end counts as zeros. */
export function readPadded(from: RandomBytes, start: number, into: Uint8Array): void {
  const count = Math.max(0, Math.min(into.length, from.sizeBytes - start));
  if (count > 0) from.readInto(start, count === into.length ? into : into.subarray(0, count));
  if (count < into.length) into.fill(0, count);
}

/** A target that is written from its start to its end, with its checksum. */
export interface Appender {
  readonly sizeBytes: number;
  append(bytes: Uint8Array): void;
  /** Reads back what was appended. */
  readInto(start: number, into: Uint8Array): void;
  /** Writes what waits, and gives the CRC-32 of everything. */
  finish(): number;
}

/** Makes an appender; what is appended is written together in larger pieces. */
export function createAppender(target: TargetBytes): Appender {
  const waiting = new Uint8Array(APPEND_BYTES);
  let waitingBytes = 0;
  let writtenBytes = 0;
  let checksum = 0;
  const flush = (): void => {
    if (waitingBytes === 0) return;
    const bytes = waiting.subarray(0, waitingBytes);
    checksum = crc32(bytes, checksum);
    target.writeAt(writtenBytes, bytes);
    writtenBytes += waitingBytes;
    waitingBytes = 0;
  };
  return {
    get sizeBytes() {
      return writtenBytes + waitingBytes;
    },
    append(bytes) {
      for (let done = 0; done < bytes.length; ) {
        const count = Math.min(bytes.length - done, APPEND_BYTES - waitingBytes);
        waiting.set(bytes.subarray(done, done + count), waitingBytes);
        waitingBytes += count;
        done += count;
        if (waitingBytes === APPEND_BYTES) flush();
      }
    },
    readInto(start, into) {
      const onDisk = Math.max(0, Math.min(into.length, writtenBytes - start));
      if (onDisk > 0) target.readInto(start, into.subarray(0, onDisk));
      const from = start + onDisk - writtenBytes;
      if (onDisk < into.length) into.set(waiting.subarray(from, from + into.length - onDisk), onDisk);
    },
    finish() {
      flush();
      return checksum;
    },
  };
}
