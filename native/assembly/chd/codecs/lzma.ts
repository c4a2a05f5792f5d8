// Bare LZMA1 as CHD stores it: no header, no end mark, lc 3, lp 0, pb 2; the hunk itself is the dictionary.
//
// Range and code live in locals and every bit is decoded in place: a function with its state in globals takes twice
// as long. A symbol takes at most 20 input bytes, so the input is checked once a symbol and the caller keeps
// READ_AHEAD readable bytes behind it. Probabilities are in 1/2048 and move by 1/32 of the way.

import { ERROR_DATA, ERROR_OVERLONG, ERROR_TRUNCATED, OK } from "../../errors.ts";
import { copyMatch } from "./copy.ts";

const LITERAL_CONTEXT_BITS: u32 = 3;
const POSITION_MASK: u32 = 3;
const PROBABILITY_START: u16 = 1024;
const RANGE_MIN: u32 = 1 << 24;
const STATES: usize = 12;

// Within a group for lengths: two choices, four low trees of 8, four middle trees of 8, a high tree of 256.
const LENGTH_LOW: usize = 4;
const LENGTH_MIDDLE: usize = LENGTH_LOW + 4 * 8 * 2;
const LENGTH_HIGH: usize = LENGTH_MIDDLE + 4 * 8 * 2;
const LENGTH_BYTES: usize = LENGTH_HIGH + 256 * 2;

// Byte offsets of the groups of 16-bit probabilities.
const IS_MATCH: usize = 0; // by state and position
const IS_REP: usize = IS_MATCH + STATES * 4 * 2;
const IS_REP0: usize = IS_REP + STATES * 2;
const IS_REP1: usize = IS_REP0 + STATES * 2;
const IS_REP2: usize = IS_REP1 + STATES * 2;
const IS_REP0_LONG: usize = IS_REP2 + STATES * 2; // by state and position
const LENGTH: usize = IS_REP0_LONG + STATES * 4 * 2;
const REP_LENGTH: usize = LENGTH + LENGTH_BYTES;
const SLOT: usize = REP_LENGTH + LENGTH_BYTES; // four trees of 64
const SPECIAL: usize = SLOT + 4 * 64 * 2; // slots 4 to 13
const ALIGN: usize = SPECIAL + 128 * 2;
const LITERAL: usize = ALIGN + 16 * 2; // eight contexts of 0x300
const PROBABILITY_BYTES: usize = LITERAL + 8 * 0x300 * 2;

const probabilities = memory.data(16384, 16);

function resetProbabilities(): void {
  const start = i16x8.splat(PROBABILITY_START);
  for (let at: usize = 0; at < PROBABILITY_BYTES; at += 16) v128.store(probabilities + at, start);
}

/** Decompresses until the output is full. */
export function unlzma(input: usize, inputEnd: usize, output: usize, outputEnd: usize): i32 {
  if (input + 5 > inputEnd) return ERROR_TRUNCATED;
  if (load<u8>(input) != 0) return ERROR_DATA;
  resetProbabilities();
  let range: u32 = 0xffff_ffff;
  let code: u32 = bswap(load<u32>(input + 1));
  let from = input + 5;
  let to = output;
  let state: u32 = 0;
  let rep0: usize = 1;
  let rep1: usize = 1;
  let rep2: usize = 1;
  let rep3: usize = 1;
  let at: usize = 0;
  let chance: u32 = 0;
  let bound: u32 = 0;
  while (to < outputEnd) {
    if (from > inputEnd) return ERROR_TRUNCATED;
    const position = <usize>(to - output) & POSITION_MASK;
    at = probabilities + IS_MATCH + (state << 3) + (position << 1);
    chance = load<u16>(at);
    bound = (range >>> 11) * chance;
    if (code < bound) {
      range = bound;
      store<u16>(at, <u16>(chance + ((2048 - chance) >> 5)));
      if (range < RANGE_MIN) {
        range <<= 8;
        code = (code << 8) | load<u8>(from++);
      }
      const before: usize = to > output ? load<u8>(to - 1) : 0;
      const tree = probabilities + LITERAL + (before >> 5) * 0x600;
      let node: u32 = 1;
      if (state < 7) {
        chance = load<u16>(tree + 2);
        do {
          const children = load<u32>(tree + (node << 2));
          bound = (range >>> 11) * chance;
          const isZero = code < bound;
          store<u16>(tree + (node << 1), <u16>(chance + (<i32>(select<u32>(2048, 31, isZero) - chance) >> 5)));
          code -= select<u32>(0, bound, isZero);
          range = select<u32>(bound, range - bound, isZero);
          chance = select<u32>(children & 0xffff, children >>> 16, isZero);
          node = (node << 1) + (isZero ? 0 : 1);
          if (range < RANGE_MIN) {
            range <<= 8;
            code = (code << 8) | load<u8>(from++);
          }
        } while (node < 256);
        state = state < 4 ? 0 : state - 3;
      } else {
        let matched: u32 = load<u8>(to - rep0);
        let offset: u32 = 256;
        do {
          matched <<= 1;
          const wanted = matched & offset;
          at = tree + ((offset + wanted + node) << 1);
          chance = load<u16>(at);
          bound = (range >>> 11) * chance;
          const isZero = code < bound;
          store<u16>(at, <u16>(chance + (<i32>(select<u32>(2048, 31, isZero) - chance) >> 5)));
          code -= select<u32>(0, bound, isZero);
          range = select<u32>(bound, range - bound, isZero);
          offset = select<u32>(offset ^ wanted, wanted, isZero);
          node = (node << 1) + (isZero ? 0 : 1);
          if (range < RANGE_MIN) {
            range <<= 8;
            code = (code << 8) | load<u8>(from++);
          }
        } while (node < 256);
        state = state < 10 ? state - 3 : state - 6;
      }
      store<u8>(to++, <u8>node);
      continue;
    }
    range -= bound;
    code -= bound;
    store<u16>(at, <u16>(chance - (chance >> 5)));
    if (range < RANGE_MIN) {
      range <<= 8;
      code = (code << 8) | load<u8>(from++);
    }
    at = probabilities + IS_REP + (state << 1);
    chance = load<u16>(at);
    bound = (range >>> 11) * chance;
    let lengths = probabilities + LENGTH;
    const isRepeat = code >= bound;
    if (!isRepeat) {
      range = bound;
      store<u16>(at, <u16>(chance + ((2048 - chance) >> 5)));
      if (range < RANGE_MIN) {
        range <<= 8;
        code = (code << 8) | load<u8>(from++);
      }
      rep3 = rep2;
      rep2 = rep1;
      rep1 = rep0;
      state = state < 7 ? 7 : 10;
    } else {
      range -= bound;
      code -= bound;
      store<u16>(at, <u16>(chance - (chance >> 5)));
      if (range < RANGE_MIN) {
        range <<= 8;
        code = (code << 8) | load<u8>(from++);
      }
      if (rep0 > to - output) return ERROR_DATA;
      at = probabilities + IS_REP0 + (state << 1);
      chance = load<u16>(at);
      bound = (range >>> 11) * chance;
      if (code < bound) {
        range = bound;
        store<u16>(at, <u16>(chance + ((2048 - chance) >> 5)));
        if (range < RANGE_MIN) {
          range <<= 8;
          code = (code << 8) | load<u8>(from++);
        }
        at = probabilities + IS_REP0_LONG + (state << 3) + (position << 1);
        chance = load<u16>(at);
        bound = (range >>> 11) * chance;
        if (code < bound) {
          range = bound;
          store<u16>(at, <u16>(chance + ((2048 - chance) >> 5)));
          if (range < RANGE_MIN) {
            range <<= 8;
            code = (code << 8) | load<u8>(from++);
          }
          state = state < 7 ? 9 : 11;
          store<u8>(to, load<u8>(to - rep0));
          to++;
          continue;
        }
        range -= bound;
        code -= bound;
        store<u16>(at, <u16>(chance - (chance >> 5)));
        if (range < RANGE_MIN) {
          range <<= 8;
          code = (code << 8) | load<u8>(from++);
        }
      } else {
        range -= bound;
        code -= bound;
        store<u16>(at, <u16>(chance - (chance >> 5)));
        if (range < RANGE_MIN) {
          range <<= 8;
          code = (code << 8) | load<u8>(from++);
        }
        at = probabilities + IS_REP1 + (state << 1);
        chance = load<u16>(at);
        bound = (range >>> 11) * chance;
        let distance: usize = rep1;
        if (code < bound) {
          range = bound;
          store<u16>(at, <u16>(chance + ((2048 - chance) >> 5)));
        } else {
          range -= bound;
          code -= bound;
          store<u16>(at, <u16>(chance - (chance >> 5)));
          if (range < RANGE_MIN) {
            range <<= 8;
            code = (code << 8) | load<u8>(from++);
          }
          at = probabilities + IS_REP2 + (state << 1);
          chance = load<u16>(at);
          bound = (range >>> 11) * chance;
          distance = rep2;
          if (code < bound) {
            range = bound;
            store<u16>(at, <u16>(chance + ((2048 - chance) >> 5)));
          } else {
            range -= bound;
            code -= bound;
            store<u16>(at, <u16>(chance - (chance >> 5)));
            distance = rep3;
            rep3 = rep2;
          }
          rep2 = rep1;
        }
        if (range < RANGE_MIN) {
          range <<= 8;
          code = (code << 8) | load<u8>(from++);
        }
        rep1 = rep0;
        rep0 = distance;
      }
      state = state < 7 ? 8 : 11;
      lengths = probabilities + REP_LENGTH;
    }
    // The length: which of three trees, then the tree.
    let tree = lengths + LENGTH_LOW + (position << 4);
    let treeEnd: u32 = 8;
    let length: u32 = 2 - 8;
    chance = load<u16>(lengths);
    bound = (range >>> 11) * chance;
    if (code < bound) {
      range = bound;
      store<u16>(lengths, <u16>(chance + ((2048 - chance) >> 5)));
    } else {
      range -= bound;
      code -= bound;
      store<u16>(lengths, <u16>(chance - (chance >> 5)));
      if (range < RANGE_MIN) {
        range <<= 8;
        code = (code << 8) | load<u8>(from++);
      }
      chance = load<u16>(lengths + 2);
      bound = (range >>> 11) * chance;
      if (code < bound) {
        range = bound;
        store<u16>(lengths + 2, <u16>(chance + ((2048 - chance) >> 5)));
        tree = lengths + LENGTH_MIDDLE + (position << 4);
        length = 10 - 8;
      } else {
        range -= bound;
        code -= bound;
        store<u16>(lengths + 2, <u16>(chance - (chance >> 5)));
        tree = lengths + LENGTH_HIGH;
        treeEnd = 256;
        length = 18 - 256;
      }
    }
    if (range < RANGE_MIN) {
      range <<= 8;
      code = (code << 8) | load<u8>(from++);
    }
    let node: u32 = 1;
    do {
      at = tree + (node << 1);
      chance = load<u16>(at);
      bound = (range >>> 11) * chance;
      const isZero = code < bound;
      store<u16>(at, <u16>(chance + (<i32>(select<u32>(2048, 31, isZero) - chance) >> 5)));
      code -= select<u32>(0, bound, isZero);
      range = select<u32>(bound, range - bound, isZero);
      node = (node << 1) + (isZero ? 0 : 1);
      if (range < RANGE_MIN) {
        range <<= 8;
        code = (code << 8) | load<u8>(from++);
      }
    } while (node < treeEnd);
    length += node;
    if (!isRepeat) {
      tree = probabilities + SLOT + (min<usize>(length - 2, 3) << 7);
      node = 1;
      do {
        at = tree + (node << 1);
        chance = load<u16>(at);
        bound = (range >>> 11) * chance;
        const isZero = code < bound;
        store<u16>(at, <u16>(chance + (<i32>(select<u32>(2048, 31, isZero) - chance) >> 5)));
        code -= select<u32>(0, bound, isZero);
        range = select<u32>(bound, range - bound, isZero);
        node = (node << 1) + (isZero ? 0 : 1);
        if (range < RANGE_MIN) {
          range <<= 8;
          code = (code << 8) | load<u8>(from++);
        }
      } while (node < 64);
      const slot = node - 64;
      let distance: u32 = slot;
      if (slot >= 4) {
        let bits: u32 = (slot >> 1) - 1;
        distance = (2 | (slot & 1)) << bits;
        if (slot < 14) {
          tree = probabilities + SPECIAL + (<usize>(distance - slot) << 1);
        } else {
          bits -= 4;
          let direct: u32 = 0;
          do {
            range >>>= 1;
            code -= range;
            const mask: u32 = 0 - (code >>> 31);
            code += range & mask;
            direct = (direct << 1) + (mask + 1);
            if (range < RANGE_MIN) {
              range <<= 8;
              code = (code << 8) | load<u8>(from++);
            }
          } while (--bits > 0);
          distance += direct << 4;
          tree = probabilities + ALIGN;
          bits = 4;
        }
        // Both remaining trees are stored from the lowest bit up.
        node = 1;
        let value: u32 = 1;
        do {
          at = tree + (node << 1);
          chance = load<u16>(at);
          bound = (range >>> 11) * chance;
          const isZero = code < bound;
          store<u16>(at, <u16>(chance + (<i32>(select<u32>(2048, 31, isZero) - chance) >> 5)));
          code -= select<u32>(0, bound, isZero);
          range = select<u32>(bound, range - bound, isZero);
          node = (node << 1) + (isZero ? 0 : 1);
          distance += select<u32>(0, value, isZero);
          value <<= 1;
          if (range < RANGE_MIN) {
            range <<= 8;
            code = (code << 8) | load<u8>(from++);
          }
        } while (--bits > 0);
      }
      rep0 = <usize>distance + 1;
    }
    if (rep0 > to - output || rep0 == 0) return ERROR_DATA;
    if (length > <u32>(outputEnd - to)) return ERROR_OVERLONG;
    copyMatch(to, rep0, length);
    to += length;
  }
  return from > inputEnd ? ERROR_TRUNCATED : OK;
}
