import { formatHex } from "./chd/fields.ts";
import { NativeError } from "./errors.ts";

/** The functions of the lanes chunk; see `assembly/lanes.ts`. */
interface LanesExports {
  readonly memory: WebAssembly.Memory;
  heapStart(): number;
  statesAt(): number;
  stateBytes(): number;
  laneCount(): number;
  md5Start(lane: number): void;
  md5Update(lane: number, input: number, bytes: number): void;
  md5UpdateAll(...inputs: [in0: number, in1: number, in2: number, in3: number, bytes: number]): void;
  md5Finish(lane: number): void;
}

/** MD5 of several messages in step, which takes little longer than MD5 of one. */
export interface Md5Lanes {
  readonly count: number;
  /** Where the caller puts a lane's next bytes; it stays valid until `release`. */
  buffer(lane: number): Uint8Array;
  /**
   * Takes bytes of each lane's buffer into its message.
   * @param start The first byte in each buffer.
   * @param ends Where each lane's bytes end; at or before `start` for a lane without any.
   */
  update(start: number, ends: readonly number[]): void;
  /** Gives the digest of all bytes of a lane since its last digest and starts over. */
  digest(lane: number): string;
  /** Gives the memory back; nothing may be called after it. Messages that were not finished are dropped. */
  release(): void;
}

const PAGE_BYTES = 65_536;
const BLOCK_BYTES = 64;
const MD5_BYTES = 16;
const LANES = [0, 1, 2, 3] as const;

let module: Promise<WebAssembly.Module> | null = null;
/** One instance that is free, because a fresh one takes longer than a small file. */
let idle: LanesExports | null = null;

async function readInline(): Promise<string> {
  try {
    return (await import("../dist/lanes.inline.js")).wasmBase64;
  } catch (cause) {
    const message = 'lanes.inline.js could not be loaded; in a checkout run "bun native/build.ts"';
    throw new NativeError("NATIVE_NOT_BUILT", message, { cause });
  }
}

async function compileModule(): Promise<WebAssembly.Module> {
  const text = await readInline();
  try {
    return await WebAssembly.compile(Buffer.from(text, "base64"));
  } catch (cause) {
    const message = "the WebAssembly does not compile here: it needs SIMD, and so a processor with AVX";
    throw new NativeError("NATIVE_UNAVAILABLE", message, { cause });
  }
}

async function instantiate(): Promise<LanesExports> {
  const compiled = module ?? compileModule();
  module = compiled;
  compiled.catch(() => {
    // The next caller tries again.
    if (module === compiled) module = null;
  });
  const { exports } = await WebAssembly.instantiate(await compiled, {});
  // The chunk is our own, and these are the functions of its source.
  return exports as unknown as LanesExports;
}

/** Grows the memory until every lane has a buffer of that size. */
function growFor(exports: LanesExports, laneBytes: number): void {
  const wantedBytes = exports.heapStart() + exports.laneCount() * laneBytes;
  const missingBytes = wantedBytes - exports.memory.buffer.byteLength;
  if (missingBytes <= 0) return;
  try {
    exports.memory.grow(Math.ceil(missingBytes / PAGE_BYTES));
  } catch (cause) {
    throw new NativeError("NATIVE_MEMORY", "the memory for hashing in step cannot be had", { cause });
  }
}

/** Places and messages of one use of an instance. */
interface Work {
  readonly exports: LanesExports;
  readonly memory: Uint8Array;
  readonly laneBytes: number;
  /** Bytes of each message so far; only what is left of a block counts. */
  readonly doneBytes: number[];
}

const inputAt = ({ exports, laneBytes }: Work, lane: number) => exports.heapStart() + lane * laneBytes;

/** Runs whole blocks of some lanes in step; the others' states come out as they went in. */
function updateTogether(work: Work, lanes: readonly number[], range: { start: number; bytes: number }): void {
  const { exports, memory, doneBytes } = work;
  const [first = 0] = lanes;
  const at = (lane: number) => inputAt(work, lanes.includes(lane) ? lane : first) + range.start;
  const statesAt = exports.statesAt();
  const stateBytes = exports.stateBytes();
  const before = memory.slice(statesAt, statesAt + LANES.length * stateBytes);
  exports.md5UpdateAll(at(0), at(1), at(2), at(3), range.bytes);
  for (const lane of LANES) {
    const from = lane * stateBytes;
    if (lanes.includes(lane)) doneBytes[lane] = (doneBytes[lane] ?? 0) + range.bytes;
    else memory.set(before.subarray(from, from + stateBytes), statesAt + from);
  }
}

function update(work: Work, start: number, ends: readonly number[]): void {
  const { exports, doneBytes } = work;
  const at: number[] = LANES.map(() => start);
  const leftBytes = (lane: number) => (ends[lane] ?? 0) - (at[lane] ?? 0);
  // A lane with a part of a block goes alone until its end; that comes after a short read only.
  const isEven = (lane: number) =>
    (doneBytes[lane] ?? 0) % BLOCK_BYTES === 0 && leftBytes(lane) >= BLOCK_BYTES;
  let lanes: readonly number[] = LANES.filter(isEven);
  for (let from = start; lanes.length > 1; lanes = lanes.filter(isEven)) {
    const leastBytes = Math.min(...lanes.map(leftBytes));
    const bytes = leastBytes - (leastBytes % BLOCK_BYTES);
    updateTogether(work, lanes, { start: from, bytes });
    from += bytes;
    for (const lane of lanes) at[lane] = from;
  }
  for (const lane of LANES) {
    const bytes = leftBytes(lane);
    if (bytes <= 0) continue;
    exports.md5Update(lane, inputAt(work, lane) + (at[lane] ?? 0), bytes);
    doneBytes[lane] = (doneBytes[lane] ?? 0) + bytes;
  }
}

/**
 * Gives four lanes for MD5; needs a runtime with `Buffer`.
 * @param laneBytes Size of each lane's buffer, a multiple of 64.
 * @throws NativeError `NATIVE_NOT_BUILT`, `NATIVE_UNAVAILABLE` where WebAssembly has no SIMD, or `NATIVE_MEMORY`.
 */
export async function createMd5Lanes(laneBytes: number): Promise<Md5Lanes> {
  const taken = idle;
  idle = null;
  const exports = taken ?? (await instantiate());
  growFor(exports, laneBytes);
  const memory = new Uint8Array(exports.memory.buffer);
  const work: Work = { exports, memory, laneBytes, doneBytes: LANES.map(() => 0) };
  for (const lane of LANES) exports.md5Start(lane);
  return {
    count: LANES.length,
    buffer: (lane) => memory.subarray(inputAt(work, lane), inputAt(work, lane) + laneBytes),
    update: (start, ends) => update(work, start, ends),
    digest(lane) {
      exports.md5Finish(lane);
      const from = exports.statesAt() + lane * exports.stateBytes();
      const digest = formatHex(memory.subarray(from, from + MD5_BYTES));
      exports.md5Start(lane);
      work.doneBytes[lane] = 0;
      return digest;
    },
    release() {
      idle = exports;
    },
  };
}
