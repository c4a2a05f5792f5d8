/** What one member is sent piece by piece, as fast as it reads: inputs from before, and a snapshot. */
import { type InputLog, readStretch } from "../relay-inputs/rules.ts";
import { formatBegin, formatPart, type Reason } from "../relay-messages/rules.ts";
import { PART_BYTES_MAX } from "../relay-rooms/limits.ts";
import { type Ledger, letGo, type Snapshot } from "../relay-snapshots/rules.ts";

export interface Delivery {
  replay: Replay | null;
  snapshot: SnapshotDelivery | null;
}

/** Inputs from a frame on, up to where the log was. */
interface Replay {
  next: number;
  readonly until: number;
  readonly frame: number;
}

interface SnapshotDelivery {
  readonly snapshot: Snapshot;
  readonly id: number;
  readonly reason: Reason;
  /** -1: its beginning is yet to be told. */
  sentBytes: number;
}

export function createDelivery(): Delivery {
  return { replay: null, snapshot: null };
}

export function isDelivering({ replay, snapshot }: Delivery): boolean {
  return replay !== null || snapshot !== null;
}

/** Begins to send inputs, in place of what was still to be sent of others. */
export function deliverInputs(delivery: Delivery, log: InputLog, frame: number): void {
  delivery.replay = { next: 0, until: log.count, frame };
}

/** Begins to send a snapshot that the caller holds for it, in place of another. */
export function deliverSnapshot(
  delivery: Delivery,
  ledger: Ledger,
  wanted: Omit<SnapshotDelivery, "sentBytes">,
): void {
  letGo(ledger, delivery.snapshot?.snapshot ?? null);
  delivery.snapshot = { ...wanted, sentBytes: -1 };
}

/** Forgets what was to be sent. */
export function endDelivery(delivery: Delivery, ledger: Ledger): void {
  letGo(ledger, delivery.snapshot?.snapshot ?? null);
  delivery.snapshot = null;
  delivery.replay = null;
}

/**
 * The next piece: a snapshot's beginning, then inputs, then its parts.
 * @returns Null when nothing is left.
 */
export function takePiece(delivery: Delivery, log: InputLog, ledger: Ledger): Uint8Array | null {
  const { snapshot } = delivery;
  if (snapshot !== null && snapshot.sentBytes < 0) {
    const { bytes, frame, seat } = snapshot.snapshot;
    snapshot.sentBytes = 0;
    return formatBegin({ id: snapshot.id, reason: snapshot.reason, frame, seat, sizeBytes: bytes.length });
  }
  return takeReplay(delivery, log) ?? takeSnapshotPart(delivery, ledger);
}

function takeReplay(delivery: Delivery, log: InputLog): Uint8Array | null {
  const { replay } = delivery;
  if (replay === null) return null;
  const { next: from, until, frame } = replay;
  const { message, next } = readStretch(log, {
    from,
    until,
    frame,
    arrivedUntilMs: Number.POSITIVE_INFINITY,
  });
  replay.next = next;
  if (message === null || next >= until) delivery.replay = null;
  return message;
}

function takeSnapshotPart(delivery: Delivery, ledger: Ledger): Uint8Array | null {
  const current = delivery.snapshot;
  if (current === null) return null;
  const { bytes } = current.snapshot;
  const offset = current.sentBytes;
  const part = bytes.subarray(offset, offset + PART_BYTES_MAX);
  current.sentBytes += part.length;
  if (current.sentBytes >= bytes.length) {
    delivery.snapshot = null;
    letGo(ledger, current.snapshot);
  }
  return formatPart(current.id, offset, part);
}
