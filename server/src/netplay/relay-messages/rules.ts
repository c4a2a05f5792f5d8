/**
 * Bytes of the raw relay: what stands where, written and read. Little-endian; the first byte is the type.
 * @source server/docs/protocols/netplay-relay.md
 */
import { CREDENTIAL_BYTES_MAX, PART_BYTES_MAX, TEXT_BYTES_MAX } from "../relay-rooms/limits.ts";

export const PROTOCOL_VERSION = 1;

export const TYPE = {
  hello: 0x01,
  welcome: 0x02,
  roster: 0x03,
  input: 0x10,
  keep: 0x11,
  inputs: 0x12,
  resume: 0x13,
  gap: 0x14,
  missed: 0x15,
  message: 0x20,
  signal: 0x21,
  snapshotBegin: 0x30,
  snapshotPart: 0x31,
  snapshotCancel: 0x32,
  snapshotAck: 0x33,
  snapshotResult: 0x34,
  snapshotWanted: 0x35,
  ping: 0x40,
  pong: 0x41,
  leave: 0x50,
  kick: 0x51,
} as const;

/** Bytes before what a message carries: type, u8, u16; with a u32 behind them; of a snapshot's beginning. */
export const HEAD_BYTES = 4;
export const LONG_HEAD_BYTES = 8;
const BEGIN_BYTES = 16;
const PONG_BYTES = 12;
/** In a rejoin: nothing is kept. */
export const NOTHING_KEPT = 0xffff_ffff;
/** Bit 0 of the u8 of SNAPSHOT_BEGIN and KICK. */
export const FLAG = 1;

/** Why a snapshot comes. */
export const REASON = { joined: 0, asked: 1, everyone: 2, owner: 3 } as const;
export type Reason = (typeof REASON)[keyof typeof REASON];

/** How an upload ended. */
export const RESULT = { kept: 0, busy: 1, size: 2, memory: 3, order: 4, notOwner: 5 } as const;
export type Result = (typeof RESULT)[keyof typeof RESULT];

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The u16 at offset 2. */
export function readShort(bytes: Uint8Array): number {
  return (bytes[2] ?? 0) | ((bytes[3] ?? 0) << 8);
}

/** A u32. */
export function readLong(bytes: Uint8Array, at: number): number {
  const high = (bytes[at + 3] ?? 0) * 0x100_0000;
  return high + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16));
}

export function writeLong(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff;
  bytes[at + 1] = (value >>> 8) & 0xff;
  bytes[at + 2] = (value >>> 16) & 0xff;
  bytes[at + 3] = (value >>> 24) & 0xff;
}

/** Writes the u16 at offset 2: also into a message on its way, whose receiver becomes its sender. */
export function writeShort(bytes: Uint8Array, value: number): void {
  bytes[2] = value & 0xff;
  bytes[3] = (value >>> 8) & 0xff;
}

interface Head {
  readonly small?: number | undefined;
  readonly short?: number | undefined;
}

function withHead(type: number, length: number, { small = 0, short = 0 }: Head = {}): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes[0] = type;
  bytes[1] = small;
  writeShort(bytes, short);
  return bytes;
}

/** A message of a head and a u32, such as GAP, MISSED or PING. */
export function formatLong(type: number, value: number, head?: Head): Uint8Array {
  const bytes = withHead(type, LONG_HEAD_BYTES, head);
  writeLong(bytes, HEAD_BYTES, value);
  return bytes;
}

/** How many inputs were left out for a member. */
export function formatMissed(count: number): Uint8Array {
  return formatLong(TYPE.missed, count);
}

/** A message of a head alone, such as SNAPSHOT_WANTED. */
export function formatShort(type: number, short: number): Uint8Array {
  return withHead(type, HEAD_BYTES, { short });
}

/** WELCOME or ROSTER. */
export function formatJson(type: number, value: unknown, head?: Head): Uint8Array {
  const text = encoder.encode(JSON.stringify(value));
  const bytes = withHead(type, HEAD_BYTES + text.length, head);
  bytes.set(text, HEAD_BYTES);
  return bytes;
}

export function formatPong(echo: number, nowMs: number): Uint8Array {
  const bytes = withHead(TYPE.pong, PONG_BYTES);
  writeLong(bytes, HEAD_BYTES, echo);
  writeLong(bytes, LONG_HEAD_BYTES, nowMs);
  return bytes;
}

export interface SnapshotHead {
  readonly id: number;
  readonly frame: number;
  readonly sizeBytes: number;
  /** As it goes to members. */
  readonly reason: Reason;
  readonly seat: number;
}

export function formatBegin({ id, frame, sizeBytes, reason, seat }: SnapshotHead): Uint8Array {
  const bytes = withHead(TYPE.snapshotBegin, BEGIN_BYTES, { small: reason, short: id });
  writeLong(bytes, 4, frame);
  writeLong(bytes, 8, sizeBytes);
  bytes[12] = seat;
  return bytes;
}

export function formatPart(id: number, offset: number, part: Uint8Array): Uint8Array {
  const bytes = withHead(TYPE.snapshotPart, LONG_HEAD_BYTES + part.length, { short: id });
  writeLong(bytes, HEAD_BYTES, offset);
  bytes.set(part, LONG_HEAD_BYTES);
  return bytes;
}

/** The head of INPUTS, behind which `length` bytes have room. */
export function startInputs(count: number, length: number): Uint8Array {
  return withHead(TYPE.inputs, LONG_HEAD_BYTES + length, { short: count });
}

/** The first message of a client. */
export interface Hello {
  readonly isRejoin: boolean;
  /** First frame of which an input may be lacking; null when nothing is kept. */
  readonly resumeFrame: number | null;
  readonly credential: string;
}

/** Reads a HELLO; null for what is none, "version" for one of another version. */
export function parseHello(bytes: Uint8Array): Hello | "version" | null {
  const kind = readShort(bytes);
  const length = bytes.length - LONG_HEAD_BYTES;
  if (bytes[0] !== TYPE.hello || length < 1) return null;
  if (bytes[1] !== PROTOCOL_VERSION) return "version";
  if (kind > 1 || length > CREDENTIAL_BYTES_MAX) return null;
  const credential = String.fromCharCode(...bytes.subarray(LONG_HEAD_BYTES));
  if (!/^[\x21-\x7e]+$/.test(credential)) return null;
  const frame = readLong(bytes, HEAD_BYTES);
  return { isRejoin: kind === 1, resumeFrame: frame === NOTHING_KEPT ? null : frame, credential };
}

/** Bytes that a message of a client may have: least, most; and the largest u8. */
const SHAPES: Readonly<Record<number, readonly [min: number, max: number, small: number]>> = {
  [TYPE.resume]: [8, 8, 0],
  [TYPE.message]: [5, HEAD_BYTES + TEXT_BYTES_MAX, 0],
  [TYPE.signal]: [5, HEAD_BYTES + TEXT_BYTES_MAX, 0],
  [TYPE.snapshotBegin]: [BEGIN_BYTES, BEGIN_BYTES, FLAG],
  [TYPE.snapshotPart]: [9, LONG_HEAD_BYTES + PART_BYTES_MAX, 0],
  [TYPE.snapshotCancel]: [4, 4, 0],
  [TYPE.snapshotWanted]: [4, 4, 0],
  [TYPE.ping]: [8, 8, 0],
  [TYPE.pong]: [PONG_BYTES, PONG_BYTES, 0],
  [TYPE.leave]: [4, 4, 0],
  [TYPE.kick]: [4, 4, FLAG],
};
/** Types whose u16 says nothing. */
const WITHOUT_SHORT: ReadonlySet<number> = new Set([
  TYPE.resume,
  TYPE.snapshotWanted,
  TYPE.ping,
  TYPE.pong,
  TYPE.leave,
]);

/** Tells whether a client may send this; inputs, whose length is the room's, are looked at elsewhere. */
export function isWellFormed(bytes: Uint8Array): boolean {
  const type = bytes[0] ?? 0;
  const shape = SHAPES[type];
  if (shape === undefined) return false;
  const [min, max, small] = shape;
  if (bytes.length < min || bytes.length > max || (bytes[1] ?? 0) > small) return false;
  if (WITHOUT_SHORT.has(type) && readShort(bytes) !== 0) return false;
  return type !== TYPE.message || isJson(bytes.subarray(HEAD_BYTES));
}

/** Whoever gets it reads it without a second thought. */
function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decoder.decode(bytes));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw error;
  }
}
