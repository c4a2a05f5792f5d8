/**
 * What the beginning of a netplay connection says about its player and its game. Nothing is ever held back or changed
 * for it: whoever sends something else is simply not named.
 * @source server/docs/protocols/retroarch-relay.md, "What is read on the way"
 */
import { MAGIC, readWord } from "../messages/rules.ts";

const HEADER_BYTES = 24;
/** Offset of the word that is a password's salt in a host's header; 0 means none. */
const SALT_OFFSET = 12;
const COMMAND_BYTES = 8;
const NICK = 0x0020;
const NICK_BYTES = 32;
const INFO = 0x0022;
const INFO_BYTES = 68;
const CORE_BYTES = 32;

/** What a host says of itself and its game; null as long as it is not known. */
export interface HostFacts {
  readonly nick: string | null;
  readonly hasPassword: boolean | null;
  /** Of the file as it was loaded; 8 lower-case hex digits. */
  readonly crc32: string | null;
  readonly coreName: string | null;
  readonly coreVersion: string | null;
}

export const NO_FACTS: HostFacts = {
  nick: null,
  hasPassword: null,
  crc32: null,
  coreName: null,
  coreVersion: null,
};

/** Reads a user's first bytes; null as long as they hold no nick. */
export function readUserNick(bytes: Uint8Array): string | null {
  return readWord(bytes, 0) === MAGIC.netplay ? findNick(bytes) : null;
}

/** Reads a host's first bytes on one of its links, as far as they have come. */
export function readHostFacts(bytes: Uint8Array): HostFacts {
  if (bytes.length < HEADER_BYTES || readWord(bytes, 0) !== MAGIC.netplay) return NO_FACTS;
  const hasPassword = readWord(bytes, SALT_OFFSET) !== 0;
  const nick = findNick(bytes);
  const infoAt = HEADER_BYTES + COMMAND_BYTES + NICK_BYTES;
  if (nick === null || !hasCommand(bytes, infoAt, { command: INFO, size: INFO_BYTES })) {
    return { ...NO_FACTS, nick, hasPassword };
  }
  const contentAt = infoAt + COMMAND_BYTES;
  const crc = readWord(bytes, contentAt);
  return {
    nick,
    hasPassword,
    // A core without content says 0.
    crc32: crc === 0 ? null : crc.toString(16).padStart(8, "0"),
    coreName: readText(bytes, contentAt + 4, CORE_BYTES),
    coreVersion: readText(bytes, contentAt + 4 + CORE_BYTES, CORE_BYTES),
  };
}

function findNick(bytes: Uint8Array): string | null {
  if (!hasCommand(bytes, HEADER_BYTES, { command: NICK, size: NICK_BYTES })) return null;
  return readText(bytes, HEADER_BYTES + COMMAND_BYTES, NICK_BYTES);
}

interface Command {
  readonly command: number;
  readonly size: number;
}

function hasCommand(bytes: Uint8Array, offset: number, { command, size }: Command): boolean {
  if (bytes.length < offset + COMMAND_BYTES + size) return false;
  return readWord(bytes, offset) === command && readWord(bytes, offset + 4) === size;
}

/** A text that ends at the first zero byte; null for none. Control characters would only harm whoever shows it. */
function readText(bytes: Uint8Array, offset: number, bytesMax: number): string | null {
  const field = bytes.subarray(offset, offset + bytesMax);
  const end = field.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  const shown = text.replace(/\p{Cc}+/gu, " ").trim();
  return shown === "" ? null : shown;
}
