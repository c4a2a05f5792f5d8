/** Gives the byte at a place, 0 past the end: what is short is refused where it matters, never read wildly. */
export const u8 = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

/** Gives 16 bits, little endian. */
export const le16 = (bytes: Uint8Array, at: number): number => u8(bytes, at) | (u8(bytes, at + 1) << 8);

/** Gives 24 bits, little endian. */
export const le24 = (bytes: Uint8Array, at: number): number => le16(bytes, at) | (u8(bytes, at + 2) << 16);

/** Gives 32 bits without sign, little endian. */
export const le32 = (bytes: Uint8Array, at: number): number =>
  (le16(bytes, at) | (le16(bytes, at + 2) << 16)) >>> 0;

/** Gives 64 bits, little endian; exact up to 2^53. */
export const le64 = (bytes: Uint8Array, at: number): number =>
  le32(bytes, at + 4) * 2 ** 32 + le32(bytes, at);

/** Gives 16 bits, big endian. */
export const be16 = (bytes: Uint8Array, at: number): number => (u8(bytes, at) << 8) | u8(bytes, at + 1);

/** Gives 24 bits, big endian. */
export const be24 = (bytes: Uint8Array, at: number): number => (be16(bytes, at) << 8) | u8(bytes, at + 2);

/** Gives 32 bits without sign, big endian. */
export const be32 = (bytes: Uint8Array, at: number): number =>
  ((be16(bytes, at) << 16) | be16(bytes, at + 2)) >>> 0;

/** Gives 64 bits, big endian; exact up to 2^53. */
export const be64 = (bytes: Uint8Array, at: number): number =>
  be32(bytes, at) * 2 ** 32 + be32(bytes, at + 4);

/** Gives a part as text, one character for each byte. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = "";
  for (const byte of bytes.subarray(from, to)) text += String.fromCharCode(byte);
  return text;
}

/** Gives the low byte of each character: the way back from `latin1`. */
export const fromLatin1 = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Tells whether the text stands at a place; false where the bytes end before. */
export const hasText = (bytes: Uint8Array, text: string, at = 0): boolean =>
  latin1(bytes, at, at + text.length) === text;

/** Lowers A to Z and nothing else, as C's functions do. */
export const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (part) => part.toLowerCase());

/** Gives the text up to its first NUL. */
export const untilNul = (text: string): string => text.split("\0", 1)[0] ?? "";

/** Swaps the bytes of each pair in place; a last odd byte stays. */
export function swapPairs(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const first = u8(bytes, at);
    bytes[at] = u8(bytes, at + 1);
    bytes[at + 1] = first;
  }
  return bytes;
}

/** Rounds up to a multiple. */
export const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;
