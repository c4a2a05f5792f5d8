// The canonical Huffman codes of CHD, used by the map and by the byte codec. Bits are read from the highest.
// Codes are given from the longest length to the shortest, so longer codes are numerically smaller.

import { ERROR_DATA, OK } from "../errors.ts";

/** Number of symbols by code length. */
const counts = memory.data(4 * 33, 16);
/** The next code of a length while codes are given out. */
const starts = memory.data(4 * 33, 16);

/** What a table holds where no code was assigned: a length no code has. */
export const NO_CODE: u32 = 0xff;

/**
 * Builds a table with one 16-bit entry for each pattern of `bitsMax` bits: symbol << 8 | code length. Up to 14 bytes
 * more are written behind it.
 * @param lengths One byte for each symbol; 0: the symbol has no code.
 */
export function buildCode(table: usize, lengths: usize, symbols: u32, bitsMax: u32): i32 {
  memory.fill(counts, 0, 4 * 33);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const bits: u32 = load<u8>(lengths + symbol);
    if (bits > bitsMax) return ERROR_DATA;
    const at = counts + (bits << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let running: u32 = 0;
  for (let bits = bitsMax; bits > 0; bits--) {
    store<u32>(starts + (bits << 2), running);
    const sum = running + load<u32>(counts + (bits << 2));
    if (bits != 1 && (sum & 1) != 0) return ERROR_DATA;
    // Codes of this length beyond what the length can tell apart.
    if (sum > <u32>(1 << bits)) return ERROR_DATA;
    running = sum >> 1;
  }
  const none = i16x8.splat(<u16>NO_CODE);
  for (let at: usize = 0; at < <usize>(2 << bitsMax); at += 16) v128.store(table + at, none);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const bits: u32 = load<u8>(lengths + symbol);
    if (bits == 0) continue;
    const at = starts + (bits << 2);
    const code = load<u32>(at);
    store<u32>(at, code + 1);
    const unused = bitsMax - bits;
    const end = (code + 1) << unused;
    for (let pattern = code << unused; pattern < end; pattern++) {
      store<u16>(table + (pattern << 1), <u16>((symbol << 8) | bits));
    }
  }
  return OK;
}
