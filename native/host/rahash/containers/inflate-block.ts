import { le16, u8 } from "../bytes.ts";

/**
 * Small blocks are unpacked here instead of by the runtime: it takes a stream for each, and refuses the padding
 * that aligned blocks have behind them.
 */

const CODE_BITS_MAX = 15;
const END_OF_BLOCK = 256;
const LENGTH_CODES = 29;
const DISTANCE_CODES = 30;
/** The order in which the lengths of the code for code lengths are stored. */
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many codes there are of each length, and the symbols in their order. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function createCode(lengths: readonly number[]): Code {
  const counts = new Uint16Array(CODE_BITS_MAX + 1);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  counts[0] = 0;
  const symbols = lengths
    .map((length, symbol) => ({ length, symbol }))
    .filter(({ length }) => length > 0)
    .sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  return { counts, symbols: Uint16Array.from(symbols, ({ symbol }) => symbol) };
}

/** Gives base values and extra bits: `flat` codes without extra bits, then `perStep` codes for each number of them. */
function createRanges(
  count: number,
  options: { first: number; flat: number; perStep: number; last?: number | undefined },
) {
  const bases: number[] = [];
  const extras: number[] = [];
  let base = options.first;
  for (let code = 0; code < count; code += 1) {
    const extra = code < options.flat ? 0 : Math.floor((code - options.flat) / options.perStep) + 1;
    bases.push(base);
    extras.push(extra);
    base += 1 << extra;
  }
  if (options.last !== undefined) {
    bases[count - 1] = options.last;
    extras[count - 1] = 0;
  }
  return { bases, extras };
}

// The last code stands for the longest match alone.
const LENGTHS = createRanges(LENGTH_CODES, { first: 3, flat: 8, perStep: 4, last: 258 });
const DISTANCES = createRanges(DISTANCE_CODES, { first: 1, flat: 4, perStep: 2 });

const repeated = (count: number, value: number): number[] => Array.from({ length: count }, () => value);
const FIXED_LITERALS = createCode([
  ...repeated(144, 8),
  ...repeated(112, 9),
  ...repeated(24, 7),
  ...repeated(8, 8),
]);
const FIXED_DISTANCES = createCode(repeated(DISTANCE_CODES, 5));

interface Bits {
  readonly bytes: Uint8Array;
  /** In bits. */
  position: number;
}

/** Reads a number, its low bit first; zeros past the end, which `isPastEnd` tells. */
function readBits(bits: Bits, count: number): number {
  let value = 0;
  for (let index = 0; index < count; index += 1, bits.position += 1)
    value |= ((u8(bits.bytes, bits.position >> 3) >> (bits.position & 7)) & 1) << index;
  return value;
}

const isPastEnd = (bits: Bits): boolean => bits.position > bits.bytes.length * 8;

/** Reads a symbol; -1 for a code that means nothing. */
function readSymbol(bits: Bits, code: Code): number {
  let value = 0;
  let first = 0;
  let index = 0;
  for (let length = 1; length <= CODE_BITS_MAX; length += 1) {
    value |= readBits(bits, 1);
    const count = code.counts[length] ?? 0;
    if (value - first < count) return code.symbols[index + value - first] ?? -1;
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return -1;
}

function readCodes(bits: Bits): readonly [literals: Code, distances: Code] | null {
  const literalCount = readBits(bits, 5) + 257;
  const distanceCount = readBits(bits, 5) + 1;
  const lengthCount = readBits(bits, 4) + 4;
  const lengthLengths = repeated(19, 0);
  for (const symbol of LENGTHS_ORDER.slice(0, lengthCount)) lengthLengths[symbol] = readBits(bits, 3);
  const lengthCode = createCode(lengthLengths);
  const lengths: number[] = [];
  while (lengths.length < literalCount + distanceCount) {
    const symbol = readSymbol(bits, lengthCode);
    if (symbol < 0 || isPastEnd(bits)) return null;
    if (symbol < 16) lengths.push(symbol);
    else if (symbol === 16) lengths.push(...repeated(3 + readBits(bits, 2), lengths.at(-1) ?? 0));
    else lengths.push(...repeated(symbol === 17 ? 3 + readBits(bits, 3) : 11 + readBits(bits, 7), 0));
  }
  const distances = lengths.slice(literalCount, literalCount + distanceCount);
  return [createCode(lengths.slice(0, literalCount)), createCode(distances)];
}

interface Output {
  readonly bytes: Uint8Array;
  length: number;
}

function copyStored(bits: Bits, out: Output): boolean {
  const at = (bits.position + 7) >> 3;
  const length = Math.min(le16(bits.bytes, at), out.bytes.length - out.length);
  const stored = bits.bytes.subarray(at + 4, at + 4 + length);
  out.bytes.set(stored, out.length);
  out.length += stored.length;
  bits.position = (at + 4 + length) * 8;
  return stored.length === length;
}

function unpackCoded(bits: Bits, out: Output, codes: readonly [literals: Code, distances: Code]): boolean {
  const [literals, distances] = codes;
  while (out.length < out.bytes.length) {
    const symbol = readSymbol(bits, literals);
    if (symbol === END_OF_BLOCK) return true;
    if (symbol < 0 || isPastEnd(bits)) return false;
    if (symbol < END_OF_BLOCK) {
      out.bytes[out.length++] = symbol;
      continue;
    }
    const lengthCode = symbol - END_OF_BLOCK - 1;
    const length = (LENGTHS.bases[lengthCode] ?? 0) + readBits(bits, LENGTHS.extras[lengthCode] ?? 0);
    const distanceCode = readSymbol(bits, distances);
    const distance =
      (DISTANCES.bases[distanceCode] ?? 0) + readBits(bits, DISTANCES.extras[distanceCode] ?? 0);
    if (distance === 0 || distance > out.length) return false;
    const end = Math.min(out.length + length, out.bytes.length);
    for (; out.length < end; out.length += 1) out.bytes[out.length] = u8(out.bytes, out.length - distance);
  }
  return true;
}

/**
 * Unpacks a raw deflate stream.
 * @param length Bytes that are wanted; what comes behind them is left.
 * @returns null where the stream is damaged or holds fewer.
 */
export function inflateBlock(bytes: Uint8Array, length: number): Uint8Array | null {
  const bits: Bits = { bytes, position: 0 };
  const out: Output = { bytes: new Uint8Array(length), length: 0 };
  for (let isLast = false; !isLast && out.length < length; ) {
    isLast = readBits(bits, 1) === 1;
    const kind = readBits(bits, 2);
    const dynamic = kind === 2 ? readCodes(bits) : null;
    const codes = kind === 1 ? ([FIXED_LITERALS, FIXED_DISTANCES] as const) : dynamic;
    const isSound = kind === 0 ? copyStored(bits, out) : codes !== null && unpackCoded(bits, out, codes);
    if (!isSound || isPastEnd(bits)) return null;
  }
  return out.length === length ? out.bytes : null;
}
