import { SEATS_MAX } from "./limits.ts";

/** The inputs of the last frames, of every seat. */
export interface InputWindow {
  readonly inputBytes: number;
  /** Keeps a copy; false for what is here already, or too old. */
  store(frame: number, seat: number, bytes: Uint8Array): boolean;
  /** A view, or null. */
  at(frame: number, seat: number): Uint8Array | null;
  /** The highest frame of a seat, -1 before its first. */
  newestOf(seat: number): number;
  /** The server has told all that it has of a seat up to its newest frame: nothing older is worth a question. */
  settle(seat: number, upTo: number): void;
  /** A state of that frame is here: nothing older is worth a question. */
  startFrom(frame: number): void;
  /** The lowest frame of which an input of one of these seats may be lacking. */
  lackingFrom(seats: readonly number[]): number;
  /** The lowest frame that lacks although the seat sent a later one; null: none. */
  findGap(seats: readonly number[]): number | null;
  readonly counts: { received: number; duplicate: number; lost: number };
}

interface Lane {
  /** The frame that each slot holds; -1: none. Doubles, because frames take all of 32 bits. */
  readonly frames: Float64Array;
  readonly bytes: Uint8Array;
  newest: number;
  settled: number;
  /** The newest frame of all when the seat was first asked about: before it, it cannot have played. */
  readonly joined: number;
}

/** Before its first input a seat may lack this many frames below those that others are at. */
const EARLY_FRAMES = 120;

/** What all lanes of a window have in common. */
interface WindowCore {
  readonly inputBytes: number;
  readonly inputWindow: number;
  readonly counts: InputWindow["counts"];
  /** By seat. */
  readonly lanes: (Lane | undefined)[];
  /** The highest frame of all. */
  newest: number;
  /** The frame of the newest state. */
  start: number;
}

/** Makes an empty window; memory is taken for seats that play. */
export function createInputWindow(room: {
  readonly inputBytes: number;
  readonly inputWindow: number;
}): InputWindow {
  const { inputBytes, inputWindow } = room;
  const core: WindowCore = {
    inputBytes,
    inputWindow,
    counts: { received: 0, duplicate: 0, lost: 0 },
    lanes: new Array(SEATS_MAX).fill(undefined),
    newest: -1,
    start: 0,
  };
  return {
    inputBytes,
    counts: core.counts,
    store: (frame, seat, bytes) => store(core, laneOf(core, seat), [frame, bytes]),
    at(frame, seat) {
      const slot = frame % inputWindow;
      const lane = core.lanes[seat];
      if (lane === undefined || lane.frames[slot] !== frame) return null;
      return lane.bytes.subarray(slot * inputBytes, (slot + 1) * inputBytes);
    },
    newestOf: (seat) => core.lanes[seat]?.newest ?? -1,
    settle(seat, upTo) {
      const lane = laneOf(core, seat);
      lane.settled = Math.max(lane.settled, upTo);
    },
    startFrom(frame) {
      core.start = Math.max(core.start, frame);
    },
    lackingFrom(seats) {
      const { newest, start } = core;
      const lacks = seats.map((seat) => {
        const lane = laneOf(core, seat);
        if (lane.newest < 0) return lane.joined - EARLY_FRAMES;
        return findGap(core, lane) ?? lane.newest + 1;
      });
      return Math.max(start, Math.min(...lacks, newest + 1), newest - (inputWindow >> 1), 0);
    },
    findGap(seats) {
      const gaps = seats.map((seat) => findGap(core, laneOf(core, seat))).filter((frame) => frame !== null);
      return gaps.length === 0 ? null : Math.min(...gaps);
    },
  };
}

function laneOf(core: WindowCore, seat: number): Lane {
  const found = core.lanes[seat];
  if (found !== undefined) return found;
  const frames = new Float64Array(core.inputWindow).fill(-1);
  const bytes = new Uint8Array(core.inputWindow * core.inputBytes);
  const lane: Lane = { frames, bytes, newest: -1, settled: -1, joined: core.newest };
  core.lanes[seat] = lane;
  return lane;
}

function store(core: WindowCore, lane: Lane, [frame, bytes]: [number, Uint8Array]): boolean {
  const { counts, inputWindow, inputBytes } = core;
  const slot = frame % inputWindow;
  if ((lane.frames[slot] ?? -1) >= frame || frame <= lane.newest - inputWindow) {
    counts.duplicate += 1;
    return false;
  }
  lane.frames[slot] = frame;
  lane.bytes.set(bytes, slot * inputBytes);
  if (frame < lane.newest) counts.lost = Math.max(0, counts.lost - 1);
  else {
    if (lane.newest >= 0) counts.lost += frame - lane.newest - 1;
    else lane.settled = Math.max(lane.settled, frame - EARLY_FRAMES);
    lane.newest = frame;
  }
  core.newest = Math.max(core.newest, frame);
  return true;
}

/** The first frame of a seat that lacks; what lies half a window back is not asked for, which would cost a snapshot. */
function findGap({ newest, start, inputWindow }: WindowCore, lane: Lane): number | null {
  const from = Math.max(lane.settled + 1, start, newest - (inputWindow >> 1), 0);
  for (let frame = from; frame < lane.newest; frame++) {
    if (lane.frames[frame % inputWindow] !== frame) return frame;
  }
  return null;
}
