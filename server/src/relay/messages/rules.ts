/**
 * The messages of the tunnel, byte by byte.
 * @source server/docs/protocols/retroarch-relay.md
 */
import { ID_BYTES } from "../limits.ts";

/** Four letters that begin a message, as a big-endian number. */
export const MAGIC = {
  /** `RATS`: open or join a session. */
  session: 0x52415453,
  /** `RATL`: a user wants in, or the host's link to one. */
  link: 0x5241544c,
  /** `RATA`: the address of a user. */
  address: 0x52415441,
  /** `RATP`: ping and pong. */
  ping: 0x52415450,
  /** `RANP`: a netplay header; as an answer, "the other side is too old". */
  netplay: 0x52414e50,
  /** `POKE`: the lobby asks whether somebody is there. */
  poke: 0x504f4b45,
  /** `FULL` and `DENY`: a host's refusals, instead of its header. */
  full: 0x46554c4c,
  denied: 0x44454e59,
} as const;

export const MAGIC_BYTES = 4;
/** Magic and id. */
export const MESSAGE_BYTES = MAGIC_BYTES + ID_BYTES;
/** Magic, id and an IPv6 address. */
const ADDRESS_ANSWER_BYTES = MESSAGE_BYTES + 16;
/** A netplay header, in whose place a refusal stands. */
const HEADER_BYTES = 24;

/** Reads a big-endian number of four bytes. */
export function readWord(bytes: Uint8Array, offset: number): number {
  const byte = (at: number) => bytes[offset + at] ?? 0;
  return ((byte(0) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3)) >>> 0;
}

function withMagic(magic: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, magic);
  return bytes;
}

/** An id as it is written outside of the wire: base64 of 12 bytes, which needs no padding. */
export function formatId(id: Uint8Array): string {
  return id.toBase64();
}

/** The bytes of an id that `formatId` wrote. */
export function parseId(text: string): Uint8Array {
  return Uint8Array.fromBase64(text);
}

/** Tells whether an id is all zero, which stands for none. */
export function isZeroId(bytes: Uint8Array, offset: number): boolean {
  for (let at = 0; at < ID_BYTES; at++) if (bytes[offset + at] !== 0) return false;
  return true;
}

/** Magic and id: 16 bytes. */
export function formatMessage(magic: number, id: string): Uint8Array {
  const bytes = withMagic(magic, MESSAGE_BYTES);
  bytes.set(parseId(id), MAGIC_BYTES);
  return bytes;
}

/** A ping, which has no id: 4 bytes. */
export function formatPing(): Uint8Array {
  return withMagic(MAGIC.ping, MAGIC_BYTES);
}

/**
 * What the address of a user is: 32 bytes.
 * @param address 16 bytes; null for a user that is not known, whose id is then zero as well.
 */
export function formatAddressAnswer(id: string, address: Uint8Array | null): Uint8Array {
  const bytes = withMagic(MAGIC.address, ADDRESS_ANSWER_BYTES);
  if (address === null) return bytes;
  bytes.set(parseId(id), MAGIC_BYTES);
  bytes.set(address, MESSAGE_BYTES);
  return bytes;
}

/** Why somebody is refused, in the words RetroArch has for it. */
export type Refusal = "old" | "full" | "denied";

const REFUSAL_MAGIC = { old: MAGIC.netplay, full: MAGIC.full, denied: MAGIC.denied } as const;

/** What a user reads instead of the host's header: 24 bytes. */
export function formatRefusal(refusal: Refusal): Uint8Array {
  return withMagic(REFUSAL_MAGIC[refusal], HEADER_BYTES);
}

/** What a host says on its own connection. */
export type OwnerMessage =
  | { readonly kind: "ping" }
  | { readonly kind: "address"; readonly userId: string }
  | { readonly kind: "unknown" };

export interface OwnerMessages {
  readonly messages: readonly OwnerMessage[];
  /** The beginning of the next message: fewer than 16 bytes. */
  readonly rest: Uint8Array;
}

/** Splits what a host sent: a ping has 4 bytes, everything else 16. Ends at the first message that is none. */
export function readOwnerMessages(bytes: Uint8Array): OwnerMessages {
  const messages: OwnerMessage[] = [];
  let offset = 0;
  while (bytes.length - offset >= MAGIC_BYTES) {
    const magic = readWord(bytes, offset);
    if (magic === MAGIC.ping) {
      messages.push({ kind: "ping" });
      offset += MAGIC_BYTES;
      continue;
    }
    if (magic !== MAGIC.address) {
      return { messages: [...messages, { kind: "unknown" }], rest: new Uint8Array() };
    }
    if (bytes.length - offset < MESSAGE_BYTES) break;
    const id = bytes.subarray(offset + MAGIC_BYTES, offset + MESSAGE_BYTES);
    messages.push({ kind: "address", userId: formatId(id) });
    offset += MESSAGE_BYTES;
  }
  return { messages, rest: bytes.slice(offset) };
}

/** Two runs of bytes as one. */
export function joinBytes(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail;
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
