// The lanes chunk: MD5 of four messages in step, for hosts whose own code has SHA-1 and CRC-32.
// The host grows the memory behind `heapStart` and puts the messages' bytes there.

import { STATE_BYTES } from "./hash/block-state.ts";
import { finishMd5, startMd5, updateMd5 } from "./hash/md5.ts";
import { addLanes } from "./hash/md5-lanes.ts";

const LANES: u32 = 4;
const states = memory.data(4 * 96, 16);

@inline
function stateOf(lane: u32): usize {
  return states + <usize>lane * STATE_BYTES;
}

/** The first byte that is free for the host. */
export function heapStart(): usize {
  return (__heap_base + 63) & ~63;
}

/** Where the lanes' states lie, behind one another; a finished one begins with the digest. */
export function statesAt(): usize {
  return states;
}

export function stateBytes(): u32 {
  return <u32>STATE_BYTES;
}

export function laneCount(): u32 {
  return LANES;
}

export function md5Start(lane: u32): void {
  startMd5(stateOf(lane));
}

/** Takes bytes into the message of one lane. */
export function md5Update(lane: u32, input: usize, bytes: u32): void {
  updateMd5(stateOf(lane), input, bytes);
}

/** Takes whole blocks into the messages of all lanes, none of which may have an unfinished block. */
export function md5UpdateAll(in0: usize, in1: usize, in2: usize, in3: usize, bytes: u32): void {
  addLanes(states, in0, in1, in2, in3, bytes);
}

export function md5Finish(lane: u32): void {
  finishMd5(stateOf(lane));
}
