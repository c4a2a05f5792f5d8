/**
 * The inputs that a room keeps, in the order in which they came: for whoever was cut, and for spectators, who are later
 * than players. A ring of whole INPUT messages beside each other, so that a replay copies and writes nothing anew.
 */
import { HEAD_BYTES, LONG_HEAD_BYTES, readLong, startInputs, TYPE } from "../relay-messages/rules.ts";
import { RECORDS_PER_MESSAGE_MAX, REPLAY_BYTES_MAX } from "../relay-rooms/limits.ts";

export interface InputLog {
  readonly recordBytes: number;
  readonly windowFrames: number;
  /** Records it holds at most. */
  readonly capacity: number;
  readonly bytes: Uint8Array;
  readonly arrivedAtMs: Float64Array;
  /** Per seat, by frame modulo the window: which frame came last. Null before the seat's first input. */
  readonly seen: (Uint32Array | null)[];
  /** Per seat the highest frame that came; -1 for none. */
  readonly newest: Float64Array;
  /** Per seat the frame that fell out of the ring last; -1 for none. */
  readonly evicted: Float64Array;
  /** How many records came in all: the position of the next. */
  count: number;
}

export interface LogShape {
  readonly seats: number;
  readonly inputBytes: number;
  readonly windowFrames: number;
}

const BYTES_PER_MOMENT = 8;
const BYTES_PER_FRAME = 4;

/** Bytes of memory that a log takes. */
export function measureLog({ seats, inputBytes, windowFrames }: LogShape): number {
  const record = LONG_HEAD_BYTES + inputBytes + BYTES_PER_MOMENT;
  return seats * windowFrames * (record + BYTES_PER_FRAME);
}

export function createLog({ seats, inputBytes, windowFrames }: LogShape): InputLog {
  const capacity = seats * windowFrames;
  const recordBytes = LONG_HEAD_BYTES + inputBytes;
  return {
    recordBytes,
    windowFrames,
    capacity,
    bytes: new Uint8Array(capacity * recordBytes),
    arrivedAtMs: new Float64Array(capacity),
    seen: Array.from({ length: seats }, () => null),
    newest: new Float64Array(seats).fill(-1),
    evicted: new Float64Array(seats).fill(-1),
    count: 0,
  };
}

/** The position of the oldest record that is still there. */
export function oldestOf({ count, capacity }: InputLog): number {
  return Math.max(0, count - capacity);
}

/** No frame stands at its own place like this: a window has at least 60. */
function createSeen(windowFrames: number): Uint32Array {
  return new Uint32Array(windowFrames).map((_zero, at) => at + 1);
}

/**
 * Takes an input.
 * @param message INPUT or KEEP of the room's length, whose seat is the sender's.
 * @returns False for a second one of its seat and frame, and for one too far behind its seat.
 */
export function takeInput(log: InputLog, message: Uint8Array, nowMs: number): boolean {
  const seat = message[1] ?? 0;
  const frame = readLong(message, HEAD_BYTES);
  const newest = log.newest[seat] ?? -1;
  if (frame <= newest - log.windowFrames) return false;
  let seen = log.seen[seat] ?? null;
  if (seen === null) {
    seen = createSeen(log.windowFrames);
    log.seen[seat] = seen;
  }
  const place = frame % log.windowFrames;
  if (seen[place] === frame) return false;
  seen[place] = frame;
  if (frame > newest) log.newest[seat] = frame;
  put(log, message, nowMs);
  return true;
}

function put(log: InputLog, message: Uint8Array, nowMs: number): void {
  const slot = log.count % log.capacity;
  const at = slot * log.recordBytes;
  if (log.count >= log.capacity) {
    const seat = log.bytes[at + 1] ?? 0;
    log.evicted[seat] = Math.min(readLong(log.bytes, at + HEAD_BYTES), horizonOf(log, seat));
  }
  log.bytes.set(message, at);
  // Whatever it was, a replay is of inputs.
  log.bytes[at] = TYPE.input;
  log.arrivedAtMs[slot] = nowMs;
  log.count += 1;
}

/**
 * How far a seat has come that somebody has; of one that was left as far as the others: a frame that nobody is ever
 * going to play must not keep others from joining once its sender is gone.
 */
function horizonOf({ newest }: InputLog, seat: number): number {
  const own = newest[seat] ?? -1;
  return own >= 0 ? own : newest.reduce((highest, each) => Math.max(highest, each), -1);
}

/** Forgets what a seat sent before, for somebody else who takes it; what is kept for replays stays. */
export function clearSeat(log: InputLog, seat: number): void {
  log.seen[seat] = null;
  log.newest[seat] = -1;
  log.evicted[seat] = Math.min(log.evicted[seat] ?? -1, horizonOf(log, seat));
}

/** Tells whether every input from a frame on is still there. */
export function coversFrame(log: InputLog, frame: number): boolean {
  return log.evicted.every((gone) => gone < frame);
}

/** Which records a message may hold, and behind which it ends. */
export interface Stretch {
  readonly from: number;
  readonly until: number;
  /** Records of earlier frames are left out. */
  readonly frame: number;
  /** Records that came later are for another time. */
  readonly arrivedUntilMs: number;
}

/**
 * Writes the next INPUTS of a stretch.
 * @returns The message, null when there is nothing to tell; and where the next one begins.
 */
export function readStretch(
  log: InputLog,
  { from, until, frame, arrivedUntilMs }: Stretch,
): { readonly message: Uint8Array | null; readonly next: number } {
  const { recordBytes, capacity } = log;
  const countMax = Math.min(RECORDS_PER_MESSAGE_MAX, Math.floor(REPLAY_BYTES_MAX / recordBytes));
  let next = Math.max(from, oldestOf(log));
  const places: number[] = [];
  for (; next < until && places.length < countMax; next++) {
    const slot = next % capacity;
    if ((log.arrivedAtMs[slot] ?? 0) > arrivedUntilMs) break;
    const at = slot * recordBytes;
    if (readLong(log.bytes, at + HEAD_BYTES) >= frame) places.push(at);
  }
  if (places.length === 0) return { message: null, next };
  const message = startInputs(places.length, places.length * recordBytes);
  let to = LONG_HEAD_BYTES;
  for (const at of places) {
    message.set(log.bytes.subarray(at, at + recordBytes), to);
    to += recordBytes;
  }
  return { message, next };
}
