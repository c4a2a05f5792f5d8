// The checksum chunk: CRC-32, MD5 and SHA-1 over a buffer that the host fills.

import { STATE_BYTES } from "./hash/block-state.ts";
import { updateCrc32 } from "./hash/crc32.ts";
import { finishMd5, startMd5, updateMd5 } from "./hash/md5.ts";
import { finishSha1, startSha1, updateSha1 } from "./hash/sha1.ts";

const BUFFER_BYTES: u32 = 64 * 1024;
const buffer = memory.data(64 * 1024, 16);
const states = memory.data(2 * 96, 16);

/** Where the host puts the bytes. */
export function bufferAt(): usize {
  return buffer;
}

/** How many bytes fit there. */
export function bufferBytes(): u32 {
  return BUFFER_BYTES;
}

/** Where MD5's state lies, and behind it SHA-1's; the host swaps states in and out. */
export function statesAt(): usize {
  return states;
}

export function stateBytes(): u32 {
  return <u32>STATE_BYTES;
}

export function crc32(start: u32, bytes: u32): u32 {
  return updateCrc32(start, buffer, min(bytes, BUFFER_BYTES));
}

export function md5Start(): void {
  startMd5(states);
}

export function md5Update(bytes: u32): void {
  updateMd5(states, buffer, min(bytes, BUFFER_BYTES));
}

export function md5Finish(): void {
  finishMd5(states);
}

export function sha1Start(): void {
  startSha1(states + STATE_BYTES);
}

export function sha1Update(bytes: u32): void {
  updateSha1(states + STATE_BYTES, buffer, min(bytes, BUFFER_BYTES));
}

export function sha1Finish(): void {
  finishSha1(states + STATE_BYTES);
}
