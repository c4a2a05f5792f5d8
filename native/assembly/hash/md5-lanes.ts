// MD5 (RFC 1321) of four messages in step: each lane of a vector is one message, so a step's wait serves all four.

import { BLOCK_BYTES, COUNT, STATE_BYTES } from "./block-state.ts";

/** The rounds' constants. */
const constants = memory.data<u32>([
  0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
  0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
  0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
  0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
  0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
  0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
  0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
  0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
]);
/** Each constant in all four lanes. */
const vectors = memory.data(16 * 64, 16);
/** A block of each message: word n of all four behind one another. */
const words = memory.data(16 * 16, 16);
/** The four words of the state between two rounds. */
const work = memory.data(16 * 4, 16);
let isReady: bool = false;

function prepare(): void {
  for (let index: usize = 0; index < 64; index++) {
    v128.store(vectors + (index << 4), v128.load32_splat(constants + (index << 2)));
  }
  isReady = true;
}

/** Four words of each message, read as rows and written as columns. */
@inline
function transpose(to: usize, in0: usize, in1: usize, in2: usize, in3: usize): void {
  const row0 = v128.load(in0);
  const row1 = v128.load(in1);
  const row2 = v128.load(in2);
  const row3 = v128.load(in3);
  const low01 = v128.shuffle<u32>(row0, row1, 0, 4, 1, 5);
  const low23 = v128.shuffle<u32>(row2, row3, 0, 4, 1, 5);
  const high01 = v128.shuffle<u32>(row0, row1, 2, 6, 3, 7);
  const high23 = v128.shuffle<u32>(row2, row3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<u64>(low01, low23, 0, 2));
  v128.store(to, v128.shuffle<u64>(low01, low23, 1, 3), 16);
  v128.store(to, v128.shuffle<u64>(high01, high23, 0, 2), 32);
  v128.store(to, v128.shuffle<u64>(high01, high23, 1, 3), 48);
}

/** What a step adds besides its turn: a word of the block and the constant. */
@inline
function added(word: usize, step: usize): v128 {
  return i32x4.add(v128.load(words + (word << 4)), v128.load(vectors + (step << 4)));
}

@inline
function turnAndAdd(sum: v128, turn: i32, b: v128): v128 {
  return i32x4.add(v128.or(i32x4.shl(sum, turn), i32x4.shr_u(sum, 32 - turn)), b);
}

@inline
function step1(a: v128, b: v128, c: v128, d: v128, more: v128, turn: i32): v128 {
  return turnAndAdd(i32x4.add(i32x4.add(a, more), v128.xor(d, v128.and(b, v128.xor(c, d)))), turn, b);
}

@inline
function step2(a: v128, b: v128, c: v128, d: v128, more: v128, turn: i32): v128 {
  const known = i32x4.add(i32x4.add(a, more), v128.andnot(c, d));
  return turnAndAdd(i32x4.add(known, v128.and(b, d)), turn, b);
}

@inline
function step3(a: v128, b: v128, c: v128, d: v128, more: v128, turn: i32): v128 {
  return turnAndAdd(i32x4.add(i32x4.add(a, more), v128.xor(v128.xor(c, d), b)), turn, b);
}

@inline
function step4(a: v128, b: v128, c: v128, d: v128, more: v128, turn: i32): v128 {
  return turnAndAdd(i32x4.add(i32x4.add(a, more), v128.xor(c, v128.or(b, v128.not(d)))), turn, b);
}

/** Word `at` of four states that lie behind one another. */
@inline
function gather(states: usize, at: usize): v128 {
  let vector = v128.load32_zero(states + at);
  vector = v128.load_lane<u32>(states + STATE_BYTES + at, vector, 1);
  vector = v128.load_lane<u32>(states + 2 * STATE_BYTES + at, vector, 2);
  return v128.load_lane<u32>(states + 3 * STATE_BYTES + at, vector, 3);
}

@inline
function scatter(states: usize, at: usize, vector: v128): void {
  v128.store_lane<u32>(states + at, vector, 0);
  v128.store_lane<u32>(states + STATE_BYTES + at, vector, 1);
  v128.store_lane<u32>(states + 2 * STATE_BYTES + at, vector, 2);
  v128.store_lane<u32>(states + 3 * STATE_BYTES + at, vector, 3);
}

// Each round is a function of its own: engines share registers out well in functions of this size, and badly in one of
// four times as much, which costs a fifth of the speed.

function round1(): void {
  let a = v128.load(work);
  let b = v128.load(work, 16);
  let c = v128.load(work, 32);
  let d = v128.load(work, 48);
  a = step1(a, b, c, d, added(0, 0), 7);
  d = step1(d, a, b, c, added(1, 1), 12);
  c = step1(c, d, a, b, added(2, 2), 17);
  b = step1(b, c, d, a, added(3, 3), 22);
  a = step1(a, b, c, d, added(4, 4), 7);
  d = step1(d, a, b, c, added(5, 5), 12);
  c = step1(c, d, a, b, added(6, 6), 17);
  b = step1(b, c, d, a, added(7, 7), 22);
  a = step1(a, b, c, d, added(8, 8), 7);
  d = step1(d, a, b, c, added(9, 9), 12);
  c = step1(c, d, a, b, added(10, 10), 17);
  b = step1(b, c, d, a, added(11, 11), 22);
  a = step1(a, b, c, d, added(12, 12), 7);
  d = step1(d, a, b, c, added(13, 13), 12);
  c = step1(c, d, a, b, added(14, 14), 17);
  b = step1(b, c, d, a, added(15, 15), 22);
  v128.store(work, a);
  v128.store(work, b, 16);
  v128.store(work, c, 32);
  v128.store(work, d, 48);
}

function round2(): void {
  let a = v128.load(work);
  let b = v128.load(work, 16);
  let c = v128.load(work, 32);
  let d = v128.load(work, 48);
  a = step2(a, b, c, d, added(1, 16), 5);
  d = step2(d, a, b, c, added(6, 17), 9);
  c = step2(c, d, a, b, added(11, 18), 14);
  b = step2(b, c, d, a, added(0, 19), 20);
  a = step2(a, b, c, d, added(5, 20), 5);
  d = step2(d, a, b, c, added(10, 21), 9);
  c = step2(c, d, a, b, added(15, 22), 14);
  b = step2(b, c, d, a, added(4, 23), 20);
  a = step2(a, b, c, d, added(9, 24), 5);
  d = step2(d, a, b, c, added(14, 25), 9);
  c = step2(c, d, a, b, added(3, 26), 14);
  b = step2(b, c, d, a, added(8, 27), 20);
  a = step2(a, b, c, d, added(13, 28), 5);
  d = step2(d, a, b, c, added(2, 29), 9);
  c = step2(c, d, a, b, added(7, 30), 14);
  b = step2(b, c, d, a, added(12, 31), 20);
  v128.store(work, a);
  v128.store(work, b, 16);
  v128.store(work, c, 32);
  v128.store(work, d, 48);
}

function round3(): void {
  let a = v128.load(work);
  let b = v128.load(work, 16);
  let c = v128.load(work, 32);
  let d = v128.load(work, 48);
  a = step3(a, b, c, d, added(5, 32), 4);
  d = step3(d, a, b, c, added(8, 33), 11);
  c = step3(c, d, a, b, added(11, 34), 16);
  b = step3(b, c, d, a, added(14, 35), 23);
  a = step3(a, b, c, d, added(1, 36), 4);
  d = step3(d, a, b, c, added(4, 37), 11);
  c = step3(c, d, a, b, added(7, 38), 16);
  b = step3(b, c, d, a, added(10, 39), 23);
  a = step3(a, b, c, d, added(13, 40), 4);
  d = step3(d, a, b, c, added(0, 41), 11);
  c = step3(c, d, a, b, added(3, 42), 16);
  b = step3(b, c, d, a, added(6, 43), 23);
  a = step3(a, b, c, d, added(9, 44), 4);
  d = step3(d, a, b, c, added(12, 45), 11);
  c = step3(c, d, a, b, added(15, 46), 16);
  b = step3(b, c, d, a, added(2, 47), 23);
  v128.store(work, a);
  v128.store(work, b, 16);
  v128.store(work, c, 32);
  v128.store(work, d, 48);
}

function round4(): void {
  let a = v128.load(work);
  let b = v128.load(work, 16);
  let c = v128.load(work, 32);
  let d = v128.load(work, 48);
  a = step4(a, b, c, d, added(0, 48), 6);
  d = step4(d, a, b, c, added(7, 49), 10);
  c = step4(c, d, a, b, added(14, 50), 15);
  b = step4(b, c, d, a, added(5, 51), 21);
  a = step4(a, b, c, d, added(12, 52), 6);
  d = step4(d, a, b, c, added(3, 53), 10);
  c = step4(c, d, a, b, added(10, 54), 15);
  b = step4(b, c, d, a, added(1, 55), 21);
  a = step4(a, b, c, d, added(8, 56), 6);
  d = step4(d, a, b, c, added(15, 57), 10);
  c = step4(c, d, a, b, added(6, 58), 15);
  b = step4(b, c, d, a, added(13, 59), 21);
  a = step4(a, b, c, d, added(4, 60), 6);
  d = step4(d, a, b, c, added(11, 61), 10);
  c = step4(c, d, a, b, added(2, 62), 15);
  b = step4(b, c, d, a, added(9, 63), 21);
  v128.store(work, a);
  v128.store(work, b, 16);
  v128.store(work, c, 32);
  v128.store(work, d, 48);
}

/**
 * Takes the same count of bytes into four messages, of which none has an unfinished block.
 * @param inputs Four addresses; a lane without a message may be given any readable bytes.
 * @param bytes Whole blocks.
 */
export function addLanes(states: usize, in0: usize, in1: usize, in2: usize, in3: usize, bytes: u32): void {
  if (!isReady) prepare();
  let a = gather(states, 0);
  let b = gather(states, 4);
  let c = gather(states, 8);
  let d = gather(states, 12);
  for (let done: usize = 0; done < bytes; done += BLOCK_BYTES) {
    transpose(words, in0 + done, in1 + done, in2 + done, in3 + done);
    transpose(words + 64, in0 + done + 16, in1 + done + 16, in2 + done + 16, in3 + done + 16);
    transpose(words + 128, in0 + done + 32, in1 + done + 32, in2 + done + 32, in3 + done + 32);
    transpose(words + 192, in0 + done + 48, in1 + done + 48, in2 + done + 48, in3 + done + 48);
    v128.store(work, a);
    v128.store(work, b, 16);
    v128.store(work, c, 32);
    v128.store(work, d, 48);
    round1();
    round2();
    round3();
    round4();
    a = i32x4.add(a, v128.load(work));
    b = i32x4.add(b, v128.load(work, 16));
    c = i32x4.add(c, v128.load(work, 32));
    d = i32x4.add(d, v128.load(work, 48));
  }
  scatter(states, 0, a);
  scatter(states, 4, b);
  scatter(states, 8, c);
  scatter(states, 12, d);
  for (let lane: usize = 0; lane < 4; lane++) {
    const count = states + lane * STATE_BYTES + COUNT;
    store<u64>(count, load<u64>(count) + bytes);
  }
}
