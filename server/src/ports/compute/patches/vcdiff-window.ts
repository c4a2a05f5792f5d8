import type { Cursor } from "./cursor.ts";
import { INSTRUCTION_WORK_BYTES } from "./limits.ts";
import { type PatchJob, type RandomBytes, refuse } from "./patch.ts";
import { readVcdiffNumber } from "./varint.ts";

/** What an instruction does; a code stands for one or two of them. */
type Kind = "add" | "run" | "copy";

interface Instruction {
  readonly kind: Kind;
  /** 0: the size follows the code. */
  readonly size: number;
  /** How the address of a copy is written. */
  readonly mode: number;
}

const NEAR_COUNT = 4;
const SAME_COUNT = 3;
const SAME_ADDRESSES = SAME_COUNT * 256;
const MODE_SELF = 0;
const MODE_HERE = 1;
const FIRST_NEAR = 2;
const FIRST_SAME = FIRST_NEAR + NEAR_COUNT;
const MODE_COUNT = FIRST_SAME + SAME_COUNT;

/** The 256 codes that every VCDIFF has unless it says otherwise. @source RFC 3284 section 5.6. */
const CODES: readonly (readonly Instruction[])[] = createCodes();

function createCodes(): readonly (readonly Instruction[])[] {
  const codes: Instruction[][] = [[{ kind: "run", size: 0, mode: 0 }]];
  const add = (size: number): Instruction => ({ kind: "add", size, mode: 0 });
  const copy = (size: number, mode: number): Instruction => ({ kind: "copy", size, mode });
  for (let size = 0; size <= 17; size += 1) codes.push([add(size)]);
  for (let mode = 0; mode < MODE_COUNT; mode += 1) {
    codes.push([copy(0, mode)]);
    for (let size = 4; size <= 18; size += 1) codes.push([copy(size, mode)]);
  }
  for (let mode = 0; mode < MODE_COUNT; mode += 1) {
    const longest = mode < FIRST_SAME ? 6 : 4;
    for (let added = 1; added <= 4; added += 1)
      for (let size = 4; size <= longest; size += 1) codes.push([add(added), copy(size, mode)]);
  }
  for (let mode = 0; mode < MODE_COUNT; mode += 1) codes.push([copy(4, mode), add(1)]);
  return codes;
}

/** One window of a patch. */
export interface Window {
  /** What stands before the window's own bytes in the addresses. */
  readonly segment: RandomBytes;
  readonly windowBytes: number;
  readonly data: Cursor;
  readonly instructions: Cursor;
  readonly addresses: Cursor;
}

interface WindowRun extends Window {
  readonly made: Uint8Array;
  at: number;
  readonly near: number[];
  nextNear: number;
  readonly same: Float64Array;
}

/** Runs the instructions of a window and gives the bytes they make. */
export async function runWindow(job: PatchJob, window: Window): Promise<Uint8Array> {
  const run: WindowRun = {
    ...window,
    made: new Uint8Array(window.windowBytes),
    at: 0,
    near: new Array<number>(NEAR_COUNT).fill(0),
    nextNear: 0,
    same: new Float64Array(SAME_ADDRESSES),
  };
  while (run.instructions.left > 0) {
    const before = run.at;
    for (const instruction of CODES[run.instructions.u8()] ?? []) runOne(run, instruction);
    const pause = job.work(run.at - before + INSTRUCTION_WORK_BYTES);
    if (pause !== undefined) await pause;
  }
  if (run.at !== run.made.length) refuse("damaged", "makes fewer bytes than a window says");
  return run.made;
}

function runOne(run: WindowRun, { kind, size, mode }: Instruction): void {
  const count = size === 0 ? readVcdiffNumber(run.instructions) : size;
  if (run.at + count > run.made.length) refuse("damaged", "makes more bytes than a window says");
  if (kind === "add") run.made.set(run.data.bytes(count), run.at);
  else if (kind === "run") run.made.fill(run.data.u8(), run.at, run.at + count);
  else copyBytes(run, readAddress(run, mode), count);
  run.at += count;
}

/** @source RFC 3284 section 5.3. */
function readAddress(run: WindowRun, mode: number): number {
  const here = run.segment.sizeBytes + run.at;
  const address = decodeAddress(run, mode, here);
  if (address < 0 || address >= here) refuse("damaged", `copies from ${address} of the ${here} bytes so far`);
  run.near[run.nextNear] = address;
  run.nextNear = (run.nextNear + 1) % NEAR_COUNT;
  run.same[address % SAME_ADDRESSES] = address;
  return address;
}

function decodeAddress({ addresses, near, same }: WindowRun, mode: number, here: number): number {
  if (mode === MODE_SELF) return readVcdiffNumber(addresses);
  if (mode === MODE_HERE) return here - readVcdiffNumber(addresses);
  if (mode < FIRST_SAME) return (near[mode - FIRST_NEAR] ?? 0) + readVcdiffNumber(addresses);
  return same[(mode - FIRST_SAME) * 256 + addresses.u8()] ?? 0;
}

/** Copies from the segment, and from the window's own bytes behind it: those may be written by the same copy. */
function copyBytes({ segment, made, at }: WindowRun, address: number, count: number): void {
  const fromSegment = Math.max(0, Math.min(count, segment.sizeBytes - address));
  if (fromSegment > 0) segment.readInto(address, made.subarray(at, at + fromSegment));
  const start = address + fromSegment - segment.sizeBytes;
  const end = at + count;
  for (let to = at + fromSegment; to < end; ) {
    // What was copied doubles each time, so that a short period is no loop over bytes.
    const some = Math.min(to - start, end - to);
    made.copyWithin(to, start, start + some);
    to += some;
  }
}
