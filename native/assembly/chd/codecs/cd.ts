// The codecs of CD hunks: frames of 2352 sector bytes and 96 subcode bytes, the two packed apart from each other.

import { ERROR_HUNK_BYTES, ERROR_TRUNCATED, OK } from "../../errors.ts";
import { restoreSector } from "../parity.ts";
import { inflate } from "./deflate.ts";
import { flacEnd, unflac } from "./flac.ts";
import { CODEC_CD_FLAC, CODEC_CD_LZMA, CODEC_CD_ZSTD } from "./ids.ts";
import { unlzma } from "./lzma.ts";
import { unzstd } from "./zstd.ts";

const SECTOR_BYTES: u32 = 2352;
const SUBCODE_BYTES: u32 = 96;
const FRAME_BYTES: u32 = SECTOR_BYTES + SUBCODE_BYTES;
/** Hunks from this size on store the length of the sector stream in three bytes. */
const WIDE_LENGTH_FROM: u32 = 65536;
/** What the general codecs may write behind their output. */
const OVERSHOOT: u32 = 512;

/** Puts sectors and subcode together. */
function interleave(sectors: usize, subcode: usize, output: usize, frames: u32): void {
  let to = output;
  let sector = sectors;
  let code = subcode;
  for (let frame: u32 = 0; frame < frames; frame++) {
    memory.copy(to, sector, SECTOR_BYTES);
    to += SECTOR_BYTES;
    sector += SECTOR_BYTES;
    memory.copy(to, code, SUBCODE_BYTES);
    to += SUBCODE_BYTES;
    code += SUBCODE_BYTES;
  }
}

/** Decodes a hunk of audio: FLAC for the sectors, deflate for the subcode right behind it. */
function decodeAudio(input: usize, inputEnd: usize, sectors: usize, subcode: usize, frames: u32): i32 {
  const error = unflac(input, inputEnd, sectors, sectors + frames * SECTOR_BYTES, true);
  if (error != OK) return error;
  return inflate(flacEnd(), inputEnd, subcode, subcode + frames * SUBCODE_BYTES);
}

/** Decodes a hunk of data; what was left out of right sectors is made again by `decodeCd`. */
function decodeData(codec: i32, input: usize, inputEnd: usize, sectors: usize, subcode: usize, frames: u32): i32 {
  const isWide = frames * FRAME_BYTES >= WIDE_LENGTH_FROM;
  const lengthAt = input + ((frames + 7) >> 3);
  const start = lengthAt + (isWide ? 3 : 2);
  if (start > inputEnd) return ERROR_TRUNCATED;
  let length: u32 = (<u32>load<u8>(lengthAt) << 8) | load<u8>(lengthAt, 1);
  if (isWide) length = (length << 8) | load<u8>(lengthAt, 2);
  if (length > <u32>(inputEnd - start)) return ERROR_TRUNCATED;
  const end = start + length;
  const sectorsEnd = sectors + frames * SECTOR_BYTES;
  let error: i32 = OK;
  if (codec == CODEC_CD_LZMA) error = unlzma(start, end, sectors, sectorsEnd);
  else if (codec == CODEC_CD_ZSTD) error = unzstd(start, end, sectors, sectorsEnd);
  else error = inflate(start, end, sectors, sectorsEnd);
  if (error != OK) return error;
  const subcodeEnd = subcode + frames * SUBCODE_BYTES;
  if (codec == CODEC_CD_ZSTD) return unzstd(end, inputEnd, subcode, subcodeEnd);
  return inflate(end, inputEnd, subcode, subcodeEnd);
}

/** Decodes a hunk of CD frames by way of a scratch area of the hunk's size and twice OVERSHOOT. */
export function decodeCd(codec: i32, input: usize, inputEnd: usize, output: usize, hunkBytes: u32, scratch: usize): i32 {
  const frames = hunkBytes / FRAME_BYTES;
  if (frames == 0 || frames * FRAME_BYTES != hunkBytes) return ERROR_HUNK_BYTES;
  const subcode = scratch + frames * SECTOR_BYTES + OVERSHOOT;
  if (codec == CODEC_CD_FLAC) {
    const error = decodeAudio(input, inputEnd, scratch, subcode, frames);
    if (error == OK) interleave(scratch, subcode, output, frames);
    return error;
  }
  const error = decodeData(codec, input, inputEnd, scratch, subcode, frames);
  if (error != OK) return error;
  interleave(scratch, subcode, output, frames);
  for (let frame: u32 = 0; frame < frames; frame++) {
    if ((load<u8>(input + (frame >> 3)) >> (frame & 7)) & 1) restoreSector(output + frame * FRAME_BYTES);
  }
  return OK;
}
