import type { Cursor } from "./cursor.ts";
import { refuse } from "./patch.ts";

/** Seven bits each: more bytes than this are no place in a file. */
const VARINT_BYTES_MAX = 8;

/**
 * Reads a number as BPS and UPS write it: seven bits a byte, least first, the highest bit marks the last byte, and
 * every byte that goes on adds one, so that no number has two forms.
 * @source https://www.romhacking.net/documents/746/
 */
export function readByuuNumber(cursor: Cursor): number {
  let value = 0;
  let scale = 1;
  for (let count = 0; count < VARINT_BYTES_MAX; count += 1) {
    const byte = cursor.u8();
    value += (byte & 0x7f) * scale;
    if ((byte & 0x80) !== 0) return checkNumber(value);
    scale *= 0x80;
    value += scale;
  }
  return refuse("damaged", `names a number of more than ${VARINT_BYTES_MAX} bytes`);
}

/**
 * Reads a number as VCDIFF writes it: seven bits a byte, greatest first, the highest bit marks all but the last.
 * @source RFC 3284 section 2.
 */
export function readVcdiffNumber(cursor: Pick<Cursor, "u8">): number {
  let value = 0;
  for (let count = 0; count < VARINT_BYTES_MAX; count += 1) {
    const byte = cursor.u8();
    value = value * 0x80 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return checkNumber(value);
  }
  return refuse("damaged", `names a number of more than ${VARINT_BYTES_MAX} bytes`);
}

function checkNumber(value: number): number {
  return Number.isSafeInteger(value) ? value : refuse("damaged", `names the number ${value}`);
}
