/** A generator of the same bytes for the same seed, everywhere and for ever: the vectors rest on it. */
export interface Random {
  u32(): number;
  int(below: number): number;
  bytes(length: number): Uint8Array;
  /** Compressible filler: a phrase of 61 bytes repeated, with a random byte every hundred or so. */
  soft(length: number): Uint8Array;
  /** 16-bit stereo sound for so many sectors, little endian: two slow triangles with a little noise. */
  audio(sectors: number): Uint8Array;
}

const PHRASE_BYTES = 61;
const SECTOR_BYTES = 2352;

function hashSeed(seed: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < seed.length; at += 1) state = Math.imul(state ^ seed.charCodeAt(at), 0x01000193);
  return state >>> 0;
}

/** Gives a generator. */
export function createRandom(seed: string): Random {
  let state = hashSeed(seed);
  const u32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = state;
    value = Math.imul(value ^ (value >>> 15), value | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (value ^ (value >>> 14)) >>> 0;
  };
  const int = (below: number): number => u32() % below;
  const bytes = (length: number): Uint8Array => {
    const out = new Uint8Array(length);
    // Writes past the end are lost, as they should be.
    for (let at = 0; at < length; at += 4) {
      const value = u32();
      for (let index = 0; index < 4; index += 1) out[at + index] = value >>> (8 * index);
    }
    return out;
  };
  const soft = (length: number): Uint8Array => {
    const phrase = bytes(PHRASE_BYTES);
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += PHRASE_BYTES) out.set(phrase.subarray(0, length - at), at);
    for (let at = int(97); at < length; at += 1 + int(193)) out[at] = u32();
    return out;
  };
  const audio = (sectors: number): Uint8Array => {
    const out = new Uint8Array(sectors * SECTOR_BYTES);
    const view = new DataView(out.buffer);
    let [left, leftStep] = [int(4000), 37 + int(40)];
    let [right, rightStep] = [int(4000), 23 + int(40)];
    for (let at = 0; at < out.length; at += 4) {
      left += leftStep;
      if (Math.abs(left) > 9000) leftStep = -leftStep;
      right += rightStep;
      if (Math.abs(right) > 7000) rightStep = -rightStep;
      view.setInt16(at, left + (u32() & 7), true);
      view.setInt16(at + 2, right + (u32() & 3), true);
    }
    return out;
  };
  return { u32, int, bytes, soft, audio };
}
