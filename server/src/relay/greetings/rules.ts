import { formatId, isZeroId, MAGIC, MAGIC_BYTES, MESSAGE_BYTES, readWord } from "../messages/rules.ts";

/** What a connection wants, by its first bytes. */
export type Greeting =
  /** Too few bytes to tell; they were right so far. */
  | { readonly kind: "more" }
  | { readonly kind: "open"; readonly rest: Uint8Array }
  | { readonly kind: "join"; readonly sessionId: string; readonly rest: Uint8Array }
  | { readonly kind: "link"; readonly userId: string; readonly rest: Uint8Array }
  /** A user without a session; its header is kept. */
  | { readonly kind: "plain"; readonly rest: Uint8Array }
  /** Somebody to be told that it is too old, or that somebody is here. */
  | { readonly kind: "old" }
  | { readonly kind: "unknown" };

const FIRST_MAGICS = [MAGIC.session, MAGIC.link, MAGIC.netplay, MAGIC.poke];
const NETPLAY_BYTES = toBytes(MAGIC.netplay);

function toBytes(magic: number): readonly number[] {
  return [magic >>> 24, (magic >>> 16) & 0xff, (magic >>> 8) & 0xff, magic & 0xff];
}

function beginsLike(magic: readonly number[], bytes: Uint8Array, offset: number): boolean {
  return magic.every((byte, at) => offset + at >= bytes.length || bytes[offset + at] === byte);
}

/** Reads the first bytes of a connection, however they were cut. */
export function readGreeting(bytes: Uint8Array): Greeting {
  if (bytes.length < MAGIC_BYTES) {
    const isPossible = FIRST_MAGICS.some((magic) => beginsLike(toBytes(magic), bytes, 0));
    return { kind: isPossible ? "more" : "unknown" };
  }
  const magic = readWord(bytes, 0);
  if (magic === MAGIC.netplay) return { kind: "plain", rest: bytes };
  if (magic === MAGIC.poke) return { kind: "old" };
  if (magic !== MAGIC.session && magic !== MAGIC.link) return { kind: "unknown" };
  if (bytes.length < MESSAGE_BYTES) return { kind: "more" };
  const rest = bytes.slice(MESSAGE_BYTES);
  if (isZeroId(bytes, MAGIC_BYTES)) return magic === MAGIC.session ? readRequest(rest) : { kind: "unknown" };
  const id = formatId(bytes.subarray(MAGIC_BYTES, MESSAGE_BYTES));
  return magic === MAGIC.session ? { kind: "join", sessionId: id, rest } : { kind: "link", userId: id, rest };
}

/**
 * A host says nothing behind its request. A user who was given twelve zero bytes as the session sends the very same
 * request, and its header behind it.
 */
function readRequest(rest: Uint8Array): Greeting {
  if (rest.length === 0 || !beginsLike(NETPLAY_BYTES, rest, 0)) return { kind: "open", rest };
  return { kind: rest.length < MAGIC_BYTES ? "more" : "old" };
}
