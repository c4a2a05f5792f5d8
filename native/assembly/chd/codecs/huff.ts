// Bytes under one Huffman code of at most 16 bits, with the code's lengths in front. Bits are read from the highest.

import { ERROR_DATA, ERROR_TRUNCATED, OK } from "../../errors.ts";
import { buildCode, NO_CODE } from "../huffman-code.ts";

const BITS_MAX: u32 = 16;
const SYMBOLS: u32 = 256;
const SMALL_SYMBOLS: u32 = 24;
/** Three bits hold a length of the small code, and 7 is taken for the end. */
const SMALL_BITS_MAX: u32 = 6;

const table = memory.data(2 * 65536, 16);
const smallTable = memory.data(2 * 64, 16);
const lengths = memory.data(256, 16);

let at: usize = 0;
let bitBuffer: u64 = 0;
let bitCount: u32 = 0;
let tableBits: u32 = 1;

/** Gives the next `count` bits, at most 16, without taking them; there are always 48 to look at. */
@inline
function peek(count: u32): u32 {
  if (bitCount < 48) {
    bitBuffer |= bswap(load<u64>(at)) >> <u64>bitCount;
    at += (63 - bitCount) >> 3;
    bitCount |= 56;
  }
  return <u32>(bitBuffer >> <u64>(64 - count));
}

@inline
function drop(count: u32): void {
  bitBuffer <<= <u64>count;
  bitCount -= count;
}

@inline
function take(count: u32): u32 {
  const value = peek(count);
  drop(count);
  return value;
}

/** Reads the code of the code lengths. */
function readSmallCode(): i32 {
  memory.fill(lengths, 0, SMALL_SYMBOLS);
  store<u8>(lengths, <u8>take(3));
  for (let symbol = take(3) + 1; symbol < SMALL_SYMBOLS; symbol++) {
    const length = take(3);
    if (length == 7) break;
    store<u8>(lengths + symbol, <u8>length);
  }
  return buildCode(smallTable, lengths, SMALL_SYMBOLS, SMALL_BITS_MAX);
}

function readCode(): i32 {
  let error = readSmallCode();
  if (error != OK) return error;
  let last: u32 = 0;
  for (let symbol: u32 = 0; symbol < SYMBOLS; ) {
    const entry: u32 = load<u16>(smallTable + (peek(SMALL_BITS_MAX) << 1));
    if (entry == NO_CODE) return ERROR_DATA;
    drop(entry & 0xff);
    const value = entry >> 8;
    if (value != 0) {
      last = value - 1;
      store<u8>(lengths + symbol++, <u8>last);
      continue;
    }
    let count = take(3) + 2;
    if (count == 9) count += take(8);
    if (symbol + count > SYMBOLS) return ERROR_DATA;
    memory.fill(lengths + symbol, <u8>last, count);
    symbol += count;
  }
  // Only as wide as this code needs: filling the widest table takes longer than decoding a small hunk.
  tableBits = 1;
  for (let symbol: u32 = 0; symbol < SYMBOLS; symbol++) tableBits = max<u32>(tableBits, load<u8>(lengths + symbol));
  return tableBits > BITS_MAX ? ERROR_DATA : buildCode(table, lengths, SYMBOLS, tableBits);
}

/** Decompresses until the output is full. */
export function unhuff(input: usize, inputEnd: usize, output: usize, outputEnd: usize): i32 {
  at = input;
  bitBuffer = 0;
  bitCount = 0;
  const error = readCode();
  if (at - (bitCount >> 3) > inputEnd) return ERROR_TRUNCATED;
  if (error != OK) return error;
  let from = at;
  let bits = bitBuffer;
  let count = bitCount;
  const unused = <u64>(64 - tableBits);
  let to = output;
  while (to < outputEnd) {
    // Checked here, because the output may be far longer than the input.
    if (from > inputEnd + 8) return ERROR_TRUNCATED;
    bits |= bswap(load<u64>(from)) >> <u64>count;
    from += (63 - count) >> 3;
    count |= 56;
    // What is there now is enough for three of the longest codes.
    for (const end = min(to + 3, outputEnd); to < end; to++) {
      const entry: u32 = load<u16>(table + (<usize>(bits >> unused) << 1));
      if (entry == NO_CODE) return from - (count >> 3) > inputEnd ? ERROR_TRUNCATED : ERROR_DATA;
      bits <<= <u64>(entry & 0xff);
      count -= entry & 0xff;
      store<u8>(to, <u8>(entry >> 8));
    }
  }
  return from - (count >> 3) > inputEnd ? ERROR_TRUNCATED : OK;
}
