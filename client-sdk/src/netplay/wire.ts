/**
 * The messages of the raw relay, version 1. Everything is little-endian; the type stands at byte 0, and where a message
 * has them, a u8 at 1, a u16 at 2 and a u32 at 4. The protocol is written down with the server, `netplay-relay.md`.
 */
import { INPUT_BYTES_MAX, INPUT_WINDOW_MAX, SEATS_MAX, SNAPSHOT_BYTES_MAX } from "./limits.ts";
import type { Delay } from "./types.ts";

/** Version that this client speaks. */
export const WIRE_VERSION = 1;
/** HELLO of a rejoin that needs everything anew. */
const HEAD_BYTES = 8;

/** What the server says first. */
export interface Welcome {
  readonly roomId: string;
  readonly playerId: string;
  readonly role: "player" | "spectator";
  readonly seat: number | null;
  readonly invite: string | null;
  /** For the HELLO after a cut. */
  readonly rejoin: string;
  readonly graceMs: number;
  readonly name: string;
  readonly romId: number;
  readonly playersMax: number;
  readonly inputBytes: number;
  readonly inputWindow: number;
  readonly delayMs: number | null;
}

/** Who is there. */
export interface Roster {
  readonly ownerId: string | null;
  readonly resumeFrame: number | null;
  readonly players: readonly {
    readonly playerId: string;
    readonly name: string;
    readonly seat: number;
    readonly isConnected: boolean;
    readonly delay: Delay | null;
  }[];
}

/** One message of the server; bytes are views into it. */
export type ServerMessage =
  | { readonly type: "welcome"; readonly welcome: Welcome }
  | { readonly type: "roster"; readonly roster: Roster }
  | { readonly type: "input"; readonly seat: number; readonly frame: number; readonly bytes: Uint8Array }
  | { readonly type: "inputs"; readonly inputs: Uint8Array }
  | { readonly type: "gap"; readonly frame: number }
  | { readonly type: "missed"; readonly count: number }
  | { readonly type: "message" | "signal"; readonly from: number; readonly bytes: Uint8Array }
  | {
      readonly type: "begin";
      readonly id: number;
      readonly frame: number;
      readonly totalBytes: number;
      readonly seat: number;
    }
  | { readonly type: "part"; readonly id: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: "ack"; readonly id: number; readonly receivedBytes: number }
  | { readonly type: "result"; readonly result: number; readonly id: number }
  | { readonly type: "wanted"; readonly from: number }
  | { readonly type: "ping" | "pong"; readonly clock: number };

/** The bytes of a message with a head alone, of 4 or 8 bytes, or of one with more behind it. */
function compose(head: readonly [number, number, number, number?], tail?: Uint8Array, room = 0): Bytes {
  const headBytes = head[3] === undefined ? 4 : HEAD_BYTES;
  const bytes = new Uint8Array(headBytes + (tail?.length ?? 0) + room);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, head[0]);
  view.setUint8(1, head[1]);
  view.setUint16(2, head[2], true);
  if (head[3] !== undefined) view.setUint32(4, head[3], true);
  if (tail !== undefined) bytes.set(tail, headBytes);
  return bytes;
}

/** Bytes that own their memory, as sockets want them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** HELLO: the first message, with a ticket, or after a cut with what the last WELCOME gave and the first lacking frame. */
export function formatHello(proof: string, lackingFrom: number | null): Bytes {
  const isRejoin = lackingFrom === null ? 0 : 1;
  return compose([0x01, WIRE_VERSION, isRejoin, lackingFrom ?? 0], new TextEncoder().encode(proof));
}

/** INPUT, or KEEP for one that all others get without the server. */
export function formatInput(
  type: "input" | "keep",
  seat: number,
  [frame, bytes]: [number, Uint8Array],
): Bytes {
  return compose([type === "input" ? 0x10 : 0x11, seat, 0, frame], bytes);
}

/** RESUME: asks for every kept input from a frame on. */
export const formatResume = (frame: number): Bytes => compose([0x13, 0, 0, frame]);

/** MESSAGE to all others. */
export const formatMessage = (json: Uint8Array): Bytes => compose([0x20, 0, 0], json);

/** SIGNAL to one member. */
export const formatSignal = (to: number, bytes: Uint8Array): Bytes => compose([0x21, 0, to], bytes);

/** SNAPSHOT_BEGIN. */
export function formatBegin(snapshot: {
  readonly id: number;
  readonly frame: number;
  readonly totalBytes: number;
  readonly isForEveryone: boolean;
}): Bytes {
  const bytes = compose([0x30, snapshot.isForEveryone ? 1 : 0, snapshot.id, snapshot.frame], undefined, 8);
  new DataView(bytes.buffer).setUint32(8, snapshot.totalBytes, true);
  return bytes;
}

/** SNAPSHOT_PART. */
export const formatPart = (id: number, offset: number, bytes: Uint8Array): Bytes =>
  compose([0x31, 0, id, offset], bytes);

/** SNAPSHOT_CANCEL. */
export const formatCancel = (id: number): Bytes => compose([0x32, 0, id]);

/** PING with this side's clock. */
export const formatPing = (clock: number): Bytes => compose([0x40, 0, 0, clock]);

/** PONG with the other side's clock and this side's. */
export function formatPong(clock: number, own: number): Bytes {
  const bytes = compose([0x41, 0, 0, clock], undefined, 4);
  new DataView(bytes.buffer).setUint32(8, own, true);
  return bytes;
}

/** LEAVE. */
export const formatLeave = (): Bytes => compose([0x50, 0, 0]);

/** Reads a message of the server; null for types that this version does not know, and for what is none. */
export function readMessage(bytes: Uint8Array, inputBytes: number): ServerMessage | null {
  if (bytes.length < 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u8 = view.getUint8(1);
  const u16 = view.getUint16(2, true);
  const type = view.getUint8(0);
  const tail = bytes.subarray(4);
  if (type === 0x02) return readWelcome(tail);
  if (type === 0x03) return readRoster(tail);
  if (type === 0x20) return { type: "message", from: u16, bytes: tail };
  if (type === 0x21) return { type: "signal", from: u16, bytes: tail };
  if (type === 0x35) return { type: "wanted", from: u16 };
  if (bytes.length < HEAD_BYTES) return null;
  const u32 = view.getUint32(4, true);
  switch (type) {
    case 0x10:
      if (bytes.length !== HEAD_BYTES + inputBytes || u8 >= SEATS_MAX) return null;
      return { type: "input", seat: u8, frame: u32, bytes: bytes.subarray(HEAD_BYTES) };
    case 0x12:
      if (bytes.length !== HEAD_BYTES + u16 * (HEAD_BYTES + inputBytes)) return null;
      return { type: "inputs", inputs: bytes.subarray(HEAD_BYTES) };
    case 0x14:
      return { type: "gap", frame: u32 };
    case 0x15:
      return { type: "missed", count: u32 };
    case 0x30:
      return readBegin(view, { id: u16, frame: u32 });
    case 0x31:
      return { type: "part", id: u16, offset: u32, bytes: bytes.subarray(HEAD_BYTES) };
    case 0x33:
      return { type: "ack", id: u16, receivedBytes: u32 };
    case 0x34:
      return { type: "result", result: u8, id: u16 };
    case 0x40:
      return { type: "ping", clock: u32 };
    case 0x41:
      return { type: "pong", clock: u32 };
    default:
      return null;
  }
}

/** Calls `take` for each INPUT of an INPUTS; bytes are views. */
export function eachInput(
  inputs: Uint8Array,
  inputBytes: number,
  take: (seat: number, frame: number, bytes: Uint8Array) => void,
): void {
  const view = new DataView(inputs.buffer, inputs.byteOffset, inputs.length);
  const size = HEAD_BYTES + inputBytes;
  for (let at = 0; at + size <= inputs.length; at += size) {
    const seat = view.getUint8(at + 1);
    if (seat >= SEATS_MAX) continue;
    take(seat, view.getUint32(at + 4, true), inputs.subarray(at + HEAD_BYTES, at + size));
  }
}

function readBegin(view: DataView, { id, frame }: { id: number; frame: number }): ServerMessage | null {
  if (view.byteLength < 13) return null;
  const totalBytes = view.getUint32(8, true);
  if (totalBytes === 0 || totalBytes > SNAPSHOT_BYTES_MAX) return null;
  return { type: "begin", id, frame, totalBytes, seat: view.getUint8(12) };
}

/** A JSON value; null for bytes that are none, as for the value null. */
export function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // Whoever sent it is not trusted to send JSON.
    return null;
  }
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

/** Only what would be allocated, indexed or waited for is checked; the server is taken at its word for the rest. */
function readWelcome(bytes: Uint8Array): ServerMessage | null {
  const welcome = readJson(bytes) as Partial<Welcome> | null;
  const isFit =
    typeof welcome?.rejoin === "string" &&
    typeof welcome.playerId === "string" &&
    isWithin(welcome.inputBytes, 1, INPUT_BYTES_MAX) &&
    isWithin(welcome.inputWindow, 1, INPUT_WINDOW_MAX) &&
    isWithin(welcome.graceMs, 0, 2 ** 31 - 1) &&
    (welcome.seat === null || isWithin(welcome.seat, 0, SEATS_MAX - 1));
  return isFit ? { type: "welcome", welcome: welcome as Welcome } : null;
}

function readRoster(bytes: Uint8Array): ServerMessage | null {
  const roster = readJson(bytes) as Partial<Roster> | null;
  const players: unknown = roster?.players;
  const isFit =
    Array.isArray(players) &&
    players.length <= SEATS_MAX &&
    players.every(
      (player: { playerId?: unknown; seat?: unknown } | null) =>
        typeof player?.playerId === "string" && isWithin(player.seat, 0, SEATS_MAX - 1),
    );
  return isFit ? { type: "roster", roster: roster as Roster } : null;
}
