// MD5 (RFC 1321). Every step waits for the one before, so what does not depend on it is added first.

import { BLOCK, BLOCK_BYTES, COUNT, fillBlock, LENGTH_AT, padBlock, pendingBytes } from "./block-state.ts";

@inline
function word(at: usize, index: usize): u32 {
  return load<u32>(at + (index << 2));
}

@inline
function step1(a: u32, b: u32, c: u32, d: u32, added: u32, turn: u32): u32 {
  return rotl<u32>(a + added + (d ^ (b & (c ^ d))), turn) + b;
}

@inline
function step2(a: u32, b: u32, c: u32, d: u32, added: u32, turn: u32): u32 {
  return rotl<u32>(a + added + (c & ~d) + (b & d), turn) + b;
}

@inline
function step3(a: u32, b: u32, c: u32, d: u32, added: u32, turn: u32): u32 {
  return rotl<u32>(a + added + (c ^ d ^ b), turn) + b;
}

@inline
function step4(a: u32, b: u32, c: u32, d: u32, added: u32, turn: u32): u32 {
  return rotl<u32>(a + added + (c ^ (b | ~d)), turn) + b;
}

/** Takes whole blocks into a state. */
function addBlocks(state: usize, input: usize, end: usize): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  for (let at = input; at < end; at += BLOCK_BYTES) {
    const a0 = a;
    const b0 = b;
    const c0 = c;
    const d0 = d;
    a = step1(a, b, c, d, word(at, 0) + 0xd76a_a478, 7);
    d = step1(d, a, b, c, word(at, 1) + 0xe8c7_b756, 12);
    c = step1(c, d, a, b, word(at, 2) + 0x2420_70db, 17);
    b = step1(b, c, d, a, word(at, 3) + 0xc1bd_ceee, 22);
    a = step1(a, b, c, d, word(at, 4) + 0xf57c_0faf, 7);
    d = step1(d, a, b, c, word(at, 5) + 0x4787_c62a, 12);
    c = step1(c, d, a, b, word(at, 6) + 0xa830_4613, 17);
    b = step1(b, c, d, a, word(at, 7) + 0xfd46_9501, 22);
    a = step1(a, b, c, d, word(at, 8) + 0x6980_98d8, 7);
    d = step1(d, a, b, c, word(at, 9) + 0x8b44_f7af, 12);
    c = step1(c, d, a, b, word(at, 10) + 0xffff_5bb1, 17);
    b = step1(b, c, d, a, word(at, 11) + 0x895c_d7be, 22);
    a = step1(a, b, c, d, word(at, 12) + 0x6b90_1122, 7);
    d = step1(d, a, b, c, word(at, 13) + 0xfd98_7193, 12);
    c = step1(c, d, a, b, word(at, 14) + 0xa679_438e, 17);
    b = step1(b, c, d, a, word(at, 15) + 0x49b4_0821, 22);
    a = step2(a, b, c, d, word(at, 1) + 0xf61e_2562, 5);
    d = step2(d, a, b, c, word(at, 6) + 0xc040_b340, 9);
    c = step2(c, d, a, b, word(at, 11) + 0x265e_5a51, 14);
    b = step2(b, c, d, a, word(at, 0) + 0xe9b6_c7aa, 20);
    a = step2(a, b, c, d, word(at, 5) + 0xd62f_105d, 5);
    d = step2(d, a, b, c, word(at, 10) + 0x0244_1453, 9);
    c = step2(c, d, a, b, word(at, 15) + 0xd8a1_e681, 14);
    b = step2(b, c, d, a, word(at, 4) + 0xe7d3_fbc8, 20);
    a = step2(a, b, c, d, word(at, 9) + 0x21e1_cde6, 5);
    d = step2(d, a, b, c, word(at, 14) + 0xc337_07d6, 9);
    c = step2(c, d, a, b, word(at, 3) + 0xf4d5_0d87, 14);
    b = step2(b, c, d, a, word(at, 8) + 0x455a_14ed, 20);
    a = step2(a, b, c, d, word(at, 13) + 0xa9e3_e905, 5);
    d = step2(d, a, b, c, word(at, 2) + 0xfcef_a3f8, 9);
    c = step2(c, d, a, b, word(at, 7) + 0x676f_02d9, 14);
    b = step2(b, c, d, a, word(at, 12) + 0x8d2a_4c8a, 20);
    a = step3(a, b, c, d, word(at, 5) + 0xfffa_3942, 4);
    d = step3(d, a, b, c, word(at, 8) + 0x8771_f681, 11);
    c = step3(c, d, a, b, word(at, 11) + 0x6d9d_6122, 16);
    b = step3(b, c, d, a, word(at, 14) + 0xfde5_380c, 23);
    a = step3(a, b, c, d, word(at, 1) + 0xa4be_ea44, 4);
    d = step3(d, a, b, c, word(at, 4) + 0x4bde_cfa9, 11);
    c = step3(c, d, a, b, word(at, 7) + 0xf6bb_4b60, 16);
    b = step3(b, c, d, a, word(at, 10) + 0xbebf_bc70, 23);
    a = step3(a, b, c, d, word(at, 13) + 0x289b_7ec6, 4);
    d = step3(d, a, b, c, word(at, 0) + 0xeaa1_27fa, 11);
    c = step3(c, d, a, b, word(at, 3) + 0xd4ef_3085, 16);
    b = step3(b, c, d, a, word(at, 6) + 0x0488_1d05, 23);
    a = step3(a, b, c, d, word(at, 9) + 0xd9d4_d039, 4);
    d = step3(d, a, b, c, word(at, 12) + 0xe6db_99e5, 11);
    c = step3(c, d, a, b, word(at, 15) + 0x1fa2_7cf8, 16);
    b = step3(b, c, d, a, word(at, 2) + 0xc4ac_5665, 23);
    a = step4(a, b, c, d, word(at, 0) + 0xf429_2244, 6);
    d = step4(d, a, b, c, word(at, 7) + 0x432a_ff97, 10);
    c = step4(c, d, a, b, word(at, 14) + 0xab94_23a7, 15);
    b = step4(b, c, d, a, word(at, 5) + 0xfc93_a039, 21);
    a = step4(a, b, c, d, word(at, 12) + 0x655b_59c3, 6);
    d = step4(d, a, b, c, word(at, 3) + 0x8f0c_cc92, 10);
    c = step4(c, d, a, b, word(at, 10) + 0xffef_f47d, 15);
    b = step4(b, c, d, a, word(at, 1) + 0x8584_5dd1, 21);
    a = step4(a, b, c, d, word(at, 8) + 0x6fa8_7e4f, 6);
    d = step4(d, a, b, c, word(at, 15) + 0xfe2c_e6e0, 10);
    c = step4(c, d, a, b, word(at, 6) + 0xa301_4314, 15);
    b = step4(b, c, d, a, word(at, 13) + 0x4e08_11a1, 21);
    a = step4(a, b, c, d, word(at, 4) + 0xf753_7e82, 6);
    d = step4(d, a, b, c, word(at, 11) + 0xbd3a_f235, 10);
    c = step4(c, d, a, b, word(at, 2) + 0x2ad7_d2bb, 15);
    b = step4(b, c, d, a, word(at, 9) + 0xeb86_d391, 21);
    a += a0;
    b += b0;
    c += c0;
    d += d0;
  }
  store<u32>(state, a);
  store<u32>(state, b, 4);
  store<u32>(state, c, 8);
  store<u32>(state, d, 12);
}

/** Starts a message. */
export function startMd5(state: usize): void {
  store<u32>(state, 0x6745_2301);
  store<u32>(state, 0xefcd_ab89, 4);
  store<u32>(state, 0x98ba_dcfe, 8);
  store<u32>(state, 0x1032_5476, 12);
  store<u64>(state, 0, COUNT);
}

/** Adds bytes to a message. */
export function updateMd5(state: usize, input: usize, bytes: u32): void {
  let at = input;
  const end = input + bytes;
  if (pendingBytes(state) != 0) {
    at += fillBlock(state, at, bytes);
    if (pendingBytes(state) != 0) return;
    addBlocks(state, state + BLOCK, state + BLOCK + BLOCK_BYTES);
  }
  const blocks = <u32>(end - at) & ~(BLOCK_BYTES - 1);
  addBlocks(state, at, at + blocks);
  store<u64>(state, load<u64>(state, COUNT) + blocks, COUNT);
  if (at + blocks < end) fillBlock(state, at + blocks, <u32>(end - at) - blocks);
}

/** Ends a message; the digest is the state's first 16 bytes. */
export function finishMd5(state: usize): void {
  const block = state + BLOCK;
  if (padBlock(state)) {
    addBlocks(state, block, block + BLOCK_BYTES);
    memory.fill(block, 0, BLOCK_BYTES);
  }
  store<u64>(block + LENGTH_AT, load<u64>(state, COUNT) << 3);
  addBlocks(state, block, block + BLOCK_BYTES);
}
