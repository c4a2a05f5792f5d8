import { be32, u8 } from "../bytes.ts";

const SEED_WORDS = 17;
const SEED_BYTES = SEED_WORDS * 4;
const STATE_WORDS = 521;
const LAG_WORDS = 32;
/** Padding on these discs starts over with each sector of 32 KiB. */
const SECTOR_BYTES = 0x8000;

/** Advances the lagged Fibonacci generator by one whole state. */
function advance(state: Uint32Array): void {
  const word = (at: number): number => state[at] ?? 0;
  for (let at = 0; at < LAG_WORDS; at += 1) state[at] = word(at) ^ word(at + STATE_WORDS - LAG_WORDS);
  for (let at = LAG_WORDS; at < STATE_WORDS; at += 1) state[at] = word(at) ^ word(at - LAG_WORDS);
}

function createState(seed: Uint8Array): Uint32Array {
  const state = new Uint32Array(STATE_WORDS);
  const word = (at: number): number => state[at] ?? 0;
  for (let at = 0; at < SEED_WORDS; at += 1) state[at] = be32(seed, at * 4);
  for (let at = SEED_WORDS; at < STATE_WORDS; at += 1)
    state[at] = (word(at - 17) << 23) ^ (word(at - 16) >>> 9) ^ word(at - 1);
  for (let at = 0; at < STATE_WORDS; at += 1)
    state[at] = (word(at) & 0xff00_ffff) | ((word(at) >>> 2) & 0x00ff_0000);
  for (let round = 0; round < 4; round += 1) advance(state);
  return state;
}

/** Fills `out` with the padding that a seed stands for, from a place inside a sector on. */
export function fillJunk(out: Uint8Array, seed: Uint8Array, placeInSector: number): void {
  const state = createState(seed);
  let place = placeInSector;
  for (; place >= STATE_WORDS * 4; place -= STATE_WORDS * 4) advance(state);
  for (let at = 0; at < out.length; at += 1, place += 1) {
    if (place === STATE_WORDS * 4) {
      advance(state);
      place = 0;
    }
    out[at] = (state[place >> 2] ?? 0) >>> (24 - (place & 3) * 8);
  }
}

/**
 * Unpacks an RVZ group in which padding was replaced by seeds.
 * @param place Where the group's data starts on the disc or in the partition.
 * @returns null where the group is damaged.
 */
export function unpackJunk(packed: Uint8Array, sizeBytes: number, place: number): Uint8Array | null {
  const out = new Uint8Array(sizeBytes);
  let from = 0;
  let to = 0;
  while (to < sizeBytes) {
    if (from + 4 > packed.length) return null;
    const isJunk = (u8(packed, from) & 0x80) !== 0;
    const length = be32(packed, from) & 0x7fff_ffff;
    from += 4;
    const storedBytes = isJunk ? SEED_BYTES : length;
    if (length === 0 || to + length > sizeBytes || from + storedBytes > packed.length) return null;
    const stored = packed.subarray(from, from + storedBytes);
    if (isJunk) fillJunk(out.subarray(to, to + length), stored, (place + to) % SECTOR_BYTES);
    else out.set(stored, to);
    from += storedBytes;
    to += length;
  }
  return out;
}
