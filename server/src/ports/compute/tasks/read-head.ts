import { readInto } from "../archives/read-file.ts";
import { HEAD_BYTES } from "../limits.ts";

/** First bytes of every CHD, and where version 5 keeps the SHA-1 of its data; numbers are big endian. */
const CHD_MARK = "MComprHD";
const CHD_VERSION_AT = 12;
const CHD_VERSION = 5;
const CHD_SHA1_AT = 84;
const SHA1_BYTES = 20;

/** Reads a file's first bytes, at most `HEAD_BYTES`, without moving where reading goes on. */
export function readHead(opened: { readonly handle: number; readonly sizeBytes: number }): Uint8Array {
  const into = new Uint8Array(Math.min(HEAD_BYTES, opened.sizeBytes));
  return into.subarray(0, readInto(opened, { start: 0, into }));
}

/** Gives the SHA-1 that a CHD names for its data, in lower-case hex, by its first bytes; "" for other files. */
export function findChdSha1(head: Uint8Array): string {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const end = CHD_SHA1_AT + SHA1_BYTES;
  if (bytes.length < end || bytes.toString("latin1", 0, CHD_MARK.length) !== CHD_MARK) return "";
  if (bytes.readUInt32BE(CHD_VERSION_AT) !== CHD_VERSION) return "";
  return bytes.toString("hex", CHD_SHA1_AT, end);
}
