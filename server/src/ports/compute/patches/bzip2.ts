import type { Cursor } from "./cursor.ts";
import { PIECE_BYTES } from "./limits.ts";
import { refuse } from "./patch.ts";

const BLOCK_MARK = 0x314159265359;
const END_MARK = 0x177245385090;
/** A level of 1 to 9 stands for so many bytes of a block each. */
const LEVEL_BYTES = 100_000;
const TABLES_MIN = 2;
const TABLES_MAX = 6;
const CODE_BITS_MAX = 20;
/** One selector chooses the table of so many symbols. */
const GROUP_SYMBOLS = 50;
/** Selectors of a full block; some programs write a few more, which are never used. */
const SELECTORS_MAX = 18_002;
/** The two symbols that count a run of the first byte of the list, in digits of base two that start at one. */
const RUN_B = 1;
/** Behind as many equal bytes stands how many more there are. */
const RUN_BYTES = 4;

/**
 * Unpacks a bzip2 stream piece by piece; a piece is reused for the next one.
 * @throws PatchRefusal `damaged`, also when a checksum differs.
 * @source https://en.wikipedia.org/wiki/Bzip2#File_format, https://github.com/dsnet/compress (doc/bzip2-format.pdf)
 */
export function* unpackBzip2(cursor: Cursor): Generator<Uint8Array> {
  const bits = createBits(cursor);
  if (bits.read(24) !== 0x425a68) refuse("damaged", "holds a part that is not packed by bzip2");
  const level = bits.read(8) - 0x30;
  if (level < 1 || level > 9) refuse("damaged", "holds a part that is not packed by bzip2");
  const block = new Uint32Array(level * LEVEL_BYTES);
  const piece = new Uint8Array(PIECE_BYTES);
  let combined = 0;
  for (;;) {
    const mark = bits.read(24) * 0x100_0000 + bits.read(24);
    const checksum = readChecksum(bits);
    if (mark === END_MARK) {
      if (checksum !== combined) refuse("damaged", "holds a packed part that does not match its checksum");
      return;
    }
    if (mark !== BLOCK_MARK) refuse("damaged", "holds a damaged part that was packed by bzip2");
    const { start, count } = readBlock(bits, block);
    const crc = yield* expand(block, { start, count, piece });
    if (crc !== checksum) refuse("damaged", "holds a packed part that does not match its checksum");
    combined = ((combined << 1) | (combined >>> 31)) ^ checksum;
    combined >>>= 0;
  }
}

interface Bits {
  /** At most 24 bits, highest first. */
  read(count: number): number;
}

function createBits(cursor: Cursor): Bits {
  let held = 0;
  let heldBits = 0;
  return {
    read(count) {
      while (heldBits < count) {
        held = ((held << 8) | cursor.u8()) >>> 0;
        heldBits += 8;
      }
      heldBits -= count;
      const value = held >>> heldBits;
      held &= (1 << heldBits) - 1;
      return value;
    },
  };
}

function readChecksum(bits: Bits): number {
  return bits.read(16) * 0x1_0000 + bits.read(16);
}

/** Where the text of a block begins, and how many bytes it has. */
interface Block {
  readonly start: number;
  readonly count: number;
}

/** Reads a block: the last column of the sorted text in the low bytes, and then the way back through it above. */
function readBlock(bits: Bits, block: Uint32Array): Block {
  if (bits.read(1) !== 0) refuse("unsupported", "is packed by a version of bzip2 that is older than 1.0");
  const origin = bits.read(24);
  const alphabet = readAlphabet(bits);
  const { selectors, tables } = readTables(bits, alphabet.length + 2);
  const counts = new Uint32Array(256);
  const count = readColumn(bits, { block, alphabet, selectors, tables, counts });
  if (origin >= count) refuse("damaged", "holds a damaged part that was packed by bzip2");
  let sum = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    const next = sum + (counts[byte] ?? 0);
    counts[byte] = sum;
    sum = next;
  }
  for (let index = 0; index < count; index += 1) {
    const byte = (block[index] ?? 0) & 0xff;
    const place = counts[byte] ?? 0;
    counts[byte] = place + 1;
    block[place] = ((block[place] ?? 0) & 0xff) | (index << 8);
  }
  return { start: (block[origin] ?? 0) >>> 8, count };
}

function readAlphabet(bits: Bits): Uint8Array {
  const rows = bits.read(16);
  const bytes: number[] = [];
  for (let row = 0; row < 16; row += 1) {
    if ((rows & (0x8000 >> row)) === 0) continue;
    const columns = bits.read(16);
    for (let column = 0; column < 16; column += 1)
      if ((columns & (0x8000 >> column)) !== 0) bytes.push(row * 16 + column);
  }
  if (bytes.length === 0) refuse("damaged", "holds a damaged part that was packed by bzip2");
  return Uint8Array.from(bytes);
}

/** A table of codes: the last code of each length and where its symbols begin. */
interface CodeTable {
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
}

function readTables(bits: Bits, symbolCount: number) {
  const tableCount = bits.read(3);
  const selectorCount = bits.read(15);
  if (tableCount < TABLES_MIN || tableCount > TABLES_MAX || selectorCount === 0)
    refuse("damaged", "holds a damaged part that was packed by bzip2");
  const order = Array.from({ length: tableCount }, (_, index) => index);
  const selectors = new Uint8Array(Math.min(selectorCount, SELECTORS_MAX));
  for (let index = 0; index < selectorCount; index += 1) {
    let place = 0;
    while (bits.read(1) === 1) {
      place += 1;
      if (place >= tableCount) refuse("damaged", "holds a damaged part that was packed by bzip2");
    }
    const [table = 0] = order.splice(place, 1);
    order.unshift(table);
    if (index < selectors.length) selectors[index] = table;
  }
  const tables = Array.from({ length: tableCount }, () => toTable(readLengths(bits, symbolCount)));
  return { selectors, tables };
}

function readLengths(bits: Bits, symbolCount: number): Uint8Array {
  const lengths = new Uint8Array(symbolCount);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol += 1) {
    for (;;) {
      if (length < 1 || length > CODE_BITS_MAX)
        refuse("damaged", "holds a damaged part that was packed by bzip2");
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return lengths;
}

function toTable(lengths: Uint8Array): CodeTable {
  const limits = new Int32Array(CODE_BITS_MAX + 1).fill(-1);
  const bases = new Int32Array(CODE_BITS_MAX + 1);
  const symbols: number[] = [];
  let code = 0;
  for (let length = 1; length <= CODE_BITS_MAX; length += 1) {
    code *= 2;
    bases[length] = symbols.length - code;
    lengths.forEach((each, symbol) => {
      if (each !== length) return;
      symbols.push(symbol);
      code += 1;
    });
    limits[length] = code - 1;
  }
  return { limits, bases, symbols: Uint16Array.from(symbols) };
}

function readSymbol(bits: Bits, { limits, bases, symbols }: CodeTable): number {
  let code = 0;
  for (let length = 1; length <= CODE_BITS_MAX; length += 1) {
    code = code * 2 + bits.read(1);
    if (code <= (limits[length] ?? -1)) {
      const symbol = symbols[code + (bases[length] ?? 0)];
      if (symbol !== undefined) return symbol;
    }
  }
  return refuse("damaged", "holds a damaged part that was packed by bzip2");
}

interface Column {
  readonly block: Uint32Array;
  readonly alphabet: Uint8Array;
  readonly selectors: Uint8Array;
  readonly tables: readonly CodeTable[];
  /** Filled with how often each byte is there. */
  readonly counts: Uint32Array;
}

/** Reads the symbols of a block into its low bytes; gives how many there are. */
function readColumn(bits: Bits, { block, alphabet, selectors, tables, counts }: Column): number {
  const list = alphabet.slice();
  const endSymbol = alphabet.length + 1;
  let count = 0;
  let runBytes = 0;
  let runScale = 1;
  const flush = (): void => {
    if (count + runBytes > block.length) refuse("damaged", "holds a damaged part that was packed by bzip2");
    const byte = list[0] ?? 0;
    block.fill(byte, count, count + runBytes);
    counts[byte] = (counts[byte] ?? 0) + runBytes;
    count += runBytes;
    [runBytes, runScale] = [0, 1];
  };
  for (let read = 0; ; read += 1) {
    const table = tables[selectors[Math.floor(read / GROUP_SYMBOLS)] ?? -1];
    if (table === undefined) return refuse("damaged", "holds a damaged part that was packed by bzip2");
    const symbol = readSymbol(bits, table);
    if (symbol <= RUN_B) {
      runBytes += runScale << symbol;
      runScale *= 2;
      // Also ends a run of digits that would overflow.
      if (runBytes > block.length) flush();
      continue;
    }
    if (runBytes > 0) flush();
    if (symbol === endSymbol) return count;
    if (count >= block.length) refuse("damaged", "holds a damaged part that was packed by bzip2");
    const place = symbol - 1;
    const byte = list[place] ?? 0;
    list.copyWithin(1, 0, place);
    list[0] = byte;
    counts[byte] = (counts[byte] ?? 0) + 1;
    block[count] = byte;
    count += 1;
  }
}

/** CRC-32 with the polynomial 0x04C11DB7 and the highest bit first, unlike that of zip. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** Walks through a block and writes out its runs; gives the checksum of all bytes. */
function* expand(
  block: Uint32Array,
  { start, count, piece }: Block & { readonly piece: Uint8Array },
): Generator<Uint8Array, number> {
  let crc = -1;
  let used = 0;
  let at = start;
  let last = -1;
  let equal = 0;
  for (let index = 0; index < count; index += 1) {
    const entry = block[at] ?? 0;
    at = entry >>> 8;
    const byte = entry & 0xff;
    const isCount = equal === RUN_BYTES;
    const times = isCount ? byte : 1;
    const value = isCount ? last : byte;
    for (let time = 0; time < times; time += 1) {
      crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ value] ?? 0);
      piece[used] = value;
      used += 1;
      if (used < piece.length) continue;
      yield piece;
      used = 0;
    }
    equal = isCount ? 0 : byte === last ? equal + 1 : 1;
    last = isCount ? -1 : byte;
  }
  if (used > 0) yield piece.subarray(0, used);
  return ~crc >>> 0;
}
