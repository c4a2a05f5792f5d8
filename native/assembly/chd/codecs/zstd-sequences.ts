// The sequences of a zstd block (RFC 8878, 3.1.1.3.2 and 3.1.1.4): which literals to copy, and what to repeat then.

import { ERROR_DATA, ERROR_OVERLONG, ERROR_TRUNCATED, OK } from "../../errors.ts";
import { copyMatch } from "./copy.ts";
import { buildStates, fseLog, readCounts, setCounts } from "./zstd-fse.ts";

const LITERAL_CODES: u32 = 36;
const MATCH_CODES: u32 = 53;
/** Offsets of 2 GiB and more lie outside every hunk. */
const OFFSET_CODES: u32 = 32;
const LITERAL_LOG_MAX: u32 = 9;
const OFFSET_LOG_MAX: u32 = 8;
const MATCH_LOG_MAX: u32 = 9;

// Base values follow from the numbers of extra bits.
const LITERAL_EXTRA = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);
const MATCH_EXTRA = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3,
  3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]);
const LITERAL_COUNTS = memory.data<i8>([
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
]);
const OFFSET_COUNTS = memory.data<i8>([
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
]);
const MATCH_COUNTS = memory.data<i8>([
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
]);

// By code: base value at 32, extra bits at 8.
const literalFacts = memory.data(8 * 36, 16);
const offsetFacts = memory.data(8 * 32, 16);
const matchFacts = memory.data(8 * 53, 16);

const literalStates = memory.data(8 * 512, 16);
const offsetStates = memory.data(8 * 256, 16);
const matchStates = memory.data(8 * 512, 16);
const fixedLiteralStates = memory.data(8 * 64, 16);
const fixedOffsetStates = memory.data(8 * 32, 16);
const fixedMatchStates = memory.data(8 * 64, 16);

let isReady: bool = false;

// The tables in use and the bits of their states; 0 bytes: none yet.
let literalTable: usize = 0;
let literalLog: u32 = 0;
let offsetTable: usize = 0;
let offsetLog: u32 = 0;
let matchTable: usize = 0;
let matchLog: u32 = 0;

let repeat1: u32 = 1;
let repeat2: u32 = 4;
let repeat3: u32 = 8;

function fillFacts(facts: usize, extras: usize, codes: u32, firstBase: u32): void {
  let base = firstBase;
  for (let code: u32 = 0; code < codes; code++) {
    const extra: u32 = load<u8>(extras + code);
    store<u64>(facts + (code << 3), (<u64>base << 32) | (extra << 8));
    base += 1 << extra;
  }
}

function prepare(): void {
  fillFacts(literalFacts, LITERAL_EXTRA, LITERAL_CODES, 0);
  fillFacts(matchFacts, MATCH_EXTRA, MATCH_CODES, 3);
  for (let code: u32 = 0; code < OFFSET_CODES; code++) {
    store<u64>(offsetFacts + (code << 3), ((<u64>1 << (code + 32))) | (code << 8));
  }
  setCounts(LITERAL_COUNTS, 36, 6);
  buildStates(fixedLiteralStates, literalFacts);
  setCounts(OFFSET_COUNTS, 29, 5);
  buildStates(fixedOffsetStates, offsetFacts);
  setCounts(MATCH_COUNTS, 53, 6);
  buildStates(fixedMatchStates, matchFacts);
  isReady = true;
}

/** Goes back to the state a frame starts in. */
export function resetSequences(): void {
  if (!isReady) prepare();
  literalTable = 0;
  offsetTable = 0;
  matchTable = 0;
  repeat1 = 1;
  repeat2 = 4;
  repeat3 = 8;
}

/** Where and how wide the table last read is. */
let table: usize = 0;
let tableLog: u32 = 0;

/** Reads or chooses one table; gives how many bytes it took, or an error. */
function readTable(
  mode: u32, input: usize, inputEnd: usize, own: usize, facts: usize, codes: u32, logMax: u32,
): i32 {
  table = own;
  if (mode == 2) {
    const used = readCounts(input, inputEnd, codes - 1, logMax);
    if (used < 0) return used;
    buildStates(own, facts);
    tableLog = fseLog();
    return used;
  }
  if (input >= inputEnd) return ERROR_TRUNCATED;
  const code: u32 = load<u8>(input);
  if (code >= codes) return ERROR_DATA;
  store<u64>(own, load<u64>(facts + (code << 3)));
  tableLog = 0;
  return 1;
}

/** Reads a block's modes and tables; gives how many bytes they took, or an error. */
export function readSequenceTables(input: usize, inputEnd: usize): i32 {
  if (input >= inputEnd) return ERROR_TRUNCATED;
  const modes: u32 = load<u8>(input);
  if (modes & 3) return ERROR_DATA;
  let at = input + 1;
  let mode = modes >> 6;
  if (mode == 0) {
    literalTable = fixedLiteralStates;
    literalLog = 6;
  } else if (mode != 3) {
    const used = readTable(mode, at, inputEnd, literalStates, literalFacts, LITERAL_CODES, LITERAL_LOG_MAX);
    if (used < 0) return used;
    at += used;
    literalTable = table;
    literalLog = tableLog;
  }
  mode = (modes >> 4) & 3;
  if (mode == 0) {
    offsetTable = fixedOffsetStates;
    offsetLog = 5;
  } else if (mode != 3) {
    const used = readTable(mode, at, inputEnd, offsetStates, offsetFacts, OFFSET_CODES, OFFSET_LOG_MAX);
    if (used < 0) return used;
    at += used;
    offsetTable = table;
    offsetLog = tableLog;
  }
  mode = (modes >> 2) & 3;
  if (mode == 0) {
    matchTable = fixedMatchStates;
    matchLog = 6;
  } else if (mode != 3) {
    const used = readTable(mode, at, inputEnd, matchStates, matchFacts, MATCH_CODES, MATCH_LOG_MAX);
    if (used < 0) return used;
    at += used;
    matchTable = table;
    matchLog = tableLog;
  }
  // "As before" with nothing before.
  if (literalTable == 0 || offsetTable == 0 || matchTable == 0) return ERROR_DATA;
  return <i32>(at - input);
}

/** The top `count` bits, at most 63. */
@inline
function top(bits: u64, count: u64): u32 {
  return <u32>((bits >> 1) >> (63 - count));
}

/**
 * Carries out the sequences and the literals that are left over.
 * @returns How many bytes were written, or an error.
 */
export function decodeSequences(
  input: usize, inputEnd: usize, count: u32, firstLiteral: usize, literalBytes: u32, frameStart: usize,
  output: usize, outputEnd: usize,
): i32 {
  if (input >= inputEnd) return ERROR_TRUNCATED;
  const last: u32 = load<u8>(inputEnd - 1);
  if (last == 0) return ERROR_DATA;
  const literalEnd = firstLiteral + literalBytes;
  let literal = firstLiteral;
  let to = output;
  // As in the literals' streams: the next bit on top, a one below those taken.
  let at = inputEnd - 8;
  let bits = (load<u64>(at) | 1) << <u64>(clz(last << 24) + 1);
  let literalState = literalTable + (top(bits, literalLog) << 3);
  bits <<= <u64>literalLog;
  let offsetState = offsetTable + (top(bits, offsetLog) << 3);
  bits <<= <u64>offsetLog;
  let matchState = matchTable + (top(bits, matchLog) << 3);
  bits <<= <u64>matchLog;
  for (let left = count; left > 0; left--) {
    const literalEntry = load<u64>(literalState);
    const offsetEntry = load<u64>(offsetState);
    const matchEntry = load<u64>(matchState);
    let taken = ctz(bits);
    at -= <usize>(taken >> 3);
    if (at + 8 < input) return ERROR_TRUNCATED;
    bits = (load<u64>(at) | 1) << (taken & 7);
    const offsetBits = (offsetEntry >> 8) & 0xff;
    let offset = <u32>(offsetEntry >> 32) + top(bits, offsetBits);
    bits <<= offsetBits;
    const extraBits = ((literalEntry >> 8) & 0xff) + ((matchEntry >> 8) & 0xff);
    if (offsetBits + extraBits > 29) {
      taken = ctz(bits);
      at -= <usize>(taken >> 3);
      if (at + 8 < input) return ERROR_TRUNCATED;
      bits = (load<u64>(at) | 1) << (taken & 7);
    }
    const matchBits = (matchEntry >> 8) & 0xff;
    const matchLength = <u32>(matchEntry >> 32) + top(bits, matchBits);
    bits <<= matchBits;
    const literalBits = (literalEntry >> 8) & 0xff;
    const literalLength = <u32>(literalEntry >> 32) + top(bits, literalBits);
    bits <<= literalBits;
    if (offset > 3) {
      offset -= 3;
      repeat3 = repeat2;
      repeat2 = repeat1;
      repeat1 = offset;
    } else {
      const which = offset + (literalLength == 0 ? 1 : 0);
      if (which == 1) offset = repeat1;
      else {
        offset = which == 2 ? repeat2 : which == 3 ? repeat3 : repeat1 - 1;
        if (which > 2) repeat3 = repeat2;
        repeat2 = repeat1;
        repeat1 = offset;
      }
    }
    if (left > 1) {
      if (extraBits > 29) {
        taken = ctz(bits);
        at -= <usize>(taken >> 3);
        if (at + 8 < input) return ERROR_TRUNCATED;
        bits = (load<u64>(at) | 1) << (taken & 7);
      }
      const literalStep = literalEntry & 0xff;
      literalState = literalTable + (((<u32>(literalEntry >> 16) & 0xffff) + top(bits, literalStep)) << 3);
      bits <<= literalStep;
      const matchStep = matchEntry & 0xff;
      matchState = matchTable + (((<u32>(matchEntry >> 16) & 0xffff) + top(bits, matchStep)) << 3);
      bits <<= matchStep;
      const offsetStep = offsetEntry & 0xff;
      offsetState = offsetTable + (((<u32>(offsetEntry >> 16) & 0xffff) + top(bits, offsetStep)) << 3);
      bits <<= offsetStep;
    }
    const matchAt = to + literalLength;
    if (literalLength > <u32>(literalEnd - literal)) return ERROR_DATA;
    if (literalLength + matchLength > <u32>(outputEnd - to)) return ERROR_OVERLONG;
    if (offset == 0 || offset > <u32>(matchAt - frameStart)) return ERROR_DATA;
    let copied: usize = 0;
    do {
      v128.store(to + copied, v128.load(literal + copied));
      copied += 16;
    } while (copied < literalLength);
    literal += literalLength;
    copyMatch(matchAt, offset, matchLength);
    to = matchAt + matchLength;
  }
  if ((<i64>(at + 8 - input) << 3) != <i64>ctz(bits)) return ERROR_DATA;
  const rest = <u32>(literalEnd - literal);
  if (rest > <u32>(outputEnd - to)) return ERROR_OVERLONG;
  memory.copy(to, literal, rest);
  return <i32>(to + rest - output);
}
