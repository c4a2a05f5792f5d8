/** Snapshots of a room: one on its way in, those that are kept, and what all of them take of the process's memory. */
import { RESULT, type Result } from "../relay-messages/rules.ts";
import { SNAPSHOT_BYTES_MAX } from "../relay-rooms/limits.ts";

/** What the rooms of a process keep, in bytes. */
export interface Ledger {
  readonly bytesMax: number;
  bytes: number;
}

/** A complete one; its bytes never change. It is in memory for as long as somebody holds it. */
export interface Snapshot {
  readonly frame: number;
  readonly seat: number;
  readonly bytes: Uint8Array;
  readonly keptAtMs: number;
  holders: number;
}

/** One that its owner is sending. */
export interface Upload {
  readonly id: number;
  readonly frame: number;
  readonly isForEveryone: boolean;
  readonly bytes: Uint8Array;
  receivedBytes: number;
}

/** Takes memory; false when there is no more. */
export function reserve(ledger: Ledger, bytes: number): boolean {
  if (ledger.bytes + bytes > ledger.bytesMax) return false;
  ledger.bytes += bytes;
  return true;
}

export function release(ledger: Ledger, bytes: number): void {
  ledger.bytes -= bytes;
}

export function hold(snapshot: Snapshot): Snapshot {
  snapshot.holders += 1;
  return snapshot;
}

/** Lets go of a snapshot; whoever holds it last gives its memory back. */
export function letGo(ledger: Ledger, snapshot: Snapshot | null): void {
  if (snapshot === null) return;
  snapshot.holders -= 1;
  if (snapshot.holders === 0) release(ledger, snapshot.bytes.length);
}

export interface UploadWish {
  readonly id: number;
  readonly frame: number;
  readonly sizeBytes: number;
  readonly isForEveryone: boolean;
}

/** Begins an upload, or says why not. */
export function startUpload(
  ledger: Ledger,
  { sizeBytes, ...wish }: UploadWish,
  current: Upload | null,
): Upload | Result {
  if (current !== null) return RESULT.busy;
  if (sizeBytes < 1 || sizeBytes > SNAPSHOT_BYTES_MAX) return RESULT.size;
  if (!reserve(ledger, sizeBytes)) return RESULT.memory;
  return { ...wish, bytes: new Uint8Array(sizeBytes), receivedBytes: 0 };
}

/** Takes a part; false when it is not the next one. */
export function takePart(upload: Upload, offset: number, part: Uint8Array): boolean {
  if (offset !== upload.receivedBytes || offset + part.length > upload.bytes.length) return false;
  upload.bytes.set(part, offset);
  upload.receivedBytes += part.length;
  return true;
}

/** Makes a complete upload a snapshot, held once; its memory was reserved when it began. */
export function finishUpload({ frame, bytes }: Upload, seat: number, nowMs: number): Snapshot {
  return { frame, seat, bytes, keptAtMs: nowMs, holders: 1 };
}
