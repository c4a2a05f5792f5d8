// Raw deflate (RFC 1951).
//
// The compressed bytes are read 8 at a time, up to READ_AHEAD bytes past their end; the caller keeps that many bytes
// readable. The output is written up to OVERSHOOT bytes past its end; the caller keeps that many bytes writable.
// Both ends are checked where it matters: what was really consumed at the end of each block, what was really
// written after each match.

import { ERROR_DATA, ERROR_OVERLONG, ERROR_TRUNCATED, OK } from "../../errors.ts";
import { copyMatch } from "./copy.ts";

const LITERAL_ROOT_BITS: u32 = 10;
const DISTANCE_ROOT_BITS: u32 = 8;
const PRECODE_ROOT_BITS: u32 = 7;
const CODE_BITS_MAX: u32 = 15;
const LITERAL_SYMBOLS: u32 = 288;
const DISTANCE_SYMBOLS: u32 = 32;
const PRECODE_SYMBOLS: u32 = 19;

// A table entry: bits 0-7 how many bits to drop (code and extra bits), bits 8-11 length of the code alone,
// bits 16-30 the value. Bit 31 marks a literal; bit 15 everything that is neither literal, length nor distance.
const IS_LITERAL: u32 = 0x8000_0000;
const IS_SPECIAL: u32 = 0x8000;
const IS_SUBTABLE: u32 = 0x4000;
const IS_END: u32 = 0x2000;
const INVALID: u32 = IS_SPECIAL;

// Room for the root and all second-level tables of a complete code with these root bits (1334 and 402 entries);
// the builder refuses a code that would need more.
const LITERAL_ENTRIES: u32 = 1400;
const DISTANCE_ENTRIES: u32 = 512;
const PRECODE_ENTRIES: u32 = 128;

const literalTable = memory.data(4 * 1400, 16);
const distanceTable = memory.data(4 * 512, 16);
const fixedLiteralTable = memory.data(4 * 1024, 16);
const fixedDistanceTable = memory.data(4 * 256, 16);
const precodeTable = memory.data(4 * 128, 16);
/** What an entry holds beside its code length, by symbol. */
const literalFacts = memory.data(4 * 288, 16);
const distanceFacts = memory.data(4 * 32, 16);
const precodeFacts = memory.data(4 * 19, 16);

/** Code lengths by symbol: literals, then distances. */
const lengths = memory.data(512, 16);
const precodeLengths = memory.data(32, 16);
const counts = memory.data(4 * 16, 16);
const offsets = memory.data(4 * 17, 16);
const sorted = memory.data(2 * 288, 16);

/** In which order the lengths of the precode are stored. */
const PRECODE_ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
let isReady: bool = false;

// Where the block reader stands; the inner loop works on copies in locals.
let inputAt: usize = 0;
let bitBuffer: u64 = 0;
let bitCount: u32 = 0;
let outputAt: usize = 0;

function prepare(): void {
  let base: u32 = 3;
  for (let symbol: u32 = 0; symbol < LITERAL_SYMBOLS; symbol++) {
    let facts: u32 = INVALID;
    if (symbol < 256) facts = IS_LITERAL | (symbol << 16);
    else if (symbol == 256) facts = IS_SPECIAL | IS_END;
    else if (symbol == 285) facts = 258 << 16;
    else if (symbol < 285) {
      const extra = symbol < 265 ? 0 : (symbol - 261) >> 2;
      facts = (base << 16) | extra;
      base += 1 << extra;
    }
    store<u32>(literalFacts + (symbol << 2), facts);
  }
  base = 1;
  for (let symbol: u32 = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
    const extra = symbol < 4 ? 0 : (symbol - 2) >> 1;
    store<u32>(distanceFacts + (symbol << 2), symbol < 30 ? (base << 16) | extra : INVALID);
    base += 1 << extra;
  }
  for (let symbol: u32 = 0; symbol < PRECODE_SYMBOLS; symbol++) {
    store<u32>(precodeFacts + (symbol << 2), symbol << 16);
  }
  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
  buildTable(fixedLiteralTable, lengths, literalFacts, LITERAL_SYMBOLS, LITERAL_ROOT_BITS, LITERAL_ENTRIES);
  memory.fill(lengths, 5, 32);
  buildTable(fixedDistanceTable, lengths, distanceFacts, DISTANCE_SYMBOLS, DISTANCE_ROOT_BITS, DISTANCE_ENTRIES);
  isReady = true;
}

/** The code after `code` when codes of `bits` bits are counted from their last bit. */
@inline
function nextReversed(code: u32, bits: u32): u32 {
  const zeros = ~code & ((1 << bits) - 1);
  if (zeros == 0) return 0;
  const bit: u32 = 1 << (31 - clz(zeros));
  return (code & (bit - 1)) | bit;
}

/** Builds the decoding table of one code; codes that are not complete decode to INVALID where nothing is assigned. */
function buildTable(table: usize, codeLengths: usize, facts: usize, symbols: u32, rootBits: u32, entriesMax: u32): i32 {
  memory.fill(counts, 0, 64);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const at = counts + (<usize>load<u8>(codeLengths + symbol) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let left: i32 = 1;
  let offset: u32 = 0;
  for (let bits: u32 = 1; bits <= CODE_BITS_MAX; bits++) {
    const count = load<u32>(counts + (bits << 2));
    left = (left << 1) - count;
    if (left < 0) return ERROR_DATA;
    store<u32>(offsets + (bits << 2), offset);
    offset += count;
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const bits: u32 = load<u8>(codeLengths + symbol);
    if (bits == 0) continue;
    const at = offsets + (bits << 2);
    const place = load<u32>(at);
    store<u16>(sorted + (place << 1), <u16>symbol);
    store<u32>(at, place + 1);
  }
  return fillTable(table, facts, offset, rootBits, entriesMax);
}

/** The longest code's length by `counts`, at least 1. */
function longestCode(): u32 {
  let bits = CODE_BITS_MAX;
  while (bits > 1 && load<u32>(counts + (bits << 2)) == 0) bits--;
  return bits;
}

function fillTable(table: usize, facts: usize, used: u32, rootBits: u32, entriesMax: u32): i32 {
  const longest = longestCode();
  store<u32>(table, INVALID);
  let code: u32 = 0;
  let place: u32 = 0;
  // The root: after each length the table is doubled, so each entry is stored once and copied in bulk.
  for (let bits: u32 = 1; bits <= rootBits; bits++) {
    const half = 4 << (bits - 1);
    if (half < 16) for (let at = 0; at < half; at += 4) store<u32>(table + half + at, load<u32>(table + at));
    else for (let at = 0; at < half; at += 16) v128.store(table + half + at, v128.load(table + at));
    for (let left = load<u32>(counts + (bits << 2)); left > 0; left--) {
      const symbol: usize = load<u16>(sorted + (place << 1));
      store<u32>(table + (code << 2), load<u32>(facts + (symbol << 2)) + ((bits << 8) | bits));
      code = nextReversed(code, bits);
      place++;
    }
  }
  return place == used ? OK : fillSubtables(table, facts, code, place, rootBits, longest, entriesMax);
}

function fillSubtables(
  table: usize, facts: usize, firstCode: u32, firstPlace: u32, rootBits: u32, longest: u32, entriesMax: u32,
): i32 {
  const rootMask: u32 = (1 << rootBits) - 1;
  let code = firstCode;
  let place = firstPlace;
  let next: u32 = 1 << rootBits;
  let start: u32 = 0;
  let subBits: u32 = 0;
  let prefix: u32 = 0xffff_ffff;
  for (let bits = rootBits + 1; bits <= longest; bits++) {
    for (let left = load<u32>(counts + (bits << 2)); left > 0; left--) {
      if ((code & rootMask) != prefix) {
        prefix = code & rootMask;
        subBits = bits - rootBits;
        let filled = left;
        while (filled < <u32>(1 << subBits) && rootBits + subBits < longest) {
          subBits++;
          filled = (filled << 1) + load<u32>(counts + ((rootBits + subBits) << 2));
        }
        start = next;
        next += 1 << subBits;
        if (next > entriesMax) return ERROR_DATA;
        for (let at = start; at < next; at++) store<u32>(table + (at << 2), INVALID);
        store<u32>(table + (prefix << 2), (start << 16) | IS_SPECIAL | IS_SUBTABLE | (subBits << 8) | rootBits);
      }
      const symbol: usize = load<u16>(sorted + (place << 1));
      const subLength = bits - rootBits;
      const entry = load<u32>(facts + (symbol << 2)) + ((subLength << 8) | subLength);
      for (let at = code >> rootBits; at < <u32>(1 << subBits); at += 1 << subLength) {
        store<u32>(table + ((start + at) << 2), entry);
      }
      code = nextReversed(code, bits);
      place++;
    }
  }
  return OK;
}

@inline
function refill(): void {
  bitBuffer |= load<u64>(inputAt) << <u64>bitCount;
  inputAt += (63 - bitCount) >> 3;
  bitCount |= 56;
}

@inline
function takeBits(count: u32): u32 {
  const value = <u32>bitBuffer & ((1 << count) - 1);
  bitBuffer >>= <u64>count;
  bitCount -= count;
  return value;
}

/** Blocks without codes of their own are rare, so their tables are copied to where the others lie. */
function useFixedTables(): void {
  memory.copy(literalTable, fixedLiteralTable, 4 << LITERAL_ROOT_BITS);
  memory.copy(distanceTable, fixedDistanceTable, 4 << DISTANCE_ROOT_BITS);
}

/** Reads the code lengths of a block with its own codes and builds its two tables. */
function readTables(inputEnd: usize): i32 {
  refill();
  const literals = takeBits(5) + 257;
  const distances = takeBits(5) + 1;
  const precodes = takeBits(4) + 4;
  memory.fill(precodeLengths, 0, 32);
  for (let n: u32 = 0; n < precodes; n++) {
    if (bitCount < 3) refill();
    store<u8>(precodeLengths + load<u8>(PRECODE_ORDER + n), <u8>takeBits(3));
  }
  let error = buildTable(precodeTable, precodeLengths, precodeFacts, PRECODE_SYMBOLS, PRECODE_ROOT_BITS, PRECODE_ENTRIES);
  if (error != OK) return error;
  const total = literals + distances;
  error = readLengths(total, inputEnd);
  if (error != OK) return error;
  // A block that cannot end is refused here rather than by running out of room.
  if (load<u8>(lengths + 256) == 0) return ERROR_DATA;
  error = buildTable(distanceTable, lengths + literals, distanceFacts, distances, DISTANCE_ROOT_BITS, DISTANCE_ENTRIES);
  if (error != OK) return error;
  return buildTable(literalTable, lengths, literalFacts, literals, LITERAL_ROOT_BITS, LITERAL_ENTRIES);
}

function readLengths(total: u32, inputEnd: usize): i32 {
  let n: u32 = 0;
  while (n < total) {
    if (bitCount < 14) refill();
    const entry = load<u32>(precodeTable + ((<u32>bitBuffer & 127) << 2));
    if (entry & IS_SPECIAL) return ERROR_DATA;
    takeBits(entry & 0xff);
    const symbol = entry >> 16;
    if (symbol < 16) {
      store<u8>(lengths + n++, <u8>symbol);
      continue;
    }
    if (symbol == 16 && n == 0) return ERROR_DATA;
    const value: u8 = symbol == 16 ? load<u8>(lengths + n - 1) : 0;
    const count = symbol == 16 ? 3 + takeBits(2) : symbol == 17 ? 3 + takeBits(3) : 11 + takeBits(7);
    if (n + count > total) return ERROR_DATA;
    memory.fill(lengths + n, value, count);
    n += count;
  }
  return inputAt - (bitCount >> 3) > inputEnd ? ERROR_TRUNCATED : OK;
}

/** Copies a stored block. */
function copyStored(inputEnd: usize, outputEnd: usize): i32 {
  takeBits(bitCount & 7);
  inputAt -= bitCount >> 3;
  bitBuffer = 0;
  bitCount = 0;
  if (inputAt + 4 > inputEnd) return ERROR_TRUNCATED;
  const length: u32 = load<u16>(inputAt);
  if ((length ^ load<u16>(inputAt + 2)) != 0xffff) return ERROR_DATA;
  inputAt += 4;
  if (inputAt + length > inputEnd) return ERROR_TRUNCATED;
  if (outputAt + length > outputEnd) return ERROR_OVERLONG;
  memory.copy(outputAt, inputAt, length);
  inputAt += length;
  outputAt += length;
  return OK;
}

/** Decodes one block of codes. */
function decodeBlock(inputEnd: usize, outputStart: usize, outputEnd: usize): i32 {
  // 8 bytes may have been read ahead of what was taken.
  const inputMax = inputEnd + 8;
  let input = inputAt;
  let bits = bitBuffer;
  // Only the low 6 bits of `count` mean anything: entries are subtracted whole.
  let count = bitCount;
  let output = outputAt;
  let result: i32 = 1;
  const literalMask: usize = (1 << LITERAL_ROOT_BITS) - 1;
  const distanceMask: usize = (1 << DISTANCE_ROOT_BITS) - 1;
  while (output < outputEnd && input <= inputMax) {
    bits |= load<u64>(input) << <u64>count;
    input += (~count >> 3) & 7;
    count |= 56;
    let entry = load<u32>((<usize>bits & literalMask) << 2, literalTable);
    if (entry & IS_LITERAL) {
      bits >>= <u64>entry;
      count -= entry;
      store<u8>(output++, <u8>(entry >> 16));
      entry = load<u32>((<usize>bits & literalMask) << 2, literalTable);
      if (entry & IS_LITERAL) {
        bits >>= <u64>entry;
        count -= entry;
        store<u8>(output++, <u8>(entry >> 16));
        entry = load<u32>((<usize>bits & literalMask) << 2, literalTable);
        if (entry & IS_LITERAL) {
          bits >>= <u64>entry;
          count -= entry;
          store<u8>(output++, <u8>(entry >> 16));
          continue;
        }
      }
    }
    if (entry & IS_SPECIAL) {
      if (entry & IS_SUBTABLE) {
        bits >>= <u64>entry;
        count -= entry & 0xff;
        entry = load<u32>(((entry >> 16) + (<u32>bits & ((1 << ((entry >> 8) & 15)) - 1))) << 2, literalTable);
        if (entry & IS_LITERAL) {
          bits >>= <u64>entry;
          count -= entry;
          store<u8>(output++, <u8>(entry >> 16));
          continue;
        }
      }
      if (entry & IS_SPECIAL) {
        bits >>= <u64>entry;
        count -= entry & 0xff;
        result = entry & IS_END ? OK : ERROR_DATA;
        break;
      }
    }
    const length = (entry >> 16) + ((<u32>bits & ((1 << entry) - 1)) >> ((entry >> 8) & 15));
    bits >>= <u64>entry;
    count -= entry;
    bits |= load<u64>(input) << <u64>count;
    input += (~count >> 3) & 7;
    count |= 56;
    entry = load<u32>((<usize>bits & distanceMask) << 2, distanceTable);
    if (entry & IS_SPECIAL) {
      if (!(entry & IS_SUBTABLE)) {
        result = ERROR_DATA;
        break;
      }
      bits >>= <u64>entry;
      count -= entry & 0xff;
      entry = load<u32>(((entry >> 16) + (<u32>bits & ((1 << ((entry >> 8) & 15)) - 1))) << 2, distanceTable);
      if (entry & IS_SPECIAL) {
        result = ERROR_DATA;
        break;
      }
    }
    const distance = (entry >> 16) + ((<u32>bits & ((1 << entry) - 1)) >> ((entry >> 8) & 15));
    bits >>= <u64>entry;
    count -= entry;
    if (distance > <u32>(output - outputStart)) {
      result = ERROR_DATA;
      break;
    }
    copyMatch(output, distance, length);
    output += length;
  }
  inputAt = input;
  bitBuffer = bits;
  bitCount = count & 63;
  outputAt = output;
  return result;
}

/** Decompresses until the output is full; what follows in the input is not looked at. */
export function inflate(input: usize, inputEnd: usize, output: usize, outputEnd: usize): i32 {
  if (!isReady) prepare();
  inputAt = input;
  bitBuffer = 0;
  bitCount = 0;
  outputAt = output;
  let isLast = false;
  while (outputAt < outputEnd && !isLast) {
    refill();
    isLast = takeBits(1) != 0;
    const kind = takeBits(2);
    let error: i32 = ERROR_DATA;
    if (kind == 0) error = copyStored(inputEnd, outputEnd);
    else if (kind == 1) {
      useFixedTables();
      error = decodeBlock(inputEnd, output, outputEnd);
    }
    else if (kind == 2) {
      error = readTables(inputEnd);
      if (error == OK) error = decodeBlock(inputEnd, output, outputEnd);
    }
    // What was read past the end is judged first: it is why the rest is wrong.
    if (inputAt - (bitCount >> 3) > inputEnd) return ERROR_TRUNCATED;
    if (error < 0) return error;
  }
  if (outputAt > outputEnd) return ERROR_OVERLONG;
  return outputAt < outputEnd ? ERROR_TRUNCATED : OK;
}
