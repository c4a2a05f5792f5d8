import { le16, u8 } from "../bytes.ts";

const MATCH_BYTES_MIN = 4;

/**
 * Unpacks one bare LZ4 block.
 * @returns At most `bytesMax` bytes; null where the block is damaged or holds more.
 */
export function unpackLz4Block(block: Uint8Array, bytesMax: number): Uint8Array | null {
  const out = new Uint8Array(bytesMax);
  let from = 0;
  let to = 0;
  const readLength = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (let byte = 255; byte === 255 && from < block.length; length += byte) byte = u8(block, from++);
    return length;
  };
  while (from < block.length && to < bytesMax) {
    const token = u8(block, from++);
    const literals = readLength(token >> 4);
    if (from + literals > block.length || to + literals > bytesMax) return null;
    out.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence has no match; what comes behind it is padding.
    if (from >= block.length || to === bytesMax) break;
    const distance = le16(block, from);
    from += 2;
    const length = readLength(token & 15) + MATCH_BYTES_MIN;
    if (distance === 0 || distance > to || to + length > bytesMax) return null;
    for (const end = to + length; to < end; to += 1) out[to] = u8(out, to - distance);
  }
  return out.subarray(0, to);
}
