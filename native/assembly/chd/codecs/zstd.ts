// One zstd frame (RFC 8878) whose content fills a hunk; the hunk itself is the window. Dictionaries are refused, the
// optional checksum is passed over: the hunk has its own.
//
// The caller keeps READ_AHEAD readable bytes on both sides of the input and OVERSHOOT writable ones behind the output.

import { ERROR_DATA, ERROR_OVERLONG, ERROR_TRUNCATED, ERROR_UNSUPPORTED, OK } from "../../errors.ts";
import { hasLiteralTable, readFourStreams, readLiteralTable, readStream, resetLiteralTable } from "./zstd-literals.ts";
import { decodeSequences, readSequenceTables, resetSequences } from "./zstd-sequences.ts";

const MAGIC: u32 = 0xfd2f_b528;
const BLOCK_BYTES_MAX: u32 = 128 * 1024;
const LITERAL_BYTES_MAX: u32 = 128 * 1024;

const literalBuffer = memory.data(128 * 1024 + 64, 16);

/** Where the literals of the block lie: in the buffer, or in the input as they are. */
let literals: usize = 0;
let literalBytes: u32 = 0;
/** Where the block's content stands in the output. */
let outputAt: usize = 0;

/** Reads a frame's header; gives its size, or an error. */
function readFrameHeader(input: usize, inputEnd: usize, contentBytes: u32): i32 {
  if (input + 6 > inputEnd) return ERROR_TRUNCATED;
  if (load<u32>(input) != MAGIC) return ERROR_DATA;
  const descriptor: u32 = load<u8>(input, 4);
  if (descriptor & 8) return ERROR_DATA;
  const isSingle = (descriptor & 0x20) != 0;
  const sizeCode = descriptor >> 6;
  const dictionaryCode = descriptor & 3;
  const dictionaryBytes: u32 = dictionaryCode == 3 ? 4 : dictionaryCode;
  const sizeBytes: u32 = sizeCode == 0 ? (isSingle ? 1 : 0) : 1 << sizeCode;
  let at = input + 5 + (isSingle ? 0 : 1);
  if (at + dictionaryBytes + sizeBytes > inputEnd) return ERROR_TRUNCATED;
  for (let n: u32 = 0; n < dictionaryBytes; n++) if (load<u8>(at + n) != 0) return ERROR_UNSUPPORTED;
  at += dictionaryBytes;
  if (sizeBytes > 0) {
    let size: u64 = load<u64>(at) & (0xffff_ffff_ffff_ffff >> <u64>(64 - sizeBytes * 8));
    if (sizeBytes == 2) size += 256;
    if (size < contentBytes) return ERROR_TRUNCATED;
    if (size > contentBytes) return ERROR_OVERLONG;
  }
  return <i32>(at + sizeBytes - input);
}

/** Reads a block's literals; gives how many bytes they took, or an error. */
function readLiterals(input: usize, inputEnd: usize): i32 {
  if (input >= inputEnd) return ERROR_TRUNCATED;
  const head = load<u32>(input);
  const kind = head & 3;
  const format = (head >> 2) & 3;
  if (kind >= 2) return readCodedLiterals(input, inputEnd);
  let headBytes: u32 = 1;
  if (format == 1) {
    headBytes = 2;
    literalBytes = (head >> 4) & 0xfff;
  } else if (format == 3) {
    headBytes = 3;
    literalBytes = (head >> 4) & 0xf_ffff;
  } else literalBytes = (head >> 3) & 0x1f;
  if (literalBytes > LITERAL_BYTES_MAX) return ERROR_DATA;
  const at = input + headBytes;
  const used: u32 = kind == 0 ? literalBytes : 1;
  if (at + used > inputEnd) return ERROR_TRUNCATED;
  literals = at;
  if (kind == 1) {
    memory.fill(literalBuffer, load<u8>(at), literalBytes);
    literals = literalBuffer;
  }
  return <i32>(headBytes + used);
}

function readCodedLiterals(input: usize, inputEnd: usize): i32 {
  const head = load<u64>(input);
  const format = <u32>(head >> 2) & 3;
  const width: u32 = format < 2 ? 10 : format == 2 ? 14 : 18;
  const headBytes: u32 = format < 2 ? 3 : format == 2 ? 4 : 5;
  const mask: u32 = (1 << width) - 1;
  literalBytes = <u32>(head >> 4) & mask;
  const packedBytes = <u32>(head >> <u64>(4 + width)) & mask;
  if (literalBytes > LITERAL_BYTES_MAX) return ERROR_DATA;
  let at = input + headBytes;
  const end = at + packedBytes;
  if (end > inputEnd) return ERROR_TRUNCATED;
  if ((head & 3) == 2) {
    const used = readLiteralTable(at, end);
    if (used < 0) return used;
    at += used;
  } else if (!hasLiteralTable()) return ERROR_DATA;
  literals = literalBuffer;
  const literalEnd = literalBuffer + literalBytes;
  const error =
    format == 0 ? readStream(at, end, literalBuffer, literalEnd) : readFourStreams(at, end, literalBuffer, literalEnd);
  return error == OK ? <i32>(headBytes + packedBytes) : error;
}

function readCompressedBlock(input: usize, inputEnd: usize, frameStart: usize, outputEnd: usize): i32 {
  const used = readLiterals(input, inputEnd);
  if (used < 0) return used;
  let at = input + used;
  if (at >= inputEnd) return ERROR_TRUNCATED;
  let count: u32 = load<u8>(at);
  if (count < 128) at += 1;
  else if (count < 255) {
    count = ((count - 128) << 8) + load<u8>(at, 1);
    at += 2;
  } else {
    count = <u32>load<u16>(at, 1) + 0x7f00;
    at += 3;
  }
  if (at > inputEnd) return ERROR_TRUNCATED;
  if (count == 0) {
    if (at != inputEnd) return ERROR_DATA;
    if (outputAt + literalBytes > outputEnd) return ERROR_OVERLONG;
    memory.copy(outputAt, literals, literalBytes);
    outputAt += literalBytes;
    return OK;
  }
  const tables = readSequenceTables(at, inputEnd);
  if (tables < 0) return tables;
  const end = decodeSequences(at + tables, inputEnd, count, literals, literalBytes, frameStart, outputAt, outputEnd);
  if (end < 0) return end;
  outputAt += end;
  return OK;
}

/** Decompresses a frame until the output is full. */
export function unzstd(input: usize, inputEnd: usize, output: usize, outputEnd: usize): i32 {
  const head = readFrameHeader(input, inputEnd, <u32>(outputEnd - output));
  if (head < 0) return head;
  let at = input + head;
  outputAt = output;
  resetLiteralTable();
  resetSequences();
  let isLast = false;
  while (!isLast) {
    if (at + 3 > inputEnd) return ERROR_TRUNCATED;
    const blockHead = load<u32>(at) & 0xff_ffff;
    at += 3;
    isLast = (blockHead & 1) != 0;
    const kind = (blockHead >> 1) & 3;
    const size = blockHead >> 3;
    const stored: u32 = kind == 1 ? 1 : size;
    if (kind == 3 || size > BLOCK_BYTES_MAX) return ERROR_DATA;
    if (at + stored > inputEnd) return ERROR_TRUNCATED;
    if (kind == 2) {
      const error = readCompressedBlock(at, at + size, output, outputEnd);
      if (error != OK) return error;
    } else {
      if (outputAt + size > outputEnd) return ERROR_OVERLONG;
      if (kind == 0) memory.copy(outputAt, at, size);
      else memory.fill(outputAt, load<u8>(at), size);
      outputAt += size;
    }
    at += stored;
  }
  return outputAt == outputEnd ? OK : ERROR_TRUNCATED;
}
