/** A switchboard whose connections are lists of what they were sent. */
import type { CloseName } from "../relay-messages/close-codes.data.ts";
import { RELAY_ROOM_LIMITS, type RelayRoomLimits } from "../relay-rooms/limits.ts";
import type { Effect, RoomFacts } from "../relay-rooms/rules.ts";
import {
  createSwitchboardState,
  type SwitchboardEvent,
  type SwitchboardState,
  stepSwitchboard,
} from "./rules.ts";

/** Facts of a room of two players and two bytes, unless said otherwise. */
export function roomFacts(facts: Partial<RoomFacts> = {}): RoomFacts {
  return {
    id: "00000000000000aa",
    invite: "ABCD1234",
    name: "Sunday",
    romId: 7,
    ownerUserId: 1,
    playersMax: 2,
    inputBytes: 2,
    inputWindow: 120,
    passwordHash: null,
    contentHash: null,
    openedAtMs: 0,
    ...facts,
  };
}

/** What is not as usual when somebody arrives. */
export interface Coming {
  readonly role?: "player" | "spectator";
  readonly seat?: number | null;
  readonly delayMs?: number | null;
  readonly userId?: number;
  readonly opens?: RoomFacts | null;
  readonly roomId?: string;
}

/** A message as tests name it. */
export interface Got {
  readonly type: number;
  readonly small: number;
  readonly short: number;
  readonly long: number;
  readonly bytes: Uint8Array;
  /** What stands behind the first four bytes, as JSON. */
  json<T = Record<string, unknown>>(): T;
}

export interface Machine {
  readonly state: SwitchboardState;
  readonly closed: Map<number, CloseName>;
  readonly changes: string[];
  nowMs: number;
  /** Connections whose pieces wait until `pump` is called. */
  readonly slow: Set<number>;
  step(event: SwitchboardEvent): void;
  arrive(connection: number, coming?: Coming): void;
  /** Comes back with what the last WELCOME of a connection gave. */
  comeBack(connection: number, as: number, resumeFrame: number | null): void;
  say(connection: number, bytes: Uint8Array): void;
  cut(connection: number): void;
  /** Lets time pass in steps, with a look at what has run out after each. */
  wait(ms: number): void;
  /** Lets spectators and slow connections have a piece each. */
  pump(): void;
  /** What a connection was sent since it was last asked, but pings. */
  take(connection: number, type?: number): readonly Got[];
}

const decoder = new TextDecoder();

function toGot(bytes: Uint8Array): Got {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    type: bytes[0] ?? 0,
    small: bytes[1] ?? 0,
    short: view.getUint16(2, true),
    long: bytes.length >= 8 ? view.getUint32(4, true) : 0,
    bytes,
    json: <T>() => JSON.parse(decoder.decode(bytes.subarray(4))) as T,
  };
}

const WAIT_STEP_MS = 500;

/** What the connections of a machine are. */
interface Boxes {
  readonly inboxes: Map<number, Got[]>;
  readonly rejoins: Map<number, string>;
  readonly players: Map<number, string>;
  readonly spectators: Set<number>;
  secrets: number;
}

function deliver({ inboxes, rejoins }: Boxes, connection: number, bytes: Uint8Array): void {
  // A copy, as a socket makes one.
  const got = toGot(bytes.slice());
  if (got.type === 0x02) rejoins.set(connection, got.json<{ rejoin: string }>().rejoin);
  if (got.type === 0x40) return;
  inboxes.set(connection, [...(inboxes.get(connection) ?? []), got]);
}

function apply(machine: Machine, boxes: Boxes, effect: Effect): void {
  const { players, spectators } = boxes;
  switch (effect.kind) {
    case "send":
      if (!machine.closed.has(effect.to)) deliver(boxes, effect.to, effect.bytes);
      break;
    case "publish":
      for (const [connection, roomId] of players) {
        if (roomId === effect.roomId && connection !== effect.from) deliver(boxes, connection, effect.bytes);
      }
      break;
    case "enter":
      if (effect.role === "player") players.set(effect.connection, effect.roomId);
      else spectators.add(effect.connection);
      break;
    case "pump":
      if (!machine.slow.has(effect.connection))
        machine.step({ kind: "ready", connection: effect.connection });
      break;
    case "close":
      machine.closed.set(effect.connection, effect.why);
      forget(boxes, effect.connection);
      break;
    case "changed":
      machine.changes.push(effect.roomId);
  }
}

function forget({ players, spectators }: Boxes, connection: number): void {
  players.delete(connection);
  spectators.delete(connection);
}

function nextSecret(boxes: Boxes): string {
  boxes.secrets += 1;
  return boxes.secrets.toString(16).padStart(32, "0");
}

type Acts = Pick<Machine, "arrive" | "comeBack" | "say" | "cut" | "wait" | "pump" | "take">;

/** Makes a switchboard at moment 1,000,000. */
export function createMachine(limits: Partial<RelayRoomLimits> = {}): Machine {
  const boxes: Boxes = {
    inboxes: new Map(),
    rejoins: new Map(),
    players: new Map(),
    spectators: new Set(),
    secrets: 0,
  };
  const state = createSwitchboardState({ ...RELAY_ROOM_LIMITS, ...limits });
  const machine: Machine = {
    state,
    closed: new Map(),
    changes: [],
    nowMs: 1_000_000,
    slow: new Set(),
    step(event) {
      for (const effect of stepSwitchboard(state, event, machine.nowMs)) apply(machine, boxes, effect);
    },
    ...createActs(boxes, () => machine),
  };
  return machine;
}

function createActs(boxes: Boxes, of: () => Machine): Acts {
  const { players, spectators, inboxes } = boxes;
  return {
    arrive(
      connection,
      { role = "player", seat = null, delayMs = null, userId = 1, opens = null, roomId } = {},
    ) {
      const entrant = { role, userId, name: `n${connection}`, seat, delayMs };
      const room = roomId ?? opens?.id ?? roomFacts().id;
      of().step({ kind: "arrived", roomId: room, opens, connection, entrant, secret: nextSecret(boxes) });
    },
    comeBack(connection, as, resumeFrame) {
      const [roomId = "", number = "", shown = ""] = (boxes.rejoins.get(as) ?? "").split(".");
      const secret = nextSecret(boxes);
      const back = { roomId, connection, number: Number(number), shown, secret, resumeFrame };
      of().step({ kind: "returned", ...back });
    },
    say: (connection, bytes) => of().step({ kind: "said", connection, bytes }),
    cut(connection) {
      forget(boxes, connection);
      of().step({ kind: "closed", connection });
    },
    wait(ms) {
      const machine = of();
      for (let left = ms; left > 0; left -= WAIT_STEP_MS) {
        machine.nowMs += Math.min(left, WAIT_STEP_MS);
        for (const connection of [...players.keys(), ...spectators]) {
          if (!machine.slow.has(connection))
            machine.say(connection, Uint8Array.of(0x40, 0, 0, 0, 0, 0, 0, 0));
        }
        machine.step({ kind: "sweep" });
        machine.pump();
      }
    },
    pump() {
      for (const connection of [...spectators, ...of().slow]) of().step({ kind: "ready", connection });
    },
    take(connection, type) {
      const got = (inboxes.get(connection) ?? []).filter((each) => each.type !== 0x41);
      inboxes.set(connection, []);
      return type === undefined ? got : got.filter((each) => each.type === type);
    },
  };
}

/** Connection 1 opens a room of so many seats, and the others join it. */
export function openRoom(machine: Machine, players: number, facts: Partial<RoomFacts>): void {
  machine.arrive(1, { seat: 0, opens: roomFacts({ playersMax: players, ...facts }) });
  for (let connection = 2; connection <= players; connection++) {
    machine.arrive(connection, { userId: connection });
  }
  for (let connection = 1; connection <= players; connection++) machine.take(connection);
}

/** Uploads a snapshot whose bytes are its frame. */
export function upload(
  machine: Machine,
  {
    connection,
    frame,
    size = 100_000,
    isForEveryone = false,
  }: { connection: number; frame: number; size?: number; isForEveryone?: boolean },
): void {
  const head = begin(frame, frame, size);
  machine.say(connection, isForEveryone ? forEveryone(head) : head);
  for (let at = 0; at < size; at += 65_536) {
    machine.say(connection, part(frame, at, new Uint8Array(Math.min(65_536, size - at)).fill(frame)));
  }
}

/** INPUT of two bytes. */
export function input(seat: number, frame: number, value = frame): Uint8Array {
  const bytes = new Uint8Array(10);
  const view = new DataView(bytes.buffer);
  bytes.set([0x10, seat]);
  view.setUint32(4, frame, true);
  view.setUint16(8, value & 0xffff, true);
  return bytes;
}

/** KEEP of two bytes. */
export function keep(seat: number, frame: number): Uint8Array {
  const bytes = input(seat, frame);
  bytes[0] = 0x11;
  return bytes;
}

/** A message of a head, and a u32 when one is given. */
export function short(
  type: number,
  value = 0,
  { small = 0, long }: { small?: number; long?: number } = {},
): Uint8Array {
  const bytes = new Uint8Array(long === undefined ? 4 : 8);
  const view = new DataView(bytes.buffer);
  bytes.set([type, small]);
  view.setUint16(2, value, true);
  if (long !== undefined) view.setUint32(4, long, true);
  return bytes;
}

/** SNAPSHOT_BEGIN of a client. */
export function begin(id: number, frame: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x30;
  view.setUint16(2, id, true);
  view.setUint32(4, frame, true);
  view.setUint32(8, sizeBytes, true);
  return bytes;
}

/** The same with bit 0 set: for everyone. */
export function forEveryone(message: Uint8Array): Uint8Array {
  message[1] = 1;
  return message;
}

/** SNAPSHOT_PART. */
export function part(id: number, offset: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + content.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x31;
  view.setUint16(2, id, true);
  view.setUint32(4, offset, true);
  bytes.set(content, 8);
  return bytes;
}

/** Frames and seats that INPUT and INPUTS messages carry, such as `3:0`. */
export function inputsOf(got: readonly Got[], inputBytes = 2): readonly string[] {
  const size = 8 + inputBytes;
  return got.flatMap(({ type, bytes, short: count }) => {
    const records = type === 0x10 ? [bytes] : [];
    if (type === 0x12)
      for (let at = 0; at < count; at++) records.push(bytes.subarray(8 + at * size, 8 + (at + 1) * size));
    return records.map((record) => {
      const view = new DataView(record.buffer, record.byteOffset);
      return `${view.getUint32(4, true)}:${record[1]}`;
    });
  });
}

/** A snapshot put together from what a member got; null when it is not complete. */
export function snapshotOf(got: readonly Got[]): { frame: number; reason: number; bytes: Uint8Array } | null {
  const at = got.findLastIndex(({ type }) => type === 0x30);
  const head = got[at];
  if (head === undefined) return null;
  const view = new DataView(head.bytes.buffer);
  const bytes = new Uint8Array(view.getUint32(8, true));
  let filled = 0;
  for (const each of got.slice(at)) {
    if (each.type !== 0x31 || each.short !== head.short) continue;
    bytes.set(each.bytes.subarray(8), each.long);
    filled += each.bytes.length - 8;
  }
  return filled === bytes.length ? { frame: head.long, reason: head.small, bytes } : null;
}
