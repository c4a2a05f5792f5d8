// Finite state entropy (RFC 8878, 4.1): reading the counts of a code and spreading its symbols over the states.

import { ERROR_DATA, ERROR_TRUNCATED } from "../../errors.ts";

/** Counts by symbol, 16 bits each; -1: less than one. */
const counts = memory.data(2 * 256, 16);
const nextStates = memory.data(2 * 256, 16);
const spread = memory.data(512, 16);

let log: u32 = 0;
let symbols: u32 = 0;

/** The number of bits of a state of the code last read. */
export function fseLog(): u32 {
  return log;
}

/** The 32 bits from bit `bit` on, the earliest the lowest; the caller keeps 8 readable bytes behind the input. */
@inline
function bitsAt(input: usize, bit: u32): u32 {
  return <u32>(load<u64>(input + (bit >> 3)) >> <u64>(bit & 7));
}

/**
 * Reads the counts of a code.
 * @returns How many bytes they took, or an error.
 */
export function readCounts(input: usize, inputEnd: usize, symbolMax: u32, logMax: u32): i32 {
  if (input >= inputEnd) return ERROR_TRUNCATED;
  const bitEnd = <u32>(inputEnd - input) << 3;
  log = (bitsAt(input, 0) & 15) + 5;
  if (log > logMax) return ERROR_DATA;
  let bit: u32 = 4;
  let left: i32 = 1 << log;
  let symbol: u32 = 0;
  while (left > 0) {
    if (symbol > symbolMax) return ERROR_DATA;
    if (bit > bitEnd) return ERROR_TRUNCATED;
    // Values up to left + 1; the smaller ones take a bit less.
    const width: u32 = 32 - clz(left + 1);
    const value = bitsAt(input, bit) & ((1 << width) - 1);
    const short = (1 << width) - 1 - (left + 1);
    const low = value & ((1 << (width - 1)) - 1);
    let count: i32 = value;
    if (low < <u32>short) {
      count = low;
      bit += width - 1;
    } else {
      if (value >= <u32>(1 << (width - 1))) count -= short;
      bit += width;
    }
    count--;
    left -= count < 0 ? 1 : count;
    store<i16>(counts + (symbol++ << 1), <i16>count);
    if (count != 0) continue;
    let repeat: u32 = 3;
    while (repeat == 3) {
      if (bit > bitEnd) return ERROR_TRUNCATED;
      repeat = bitsAt(input, bit) & 3;
      bit += 2;
      if (symbol + repeat > symbolMax + 1) return ERROR_DATA;
      for (let n: u32 = 0; n < repeat; n++) store<i16>(counts + (symbol++ << 1), 0);
    }
  }
  if (left != 0) return ERROR_DATA;
  if (bit > bitEnd) return ERROR_TRUNCATED;
  symbols = symbol;
  return (bit + 7) >> 3;
}

/** Takes over fixed counts instead of reading them. */
export function setCounts(from: usize, symbolCount: u32, stateLog: u32): void {
  for (let symbol: u32 = 0; symbol < symbolCount; symbol++) {
    store<i16>(counts + (symbol << 1), load<i8>(from + symbol));
  }
  symbols = symbolCount;
  log = stateLog;
}

/** Lays the symbols over the states. */
function spreadSymbols(): void {
  const size: u32 = 1 << log;
  let high = size - 1;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = load<i16>(counts + (symbol << 1));
    store<u16>(nextStates + (symbol << 1), <u16>(count < 0 ? 1 : count));
    if (count < 0) store<u8>(spread + high--, <u8>symbol);
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let state: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count: i32 = load<i16>(counts + (symbol << 1));
    for (let n: i32 = 0; n < count; n++) {
      store<u8>(spread + state, <u8>symbol);
      do state = (state + step) & (size - 1);
      while (state > high);
    }
  }
}

/**
 * Builds the table of the code last read, 8 bytes a state: facts of its symbol, next state at 16, bits to read for
 * it at 0. The facts are 8 bytes a symbol and hold nothing in bits 0-7 and 16-31.
 */
export function buildStates(table: usize, facts: usize): void {
  spreadSymbols();
  const size: u32 = 1 << log;
  for (let state: u32 = 0; state < size; state++) {
    const symbol: u32 = load<u8>(spread + state);
    const place = nextStates + (symbol << 1);
    const next: u32 = load<u16>(place);
    store<u16>(place, <u16>(next + 1));
    const bits = log - (31 - clz(next));
    const base = (next << bits) - size;
    store<u64>(table + (state << 3), load<u64>(facts + (symbol << 3)) | <u64>((base << 16) | bits));
  }
}
