// The compressed map of a version 5 CHD: a Huffman code, a type for each hunk, then what each type needs.
//
// Two readers walk the same bits: the first has to pass all types before the second finds where the parameters
// start, so the types are read a second time beside them. Entries leave in pieces, which bounds the memory whatever
// number of hunks the header claims.

import { ERROR_MAP_DATA, ERROR_MAP_TREE, ERROR_MAP_TRUNCATED, OK } from "../errors.ts";
import { updateCrc16 } from "../hash/crc16.ts";
import { buildCode, NO_CODE } from "./huffman-code.ts";

const SYMBOLS: u32 = 16;
const CODE_BITS_MAX: u32 = 8;

// Types as stored. The first seven are also those of the finished map.
const PLAIN: u32 = 4;
const SELF: u32 = 5;
const PARENT: u32 = 6;
const REPEAT_SHORT: u32 = 7;
const REPEAT_LONG: u32 = 8;
const SELF_AGAIN: u32 = 9;
const SELF_NEXT: u32 = 10;
const PARENT_SAME: u32 = 11;
const PARENT_AGAIN: u32 = 12;
const PARENT_NEXT: u32 = 13;

const LENGTH_BITS_MAX: u32 = 24;
const REFERENCE_BITS_MAX: u32 = 48;
const ENTRY_BYTES: usize = 12;
const PIECE_ENTRIES: u32 = 4096;

const table = memory.data(2 * 256, 16);
const lengths = memory.data(16, 16);
const piece = memory.data(12 * 4096, 16);

// The map's own numbers.
let bits: usize = 0;
let bitEnd: u64 = 0;
let hunkBytes: u32 = 0;
let unitsPerHunk: u32 = 0;
let lengthBits: u32 = 0;
let selfBits: u32 = 0;
let parentBits: u32 = 0;

// The reader of types.
let typeBit: u64 = 0;
let typesAt: u64 = 0;
let repeated: u32 = 0;
let repeatsLeft: u32 = 0;

// The reader of parameters.
let parameterBit: u64 = 0;
let blobAt: u64 = 0;
let lastSelf: u64 = 0;
let lastParent: u64 = 0;
let hunk: u64 = 0;
let checksum: u32 = 0xffff;

/** The `count` bits, at most 48, from bit `bit` on; 8 readable bytes stand behind the last. */
@inline
function bitsAt(bit: u64, count: u32): u64 {
  if (count == 0) return 0;
  return (bswap(load<u64>(bits + <usize>(bit >> 3))) << (bit & 7)) >> <u64>(64 - count);
}

/** Reads the code of the types. */
function readTree(): i32 {
  let symbol: u32 = 0;
  while (symbol < SYMBOLS) {
    if (typeBit > bitEnd) return ERROR_MAP_TRUNCATED;
    let value = <u32>bitsAt(typeBit, 4);
    typeBit += 4;
    let count: u32 = 1;
    if (value == 1) {
      value = <u32>bitsAt(typeBit, 4);
      typeBit += 4;
      if (value != 1) {
        count = <u32>bitsAt(typeBit, 4) + 3;
        typeBit += 4;
      }
    }
    if (symbol + count > SYMBOLS) return ERROR_MAP_TREE;
    memory.fill(lengths + symbol, <u8>value, count);
    symbol += count;
  }
  if (typeBit > bitEnd) return ERROR_MAP_TRUNCATED;
  return buildCode(table, lengths, SYMBOLS, CODE_BITS_MAX) == OK ? OK : ERROR_MAP_TREE;
}

// What `takeType` gives when the bits mean nothing, and when they ended.
const MEANINGLESS: u32 = 16;
const ENDED: u32 = 17;

/** Takes one symbol, or MEANINGLESS. */
@inline
function takeSymbol(): u32 {
  const entry: u32 = load<u16>(table + (<usize>bitsAt(typeBit, 8) << 1));
  if (entry == NO_CODE) return MEANINGLESS;
  typeBit += entry & 0xff;
  return entry >> 8;
}

/** Gives the next hunk's type, or one of the two above. */
function takeType(): u32 {
  if (repeatsLeft > 0) {
    repeatsLeft--;
    return repeated;
  }
  const symbol = takeSymbol();
  if (symbol == REPEAT_SHORT || symbol == REPEAT_LONG) {
    const first = takeSymbol();
    const second = symbol == REPEAT_LONG ? takeSymbol() : 0;
    if (first == MEANINGLESS || second == MEANINGLESS) return MEANINGLESS;
    repeatsLeft = symbol == REPEAT_LONG ? 18 + (first << 4) + second : 2 + first;
  } else repeated = symbol;
  if (typeBit > bitEnd) return ENDED;
  return repeated > PARENT_NEXT ? MEANINGLESS : repeated;
}

/** Where a piece of finished entries lies. */
export function mapPieceAt(): usize {
  return piece;
}

/** How many entries a piece holds at most. */
export function mapPieceEntries(): u32 {
  return PIECE_ENTRIES;
}

/** Sets the sizes of numbers in the map; gives OK or an error. */
export function setMapWidths(lengthWidth: u32, selfWidth: u32, parentWidth: u32): i32 {
  if (lengthWidth > LENGTH_BITS_MAX) return ERROR_MAP_DATA;
  if (selfWidth > REFERENCE_BITS_MAX || parentWidth > REFERENCE_BITS_MAX) return ERROR_MAP_DATA;
  lengthBits = lengthWidth;
  selfBits = selfWidth;
  parentBits = parentWidth;
  return OK;
}

/** Starts on a map: reads its code; gives OK or an error. */
export function startMap(input: usize, bytes: u32, bytesPerHunk: u32, units: u32): i32 {
  bits = input;
  bitEnd = <u64>bytes << 3;
  hunkBytes = bytesPerHunk;
  unitsPerHunk = units;
  typeBit = 0;
  repeated = 0;
  repeatsLeft = 0;
  const error = readTree();
  if (error != OK) return error;
  typesAt = typeBit;
  return OK;
}

/** Passes over the types of `count` hunks, so that the parameters are found; gives OK or an error. */
export function skipMapTypes(count: u32): i32 {
  for (let left = count; left > 0; left--) {
    const type = takeType();
    if (type > PARENT_NEXT) return type == ENDED ? ERROR_MAP_TRUNCATED : ERROR_MAP_DATA;
  }
  return OK;
}

/** Goes on to the entries, once all types were passed over. */
export function startMapEntries(firstBlob: u64): void {
  parameterBit = typeBit;
  typeBit = typesAt;
  repeated = 0;
  repeatsLeft = 0;
  blobAt = firstBlob;
  lastSelf = 0;
  lastParent = 0;
  hunk = 0;
  checksum = 0xffff;
}

@inline
function takeParameter(count: u32): u64 {
  const value = bitsAt(parameterBit, count);
  parameterBit += count;
  return value;
}

/** Reads a hunk's parameters and writes its entry: type, length 24, offset or reference 48, CRC-16. */
function readEntry(type: u32, to: usize): void {
  let kind = type;
  let length: u32 = 0;
  let offset: u64 = 0;
  let crc: u32 = 0;
  if (type <= PLAIN) {
    length = type == PLAIN ? hunkBytes : <u32>takeParameter(lengthBits);
    crc = <u32>takeParameter(16);
    offset = blobAt;
    blobAt += length;
  } else if (type == SELF) lastSelf = takeParameter(selfBits);
  else if (type == PARENT) lastParent = takeParameter(parentBits);
  else if (type == SELF_NEXT) lastSelf++;
  else if (type == PARENT_SAME) lastParent = hunk * unitsPerHunk;
  else if (type == PARENT_NEXT) lastParent += unitsPerHunk;
  if (type == SELF || type == SELF_AGAIN || type == SELF_NEXT) {
    kind = SELF;
    offset = lastSelf;
  } else if (type > PLAIN) {
    kind = PARENT;
    offset = lastParent;
  }
  // A plain hunk's entry holds the hunk size as its length, in the file's checksum too.
  store<u32>(to, bswap((kind << 24) | (length & 0xff_ffff)));
  store<u64>(to, bswap((offset << 16) | crc), 4);
}

/** Writes up to `count` further entries to the piece; gives OK or an error. */
export function readMapPiece(count: u32): i32 {
  const entries = min(count, PIECE_ENTRIES);
  for (let n: u32 = 0; n < entries; n++) {
    const type = takeType();
    if (type > PARENT_NEXT) return ERROR_MAP_DATA;
    readEntry(type, piece + n * <u32>ENTRY_BYTES);
    if (parameterBit > bitEnd) return ERROR_MAP_TRUNCATED;
    hunk++;
  }
  checksum = updateCrc16(checksum, piece, entries * <u32>ENTRY_BYTES);
  return OK;
}

/** The checksum of all entries so far. */
export function mapChecksum(): u32 {
  return checksum;
}
