// The disc chunk: CHD maps, hunks and their checksums. The host lays out the memory behind `heapStart` itself.

import { decode } from "./chd/codecs/index.ts";
import {
  mapChecksum, mapPieceAt, mapPieceEntries, readMapPiece, setMapWidths, skipMapTypes, startMap, startMapEntries,
} from "./chd/map.ts";
import { ERROR_MEMORY, OK } from "./errors.ts";
import { STATE_BYTES } from "./hash/block-state.ts";
import { updateCrc16 } from "./hash/crc16.ts";
import { updateCrc32 } from "./hash/crc32.ts";
import { finishMd5, startMd5, updateMd5 } from "./hash/md5.ts";
import { finishSha1, startSha1, updateSha1 } from "./hash/sha1.ts";

export {
  mapChecksum, mapPieceAt, mapPieceEntries, readMapPiece, setMapWidths, skipMapTypes, startMap, startMapEntries,
};

const PAGE_BYTES: usize = 65536;

const states = memory.data(2 * 96, 16);

/** The first byte that is free for the host. */
export function heapStart(): usize {
  return (__heap_base + 15) & ~15;
}

/** Grows the memory until `end` lies within it. */
export function growTo(end: usize): i32 {
  const pages = <i32>((end + PAGE_BYTES - 1) / PAGE_BYTES);
  const missing = pages - memory.size();
  if (missing <= 0) return OK;
  return memory.grow(missing) < 0 ? ERROR_MEMORY : OK;
}

/**
 * Decodes one hunk. 512 bytes on both sides of input and output, and behind the scratch area, may be touched: those
 * around the input are read, those behind the others written.
 */
export function decodeHunk(codec: i32, input: usize, bytes: u32, output: usize, hunkBytes: u32, scratch: usize): i32 {
  return decode(codec, input, bytes, output, hunkBytes, scratch);
}

export function crc16(input: usize, bytes: u32): u32 {
  return updateCrc16(0xffff, input, bytes);
}

export function crc32(input: usize, bytes: u32): u32 {
  return updateCrc32(0, input, bytes);
}

/** Where MD5's state lies, and behind it SHA-1's; the host swaps states in and out. */
export function statesAt(): usize {
  return states;
}

export function stateBytes(): u32 {
  return <u32>STATE_BYTES;
}

export function md5Start(): void {
  startMd5(states);
}

export function md5Update(input: usize, bytes: u32): void {
  updateMd5(states, input, bytes);
}

export function md5Finish(): void {
  finishMd5(states);
}

export function sha1Start(): void {
  startSha1(states + STATE_BYTES);
}

export function sha1Update(input: usize, bytes: u32): void {
  updateSha1(states + STATE_BYTES, input, bytes);
}

export function sha1Finish(): void {
  finishSha1(states + STATE_BYTES);
}
