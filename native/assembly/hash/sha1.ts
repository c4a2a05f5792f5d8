// SHA-1 (FIPS 180-4). The message schedule is made four words at a time, with the round's constant already added.

import { BLOCK, BLOCK_BYTES, COUNT, fillBlock, LENGTH_AT, padBlock, pendingBytes } from "./block-state.ts";

const K1: u32 = 0x5a82_7999;
const K2: u32 = 0x6ed9_eba1;
const K3: u32 = 0x8f1b_bcdc;
const K4: u32 = 0xca62_c1d6;

/** The schedule of a block with the rounds' constants added. */
const rounds = memory.data(4 * 80, 16);

@inline
function rotateLanes(value: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(value, bits), i32x4.shr_u(value, 32 - bits));
}

@inline
function readWords(at: usize): v128 {
  const bytes = v128.load(at);
  return v128.shuffle<u8>(bytes, bytes, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** The four words after the sixteen in `w0` to `w3`. */
@inline
function nextWords(w0: v128, w1: v128, w2: v128, w3: v128): v128 {
  const zero = i32x4.splat(0);
  const before14 = v128.shuffle<u32>(w0, w1, 2, 3, 4, 5);
  // The fourth word needs the first of the same four, which is added once that is known.
  const before3 = v128.shuffle<u32>(w3, zero, 1, 2, 3, 4);
  const turned = rotateLanes(v128.xor(v128.xor(w0, before14), v128.xor(w2, before3)), 1);
  return v128.xor(turned, v128.shuffle<u32>(zero, rotateLanes(turned, 1), 0, 0, 0, 4));
}

@inline
function choose(b: u32, c: u32, d: u32): u32 {
  return d ^ (b & (c ^ d));
}

@inline
function parity(b: u32, c: u32, d: u32): u32 {
  return b ^ c ^ d;
}

@inline
function majority(b: u32, c: u32, d: u32): u32 {
  return (b & c) + (d & (b ^ c));
}

@inline
function round(e: u32, mixed: u32, a: u32, at: usize): u32 {
  return e + load<u32>(rounds + at) + mixed + rotl<u32>(a, 5);
}

/** State, then the latest sixteen words, between the parts of a block. */
const work = memory.data(32 + 64, 16);

// A block is done in two functions: engines share registers out a fifth better than in one of twice the size. In both,
// four rounds take turns with making the words of four later ones, so that the processor does both at once.

/** Rounds 0 to 39, and the words of rounds up to 63. */
function addFirstHalf(): void {
  let a = load<u32>(work);
  let b = load<u32>(work, 4);
  let c = load<u32>(work, 8);
  let d = load<u32>(work, 12);
  let e = load<u32>(work, 16);
  let w0 = v128.load(work, 32);
  let w1 = v128.load(work, 48);
  let w2 = v128.load(work, 64);
  let w3 = v128.load(work, 80);
  w0 = nextWords(w0, w1, w2, w3);
  v128.store(rounds, i32x4.add(w0, i32x4.splat(K1)), 64);
  e = round(e, choose(b, c, d), a, 0); b = rotl<u32>(b, 30);
  d = round(d, choose(a, b, c), e, 4); a = rotl<u32>(a, 30);
  c = round(c, choose(e, a, b), d, 8); e = rotl<u32>(e, 30);
  b = round(b, choose(d, e, a), c, 12); d = rotl<u32>(d, 30);
  w1 = nextWords(w1, w2, w3, w0);
  v128.store(rounds, i32x4.add(w1, i32x4.splat(K2)), 80);
  a = round(a, choose(c, d, e), b, 16); c = rotl<u32>(c, 30);
  e = round(e, choose(b, c, d), a, 20); b = rotl<u32>(b, 30);
  d = round(d, choose(a, b, c), e, 24); a = rotl<u32>(a, 30);
  c = round(c, choose(e, a, b), d, 28); e = rotl<u32>(e, 30);
  w2 = nextWords(w2, w3, w0, w1);
  v128.store(rounds, i32x4.add(w2, i32x4.splat(K2)), 96);
  b = round(b, choose(d, e, a), c, 32); d = rotl<u32>(d, 30);
  a = round(a, choose(c, d, e), b, 36); c = rotl<u32>(c, 30);
  e = round(e, choose(b, c, d), a, 40); b = rotl<u32>(b, 30);
  d = round(d, choose(a, b, c), e, 44); a = rotl<u32>(a, 30);
  w3 = nextWords(w3, w0, w1, w2);
  v128.store(rounds, i32x4.add(w3, i32x4.splat(K2)), 112);
  c = round(c, choose(e, a, b), d, 48); e = rotl<u32>(e, 30);
  b = round(b, choose(d, e, a), c, 52); d = rotl<u32>(d, 30);
  a = round(a, choose(c, d, e), b, 56); c = rotl<u32>(c, 30);
  e = round(e, choose(b, c, d), a, 60); b = rotl<u32>(b, 30);
  w0 = nextWords(w0, w1, w2, w3);
  v128.store(rounds, i32x4.add(w0, i32x4.splat(K2)), 128);
  d = round(d, choose(a, b, c), e, 64); a = rotl<u32>(a, 30);
  c = round(c, choose(e, a, b), d, 68); e = rotl<u32>(e, 30);
  b = round(b, choose(d, e, a), c, 72); d = rotl<u32>(d, 30);
  a = round(a, choose(c, d, e), b, 76); c = rotl<u32>(c, 30);
  w1 = nextWords(w1, w2, w3, w0);
  v128.store(rounds, i32x4.add(w1, i32x4.splat(K2)), 144);
  e = round(e, parity(b, c, d), a, 80); b = rotl<u32>(b, 30);
  d = round(d, parity(a, b, c), e, 84); a = rotl<u32>(a, 30);
  c = round(c, parity(e, a, b), d, 88); e = rotl<u32>(e, 30);
  b = round(b, parity(d, e, a), c, 92); d = rotl<u32>(d, 30);
  w2 = nextWords(w2, w3, w0, w1);
  v128.store(rounds, i32x4.add(w2, i32x4.splat(K3)), 160);
  a = round(a, parity(c, d, e), b, 96); c = rotl<u32>(c, 30);
  e = round(e, parity(b, c, d), a, 100); b = rotl<u32>(b, 30);
  d = round(d, parity(a, b, c), e, 104); a = rotl<u32>(a, 30);
  c = round(c, parity(e, a, b), d, 108); e = rotl<u32>(e, 30);
  w3 = nextWords(w3, w0, w1, w2);
  v128.store(rounds, i32x4.add(w3, i32x4.splat(K3)), 176);
  b = round(b, parity(d, e, a), c, 112); d = rotl<u32>(d, 30);
  a = round(a, parity(c, d, e), b, 116); c = rotl<u32>(c, 30);
  e = round(e, parity(b, c, d), a, 120); b = rotl<u32>(b, 30);
  d = round(d, parity(a, b, c), e, 124); a = rotl<u32>(a, 30);
  w0 = nextWords(w0, w1, w2, w3);
  v128.store(rounds, i32x4.add(w0, i32x4.splat(K3)), 192);
  c = round(c, parity(e, a, b), d, 128); e = rotl<u32>(e, 30);
  b = round(b, parity(d, e, a), c, 132); d = rotl<u32>(d, 30);
  a = round(a, parity(c, d, e), b, 136); c = rotl<u32>(c, 30);
  e = round(e, parity(b, c, d), a, 140); b = rotl<u32>(b, 30);
  w1 = nextWords(w1, w2, w3, w0);
  v128.store(rounds, i32x4.add(w1, i32x4.splat(K3)), 208);
  d = round(d, parity(a, b, c), e, 144); a = rotl<u32>(a, 30);
  c = round(c, parity(e, a, b), d, 148); e = rotl<u32>(e, 30);
  b = round(b, parity(d, e, a), c, 152); d = rotl<u32>(d, 30);
  a = round(a, parity(c, d, e), b, 156); c = rotl<u32>(c, 30);
  w2 = nextWords(w2, w3, w0, w1);
  v128.store(rounds, i32x4.add(w2, i32x4.splat(K3)), 224);
  store<u32>(work, a);
  store<u32>(work, b, 4);
  store<u32>(work, c, 8);
  store<u32>(work, d, 12);
  store<u32>(work, e, 16);
  v128.store(work, w0, 32);
  v128.store(work, w1, 48);
  v128.store(work, w2, 64);
  v128.store(work, w3, 80);
}

/** Rounds 40 to 79. */
function addSecondHalf(): void {
  let a = load<u32>(work);
  let b = load<u32>(work, 4);
  let c = load<u32>(work, 8);
  let d = load<u32>(work, 12);
  let e = load<u32>(work, 16);
  let w0 = v128.load(work, 32);
  let w1 = v128.load(work, 48);
  let w2 = v128.load(work, 64);
  let w3 = v128.load(work, 80);
  e = round(e, majority(b, c, d), a, 160); b = rotl<u32>(b, 30);
  d = round(d, majority(a, b, c), e, 164); a = rotl<u32>(a, 30);
  c = round(c, majority(e, a, b), d, 168); e = rotl<u32>(e, 30);
  b = round(b, majority(d, e, a), c, 172); d = rotl<u32>(d, 30);
  w3 = nextWords(w3, w0, w1, w2);
  v128.store(rounds, i32x4.add(w3, i32x4.splat(K4)), 240);
  a = round(a, majority(c, d, e), b, 176); c = rotl<u32>(c, 30);
  e = round(e, majority(b, c, d), a, 180); b = rotl<u32>(b, 30);
  d = round(d, majority(a, b, c), e, 184); a = rotl<u32>(a, 30);
  c = round(c, majority(e, a, b), d, 188); e = rotl<u32>(e, 30);
  w0 = nextWords(w0, w1, w2, w3);
  v128.store(rounds, i32x4.add(w0, i32x4.splat(K4)), 256);
  b = round(b, majority(d, e, a), c, 192); d = rotl<u32>(d, 30);
  a = round(a, majority(c, d, e), b, 196); c = rotl<u32>(c, 30);
  e = round(e, majority(b, c, d), a, 200); b = rotl<u32>(b, 30);
  d = round(d, majority(a, b, c), e, 204); a = rotl<u32>(a, 30);
  w1 = nextWords(w1, w2, w3, w0);
  v128.store(rounds, i32x4.add(w1, i32x4.splat(K4)), 272);
  c = round(c, majority(e, a, b), d, 208); e = rotl<u32>(e, 30);
  b = round(b, majority(d, e, a), c, 212); d = rotl<u32>(d, 30);
  a = round(a, majority(c, d, e), b, 216); c = rotl<u32>(c, 30);
  e = round(e, majority(b, c, d), a, 220); b = rotl<u32>(b, 30);
  w2 = nextWords(w2, w3, w0, w1);
  v128.store(rounds, i32x4.add(w2, i32x4.splat(K4)), 288);
  d = round(d, majority(a, b, c), e, 224); a = rotl<u32>(a, 30);
  c = round(c, majority(e, a, b), d, 228); e = rotl<u32>(e, 30);
  b = round(b, majority(d, e, a), c, 232); d = rotl<u32>(d, 30);
  a = round(a, majority(c, d, e), b, 236); c = rotl<u32>(c, 30);
  w3 = nextWords(w3, w0, w1, w2);
  v128.store(rounds, i32x4.add(w3, i32x4.splat(K4)), 304);
  e = round(e, parity(b, c, d), a, 240); b = rotl<u32>(b, 30);
  d = round(d, parity(a, b, c), e, 244); a = rotl<u32>(a, 30);
  c = round(c, parity(e, a, b), d, 248); e = rotl<u32>(e, 30);
  b = round(b, parity(d, e, a), c, 252); d = rotl<u32>(d, 30);
  a = round(a, parity(c, d, e), b, 256); c = rotl<u32>(c, 30);
  e = round(e, parity(b, c, d), a, 260); b = rotl<u32>(b, 30);
  d = round(d, parity(a, b, c), e, 264); a = rotl<u32>(a, 30);
  c = round(c, parity(e, a, b), d, 268); e = rotl<u32>(e, 30);
  b = round(b, parity(d, e, a), c, 272); d = rotl<u32>(d, 30);
  a = round(a, parity(c, d, e), b, 276); c = rotl<u32>(c, 30);
  e = round(e, parity(b, c, d), a, 280); b = rotl<u32>(b, 30);
  d = round(d, parity(a, b, c), e, 284); a = rotl<u32>(a, 30);
  c = round(c, parity(e, a, b), d, 288); e = rotl<u32>(e, 30);
  b = round(b, parity(d, e, a), c, 292); d = rotl<u32>(d, 30);
  a = round(a, parity(c, d, e), b, 296); c = rotl<u32>(c, 30);
  e = round(e, parity(b, c, d), a, 300); b = rotl<u32>(b, 30);
  d = round(d, parity(a, b, c), e, 304); a = rotl<u32>(a, 30);
  c = round(c, parity(e, a, b), d, 308); e = rotl<u32>(e, 30);
  b = round(b, parity(d, e, a), c, 312); d = rotl<u32>(d, 30);
  a = round(a, parity(c, d, e), b, 316); c = rotl<u32>(c, 30);
  store<u32>(work, a);
  store<u32>(work, b, 4);
  store<u32>(work, c, 8);
  store<u32>(work, d, 12);
  store<u32>(work, e, 16);
}

/** Takes whole blocks into a state. */
function addBlocks(state: usize, input: usize, end: usize): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  for (let at = input; at < end; at += BLOCK_BYTES) {
    const a0 = a;
    const b0 = b;
    const c0 = c;
    const d0 = d;
    const e0 = e;
    const w0 = readWords(at);
    const w1 = readWords(at + 16);
    const w2 = readWords(at + 32);
    const w3 = readWords(at + 48);
    v128.store(rounds, i32x4.add(w0, i32x4.splat(K1)));
    v128.store(rounds, i32x4.add(w1, i32x4.splat(K1)), 16);
    v128.store(rounds, i32x4.add(w2, i32x4.splat(K1)), 32);
    v128.store(rounds, i32x4.add(w3, i32x4.splat(K1)), 48);
    v128.store(work, w0, 32);
    v128.store(work, w1, 48);
    v128.store(work, w2, 64);
    v128.store(work, w3, 80);
    store<u32>(work, a);
    store<u32>(work, b, 4);
    store<u32>(work, c, 8);
    store<u32>(work, d, 12);
    store<u32>(work, e, 16);
    addFirstHalf();
    addSecondHalf();
    a = load<u32>(work) + a0;
    b = load<u32>(work, 4) + b0;
    c = load<u32>(work, 8) + c0;
    d = load<u32>(work, 12) + d0;
    e = load<u32>(work, 16) + e0;
  }
  store<u32>(state, a);
  store<u32>(state, b, 4);
  store<u32>(state, c, 8);
  store<u32>(state, d, 12);
  store<u32>(state, e, 16);
}

/** Starts a message. */
export function startSha1(state: usize): void {
  store<u32>(state, 0x6745_2301);
  store<u32>(state, 0xefcd_ab89, 4);
  store<u32>(state, 0x98ba_dcfe, 8);
  store<u32>(state, 0x1032_5476, 12);
  store<u32>(state, 0xc3d2_e1f0, 16);
  store<u64>(state, 0, COUNT);
}

/** Adds bytes to a message. */
export function updateSha1(state: usize, input: usize, bytes: u32): void {
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

/** Ends a message; the digest is the state's first 20 bytes. */
export function finishSha1(state: usize): void {
  const block = state + BLOCK;
  if (padBlock(state)) {
    addBlocks(state, block, block + BLOCK_BYTES);
    memory.fill(block, 0, BLOCK_BYTES);
  }
  store<u64>(block + LENGTH_AT, bswap(load<u64>(state, COUNT) << 3));
  addBlocks(state, block, block + BLOCK_BYTES);
  for (let at = state; at < state + 20; at += 4) store<u32>(at, bswap(load<u32>(at)));
}
