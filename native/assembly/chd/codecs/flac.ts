// FLAC frames (RFC 9639) as CHD stores them: stereo, 16 bits, no stream header. A frame's own header says how many
// samples it holds. The frames' checksums are passed over: the hunk has a checksum over what they decode to.
//
// The caller keeps READ_AHEAD readable bytes behind the input.

import { ERROR_DATA, ERROR_OVERLONG, ERROR_TRUNCATED, ERROR_UNSUPPORTED, OK } from "../../errors.ts";
import { restoreFixed, restoreLinear } from "./flac-predict.ts";

const SYNC: u32 = 0x7ffc; // 14 bits of sync code and a reserved zero
const BLOCK_SAMPLES_MAX: u32 = 65536;
const ORDER_MAX: u32 = 32;
const SAMPLE_BITS: u32 = 16;
const CHANNELS_APART: u32 = 1;
const LEFT_SIDE: u32 = 8;
const SIDE_RIGHT: u32 = 9;
const MID_SIDE: u32 = 10;
const SAMPLES_PER_CHECK: usize = 32;

const first = memory.data(4 * 65536 + 64, 16);
const second = memory.data(4 * 65536 + 64, 16);
const coefficients = memory.data(4 * 32, 16);

let at: usize = 0;
let end: usize = 0;
let bitBuffer: u64 = 0;
let bitCount: u32 = 0;

/** Where the last `unflac` stopped reading. */
export function flacEnd(): usize {
  return at;
}

/** Takes up to 32 bits, at least 1. */
@inline
function take(count: u32): u32 {
  if (bitCount < count) refill();
  const value = <u32>(bitBuffer >> <u64>(64 - count));
  bitBuffer <<= <u64>count;
  bitCount -= count;
  return value;
}

function refill(): void {
  bitBuffer |= bswap(load<u64>(at)) >> <u64>bitCount;
  at += (63 - bitCount) >> 3;
  bitCount |= 56;
}

@inline
function takeSigned(count: u32): i32 {
  return <i32>(take(count) << (32 - count)) >> (32 - count);
}

/** Whether more was read than there is. */
@inline
function isPastEnd(): bool {
  return at - (bitCount >> 3) > end;
}

/** Whether there are that many bits left. */
function hasBits(count: u64): bool {
  return (<u64>(end + 16 - at) << 3) + bitCount >= count + 128 && !isPastEnd();
}

/** Goes back to the first byte of which no bit was taken. */
function align(): void {
  at -= bitCount >> 3;
  bitBuffer = 0;
  bitCount = 0;
}

let blockSamples: u32 = 0;
let channels: u32 = 0;

/** Reads a frame's header into `blockSamples` and `channels`. */
function readFrameHeader(): i32 {
  if (take(15) != SYNC) return ERROR_DATA;
  take(1);
  const sizeCode = take(4);
  const rateCode = take(4);
  channels = take(4);
  const depthCode = take(3);
  if (take(1) != 0 || sizeCode == 0 || rateCode == 15) return ERROR_DATA;
  if (channels != CHANNELS_APART && (channels < LEFT_SIDE || channels > MID_SIDE)) return ERROR_UNSUPPORTED;
  if (depthCode != 0 && depthCode != 4) return ERROR_UNSUPPORTED;
  // The frame's number: as many further bytes as the first has leading ones beyond the first.
  const lead = take(8);
  if (lead >= 0x80) {
    const more = clz(~(lead << 24)) - 1;
    if (more == 0 || more > 6) return ERROR_DATA;
    for (let n: u32 = 0; n < more; n++) if (take(8) >> 6 != 2) return ERROR_DATA;
  }
  if (sizeCode == 1) blockSamples = 192;
  else if (sizeCode < 6) blockSamples = 576 << (sizeCode - 2);
  else if (sizeCode == 6) blockSamples = take(8) + 1;
  else if (sizeCode == 7) blockSamples = take(16) + 1;
  else blockSamples = 256 << (sizeCode - 8);
  if (rateCode == 12) take(8);
  else if (rateCode > 12) take(16);
  take(8);
  return OK;
}

/** Reads the Rice-coded rest of one partition. */
function readPartition(to: usize, toEnd: usize, parameter: u32): i32 {
  let from = at;
  let bits = bitBuffer;
  let count = bitCount;
  let result: i32 = OK;
  const inputEnd = end;
  let out = to;
  while (out < toEnd && result == OK) {
    // A sample takes less than 8 bytes, so the input is checked once for many of them.
    if (from > inputEnd + 8) break;
    const chunkEnd = min(out + 4 * SAMPLES_PER_CHECK, toEnd);
    for (; out < chunkEnd; out += 4) {
      bits |= bswap(load<u64>(from)) >> <u64>count;
      from += (~count >> 3) & 7;
      count |= 56;
      let quotient = <u32>clz(bits);
      if (quotient + parameter >= 56) {
        // A long run of zeros: take it in pieces.
        quotient = 0;
        while (<u32>clz(bits) >= 48) {
          bits <<= 48;
          count -= 48;
          quotient += 48;
          if (from > inputEnd + 8) break;
          bits |= bswap(load<u64>(from)) >> <u64>count;
          from += (~count >> 3) & 7;
          count |= 56;
        }
        if (from > inputEnd + 8) {
          result = ERROR_TRUNCATED;
          break;
        }
        const more = <u32>clz(bits);
        quotient += more;
        bits <<= <u64>more + 1;
        count -= more + 1;
        bits |= bswap(load<u64>(from)) >> <u64>count;
        from += (~count >> 3) & 7;
        count |= 56;
      } else {
        bits <<= <u64>quotient + 1;
        count -= quotient + 1;
      }
      const low = <u32>((bits >> 1) >> <u64>(63 - parameter));
      bits <<= <u64>parameter;
      count -= parameter;
      const folded = (quotient << parameter) | low;
      store<u32>(out, (folded >> 1) ^ (0 - (folded & 1)));
    }
  }
  at = from;
  bitBuffer = bits;
  bitCount = count;
  return result != OK || out < toEnd || isPastEnd() ? ERROR_TRUNCATED : OK;
}

/** Reads what the predictor left over, behind the `order` samples it starts from. */
function readResidual(samples: usize, order: u32): i32 {
  const method = take(2);
  if (method > 1) return ERROR_DATA;
  const parameterBits: u32 = 4 + method;
  const partitionOrder = take(4);
  const partitionSamples = blockSamples >> partitionOrder;
  if (partitionSamples << partitionOrder != blockSamples || partitionSamples < order) return ERROR_DATA;
  let to = samples + (order << 2);
  let toEnd = samples + (partitionSamples << 2);
  for (let partition: u32 = 0; partition < <u32>(1 << partitionOrder); partition++) {
    const parameter = take(parameterBits);
    if (parameter == <u32>((1 << parameterBits) - 1)) {
      const rawBits = take(5);
      if (rawBits == 0) memory.fill(to, 0, toEnd - to);
      else {
        if (!hasBits(<u64>((toEnd - to) >> 2) * rawBits)) return ERROR_TRUNCATED;
        for (let out = to; out < toEnd; out += 4) store<i32>(out, takeSigned(rawBits));
      }
    } else {
      const error = readPartition(to, toEnd, parameter);
      if (error != OK) return error;
    }
    to = toEnd;
    toEnd += partitionSamples << 2;
  }
  return OK;
}

function readFixed(samples: usize, order: u32, bits: u32): i32 {
  if (order > blockSamples) return ERROR_DATA;
  for (let n: u32 = 0; n < order; n++) store<i32>(samples + (n << 2), takeSigned(bits));
  const error = readResidual(samples, order);
  if (error == OK) restoreFixed(samples, blockSamples, order);
  return error;
}

function readLinear(samples: usize, order: u32, bits: u32): i32 {
  if (order > blockSamples || order > ORDER_MAX) return ERROR_DATA;
  for (let n: u32 = 0; n < order; n++) store<i32>(samples + (n << 2), takeSigned(bits));
  const precision = take(4) + 1;
  if (precision == 16) return ERROR_DATA;
  const shift = takeSigned(5);
  if (shift < 0) return ERROR_DATA;
  memory.fill(coefficients, 0, 4 * ORDER_MAX);
  for (let n: u32 = 0; n < order; n++) store<i32>(coefficients + (n << 2), takeSigned(precision));
  const error = readResidual(samples, order);
  if (error != OK) return error;
  // What the sum of products needs at most; 32 bits nearly always do.
  const sumBits = bits + precision - 1 + (32 - clz(order - 1));
  restoreLinear(samples, blockSamples, coefficients, order, shift, sumBits <= 32);
  return OK;
}

/** Reads one channel's part of a frame. */
function readSubframe(samples: usize, depth: u32): i32 {
  if (take(1) != 0) return ERROR_DATA;
  const kind = take(6);
  let wasted: u32 = 0;
  if (take(1) != 0) {
    wasted = 1;
    while (take(1) == 0) if (++wasted >= depth) return ERROR_DATA;
  }
  if (wasted >= depth) return ERROR_DATA;
  const bits = depth - wasted;
  let error: i32 = OK;
  if (kind == 0) {
    const value = takeSigned(bits);
    for (let n: u32 = 0; n < blockSamples; n++) store<i32>(samples + (n << 2), value);
  } else if (kind == 1) {
    if (!hasBits(<u64>blockSamples * bits)) return ERROR_TRUNCATED;
    for (let n: u32 = 0; n < blockSamples; n++) store<i32>(samples + (n << 2), takeSigned(bits));
  } else if (kind >= 8 && kind <= 12) error = readFixed(samples, kind - 8, bits);
  else if (kind >= 32) error = readLinear(samples, kind - 31, bits);
  else error = ERROR_DATA;
  if (isPastEnd()) return ERROR_TRUNCATED;
  if (error == OK && wasted > 0) {
    for (let n: u32 = 0; n < blockSamples; n++) {
      const place = samples + (n << 2);
      store<i32>(place, load<i32>(place) << wasted);
    }
  }
  return error;
}

/** Writes the samples interleaved, four at a time; what is written past the end is written over later. */
function writeSamples(output: usize, isBigEndian: bool): void {
  const low = i32x4.splat(0xffff);
  const one = i32x4.splat(1);
  for (let n: u32 = 0; n < blockSamples; n += 4) {
    let left = v128.load(first + (n << 2));
    let right = v128.load(second + (n << 2));
    if (channels == LEFT_SIDE) right = i32x4.sub(left, right);
    else if (channels == SIDE_RIGHT) left = i32x4.add(left, right);
    else if (channels == MID_SIDE) {
      const middle = v128.or(i32x4.shl(left, 1), v128.and(right, one));
      left = i32x4.shr_s(i32x4.add(middle, right), 1);
      right = i32x4.shr_s(i32x4.sub(middle, right), 1);
    }
    let pairs = v128.or(v128.and(left, low), i32x4.shl(right, 16));
    if (isBigEndian) pairs = v128.shuffle<u8>(pairs, pairs, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    v128.store(output + (n << 2), pairs);
  }
}

/** Decompresses frames until the output, a multiple of 4 bytes, is full; writes up to 12 bytes more. */
export function unflac(input: usize, inputEnd: usize, output: usize, outputEnd: usize, isBigEndian: bool): i32 {
  at = input;
  end = inputEnd;
  bitBuffer = 0;
  bitCount = 0;
  for (let to = output; to < outputEnd; ) {
    let error = readFrameHeader();
    if (isPastEnd()) return ERROR_TRUNCATED;
    if (error != OK) return error;
    if (blockSamples > BLOCK_SAMPLES_MAX || blockSamples > <u32>((outputEnd - to) >> 2)) return ERROR_OVERLONG;
    error = readSubframe(first, channels == SIDE_RIGHT ? SAMPLE_BITS + 1 : SAMPLE_BITS);
    if (error != OK) return error;
    error = readSubframe(second, channels == LEFT_SIDE || channels == MID_SIDE ? SAMPLE_BITS + 1 : SAMPLE_BITS);
    if (error != OK) return error;
    align();
    at += 2;
    if (at > end) return ERROR_TRUNCATED;
    writeSamples(to, isBigEndian);
    to += blockSamples << 2;
  }
  return OK;
}
