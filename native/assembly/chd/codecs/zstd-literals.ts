// The Huffman code of zstd's literals (RFC 8878, 4.2): its description, its table, and one or four streams under it.
//
// Streams are read backwards, 8 bytes at a time with the next bit on top; a one below the bits read marks how many
// were taken. The caller keeps READ_AHEAD readable bytes before the input.

import { ERROR_DATA, ERROR_TRUNCATED, OK } from "../../errors.ts";
import { buildStates, fseLog, readCounts } from "./zstd-fse.ts";

const BITS_MAX: u32 = 11;
const WEIGHT_LOG_MAX: u32 = 6;
const WEIGHT_MAX: u32 = 11;
const SYMBOLS: u32 = 256;

/** One 16-bit entry for each pattern of BITS_MAX bits: symbol << 8 | code length. */
const table = memory.data(2 * 2048, 16);
const weights = memory.data(256 + 16, 16);
const weightStates = memory.data(8 * 64, 16);
const weightFacts = memory.data(8 * 12, 16);
const ranks = memory.data(4 * 16, 16);

let isReady: bool = false;
let hasTable: bool = false;

/** Forgets the table; a frame starts without one. */
export function resetLiteralTable(): void {
  hasTable = false;
}

export function hasLiteralTable(): bool {
  return hasTable;
}

/**
 * Reads the description of a code and builds its table.
 * @returns How many bytes it took, or an error.
 */
export function readLiteralTable(input: usize, inputEnd: usize): i32 {
  if (input >= inputEnd) return ERROR_TRUNCATED;
  const head: u32 = load<u8>(input);
  let count: i32 = 0;
  let size: i32 = 1;
  if (head >= 128) {
    count = head - 127;
    size += (count + 1) >> 1;
    if (input + size > inputEnd) return ERROR_TRUNCATED;
    for (let n = 0; n < count; n++) {
      const pair: u32 = load<u8>(input + 1 + (n >> 1));
      store<u8>(weights + n, <u8>(n & 1 ? pair & 15 : pair >> 4));
    }
  } else {
    size += head;
    if (input + size > inputEnd) return ERROR_TRUNCATED;
    count = readWeights(input + 1, input + size);
    if (count < 0) return count;
  }
  const error = buildTable(count);
  return error == OK ? size : error;
}

/** Reads weights packed by two states that take turns; gives their number, or an error. */
function readWeights(input: usize, inputEnd: usize): i32 {
  if (!isReady) {
    for (let weight: u32 = 0; weight <= WEIGHT_MAX; weight++) store<u64>(weightFacts + (weight << 3), <u64>weight << 8);
    isReady = true;
  }
  const used = readCounts(input, inputEnd, WEIGHT_MAX, WEIGHT_LOG_MAX);
  if (used < 0) return used;
  buildStates(weightStates, weightFacts);
  const start = input + used;
  if (start >= inputEnd) return ERROR_TRUNCATED;
  const last: u32 = load<u8>(inputEnd - 1);
  if (last == 0) return ERROR_DATA;
  // Bits left in front of the mark; they run out on purpose, and zeros stand in for what is missing.
  let left: i32 = (<i32>(inputEnd - start) << 3) - (<i32>clz(last << 24) + 1);
  const log = <i32>fseLog();
  if (left < 2 * log) return ERROR_DATA;
  let state = weightBits(start, (left -= log), log);
  let other = weightBits(start, (left -= log), log);
  let count: i32 = 0;
  while (count < 254) {
    const entry = load<u64>(weightStates + (state << 3));
    store<u8>(weights + count++, <u8>(entry >> 8));
    const bits = <i32>(entry & 0xff);
    left -= bits;
    if (left < 0) {
      store<u8>(weights + count++, <u8>(load<u64>(weightStates + (other << 3)) >> 8));
      return count;
    }
    state = other;
    other = (<u32>(entry >> 16) & 0xffff) + weightBits(start, left, bits);
  }
  return ERROR_DATA;
}

/** The `count` bits, at most 6, from bit `bit` on. */
function weightBits(start: usize, bit: i32, count: i32): u32 {
  return (<u32>load<u16>(start + (bit >> 3)) >> (bit & 7)) & ((1 << count) - 1);
}

/** Builds the table from `count` weights; one more follows from them. */
function buildTable(count: i32): i32 {
  memory.fill(ranks, 0, 64);
  let sum: u32 = 0;
  for (let symbol = 0; symbol < count; symbol++) {
    const weight: u32 = load<u8>(weights + symbol);
    if (weight > WEIGHT_MAX) return ERROR_DATA;
    if (weight == 0) continue;
    sum += 1 << (weight - 1);
    const at = ranks + (weight << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  if (sum == 0) return ERROR_DATA;
  const bitsMax: u32 = 32 - clz(sum);
  if (bitsMax > BITS_MAX) return ERROR_DATA;
  const rest = (<u32>1 << bitsMax) - sum;
  if (rest == 0 || (rest & (rest - 1)) != 0) return ERROR_DATA;
  const lastWeight: u32 = 32 - clz(rest);
  store<u8>(weights + count, <u8>lastWeight);
  const lastRank = ranks + (lastWeight << 2);
  store<u32>(lastRank, load<u32>(lastRank) + 1);
  // Lower weights are longer codes and come first; entries are spread to BITS_MAX bits.
  const widen = BITS_MAX - bitsMax;
  let start: u32 = 0;
  for (let weight: u32 = 1; weight <= bitsMax; weight++) {
    const at = ranks + (weight << 2);
    const size = load<u32>(at) << (weight - 1);
    store<u32>(at, start << widen);
    start += size;
  }
  for (let symbol = 0; symbol <= count; symbol++) {
    const weight: u32 = load<u8>(weights + symbol);
    if (weight == 0) continue;
    const at = ranks + (weight << 2);
    const from = load<u32>(at);
    const size: u32 = 1 << (weight - 1 + widen);
    store<u32>(at, from + size);
    fillEntries(table + (from << 1), size, <u16>((symbol << 8) | (bitsMax + 1 - weight)));
  }
  hasTable = true;
  return OK;
}

@inline
function fillEntries(at: usize, count: u32, entry: u16): void {
  if (count < 8) {
    for (let n: u32 = 0; n < count; n++) store<u16>(at + (n << 1), entry);
    return;
  }
  const entries = i16x8.splat(entry);
  for (let n: u32 = 0; n < count; n += 8) v128.store(at + (n << 1), entries);
}

/** The top of a stream that ends at `end`: its last 8 bytes without the end mark, with our mark; 0: no end mark. */
@inline
function openStream(end: usize): u64 {
  const last: u32 = load<u8>(end - 1);
  if (last == 0) return 0;
  return (load<u64>(end - 8) | 1) << <u64>(clz(last << 24) + 1);
}

/** Decodes to the end of one stream and checks that it ends where its symbols do. */
function finishStream(from: usize, firstBits: u64, start: usize, output: usize, outputEnd: usize): i32 {
  let at = from;
  let bits = firstBits;
  for (let to = output; to < outputEnd; ) {
    const taken = ctz(bits);
    at -= <usize>(taken >> 3);
    if (at + 8 < start) return ERROR_TRUNCATED;
    bits = (load<u64>(at) | 1) << (taken & 7);
    for (const end = min(to + 5, outputEnd); to < end; to++) {
      const entry: u32 = load<u16>(table + (<u32>(bits >> 53) << 1));
      bits <<= <u64>entry;
      store<u8>(to, <u8>(entry >> 8));
    }
  }
  // All 64 bits of the place the stream starts at, and those above it, must be taken: no more, no less.
  return (<i64>(at + 8 - start) << 3) == <i64>ctz(bits) ? OK : ERROR_DATA;
}

/** Decodes one stream. */
export function readStream(input: usize, inputEnd: usize, output: usize, outputEnd: usize): i32 {
  if (input >= inputEnd) return ERROR_TRUNCATED;
  const bits = openStream(inputEnd);
  return bits == 0 ? ERROR_DATA : finishStream(inputEnd - 8, bits, input, output, outputEnd);
}

/** Decodes four streams, each a quarter of the output, side by side. */
export function readFourStreams(input: usize, inputEnd: usize, output: usize, outputEnd: usize): i32 {
  if (input + 10 > inputEnd) return ERROR_TRUNCATED;
  const start1 = input + 6;
  const start2 = start1 + load<u16>(input);
  const start3 = start2 + load<u16>(input, 2);
  const start4 = start3 + load<u16>(input, 4);
  if (start4 >= inputEnd || start2 == start1 || start3 == start2 || start4 == start3) return ERROR_TRUNCATED;
  const quarter = (outputEnd - output + 3) >> 2;
  const output2 = output + quarter;
  const output3 = output2 + quarter;
  const output4 = output3 + quarter;
  if (output4 > outputEnd) return ERROR_DATA;
  let bits1 = openStream(start2);
  let bits2 = openStream(start3);
  let bits3 = openStream(start4);
  let bits4 = openStream(inputEnd);
  if (bits1 == 0 || bits2 == 0 || bits3 == 0 || bits4 == 0) return ERROR_DATA;
  let at1 = start2 - 8;
  let at2 = start3 - 8;
  let at3 = start4 - 8;
  let at4 = inputEnd - 8;
  let to = output;
  // As long as no stream can run out: a round takes at most 7 bytes of each and gives 5.
  const roundsEnd = output + (outputEnd > output4 + 4 ? outputEnd - output4 - 4 : 0);
  while (to < roundsEnd && at1 >= start1 + 7 && at2 >= start2 + 7 && at3 >= start3 + 7 && at4 >= start4 + 7) {
    let taken = ctz(bits1);
    at1 -= <usize>(taken >> 3);
    bits1 = (load<u64>(at1) | 1) << (taken & 7);
    taken = ctz(bits2);
    at2 -= <usize>(taken >> 3);
    bits2 = (load<u64>(at2) | 1) << (taken & 7);
    taken = ctz(bits3);
    at3 -= <usize>(taken >> 3);
    bits3 = (load<u64>(at3) | 1) << (taken & 7);
    taken = ctz(bits4);
    at4 -= <usize>(taken >> 3);
    bits4 = (load<u64>(at4) | 1) << (taken & 7);
    for (const end = to + 5; to < end; to++) {
      const entry1: u32 = load<u16>(table + (<u32>(bits1 >> 53) << 1));
      const entry2: u32 = load<u16>(table + (<u32>(bits2 >> 53) << 1));
      const entry3: u32 = load<u16>(table + (<u32>(bits3 >> 53) << 1));
      const entry4: u32 = load<u16>(table + (<u32>(bits4 >> 53) << 1));
      bits1 <<= <u64>entry1;
      bits2 <<= <u64>entry2;
      bits3 <<= <u64>entry3;
      bits4 <<= <u64>entry4;
      store<u8>(to, <u8>(entry1 >> 8));
      store<u8>(to + quarter, <u8>(entry2 >> 8));
      store<u8>(to + 2 * quarter, <u8>(entry3 >> 8));
      store<u8>(to + 3 * quarter, <u8>(entry4 >> 8));
    }
  }
  const done = to - output;
  let error = finishStream(at1, bits1, start1, to, output2);
  if (error == OK) error = finishStream(at2, bits2, start2, output2 + done, output3);
  if (error == OK) error = finishStream(at3, bits3, start3, output3 + done, output4);
  if (error == OK) error = finishStream(at4, bits4, start4, output4 + done, outputEnd);
  return error;
}
