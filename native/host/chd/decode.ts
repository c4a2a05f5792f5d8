import { CODEC_CD_DEFLATE } from "../../assembly/chd/codecs/ids.ts";
import type { DiscExports } from "../load.ts";
import type { PatternEntry, StoredEntry } from "./hunk-map.ts";

/** How one hunk of a job is made. */
export type HunkStep =
  /** From a part of the file that lies in `blobs`; codec 0: as it is. */
  | StoredEntry
  | PatternEntry
  | { readonly kind: "zeros" }
  /** The same as an earlier step of this job. */
  | { readonly kind: "again"; readonly step: number }
  /** Known already. */
  | { readonly kind: "given"; readonly bytes: Uint8Array };

/** Some consecutive hunks to make; plain data, so that it can be sent to another thread. */
export interface DecodeJob {
  readonly hunkBytes: number;
  /** Part of the file that holds what is stored. */
  readonly blobs: Uint8Array;
  /** Where in the file that part begins. */
  readonly blobsAt: number;
  readonly steps: readonly HunkStep[];
}

/** What is wrong with a step's hunk: a number of the WebAssembly, or the checksum. */
export interface DecodeFailure {
  readonly step: number;
  readonly reason: number | "crc";
}

/** The hunks behind one another, zeros in place of those that failed. */
export interface DecodeResult {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly failures: readonly DecodeFailure[];
}

/** What the codecs may touch around input, output and scratch area, in bytes. */
const PAD_BYTES = 512;
/** The scratch area holds a hunk in two parts with a pad behind each. */
const SCRATCH_EXTRA_BYTES = 3 * PAD_BYTES;

interface Layout {
  readonly input: number;
  readonly output: number;
  readonly scratch: number;
}

const align = (at: number) => (at + 15) & ~15;

/** Lays a job out in the chunk's memory; null when it cannot grow that far. */
function layOut(disc: DiscExports, job: DecodeJob): Layout | null {
  let inputBytes = 0;
  let hasCd = false;
  for (const step of job.steps) {
    if (step.kind !== "stored" || step.codec === 0) continue;
    inputBytes = Math.max(inputBytes, step.lengthBytes);
    hasCd ||= step.codec >= CODEC_CD_DEFLATE;
  }
  const input = align(disc.heapStart() + PAD_BYTES);
  const output = align(input + inputBytes + PAD_BYTES);
  const scratch = align(output + job.steps.length * job.hunkBytes + PAD_BYTES);
  const end = scratch + (hasCd ? job.hunkBytes + SCRATCH_EXTRA_BYTES : 0);
  return disc.growTo(end) === 0 ? { input, output, scratch } : null;
}

/** Fills a part of the memory with eight bytes over and over. */
function writePattern(memory: Uint8Array, range: { at: number; end: number }, pattern: PatternEntry): void {
  const view = new DataView(memory.buffer);
  for (let at = range.at; at < range.end; at += 1) {
    const shift = 24 - 8 * ((at - range.at) & 3);
    const word = ((at - range.at) & 4) === 0 ? pattern.high : pattern.low;
    view.setUint8(at, (word >>> shift) & 0xff);
  }
}

/** A job in the memory, and where its hunks begin. */
interface Workplace {
  readonly disc: DiscExports;
  readonly job: DecodeJob;
  readonly layout: Layout;
  readonly memory: Uint8Array;
}

/** Makes one hunk in memory; gives OK or an error's number. */
function makeHunk(place: Workplace, step: HunkStep, at: number): number {
  const { job, layout, memory } = place;
  const end = at + job.hunkBytes;
  switch (step.kind) {
    case "stored": {
      const start = step.offset - job.blobsAt;
      const blob = job.blobs.subarray(start, start + step.lengthBytes);
      memory.set(blob, step.codec === 0 ? at : layout.input);
      if (step.codec === 0) return 0;
      const { input, scratch } = layout;
      return place.disc.decodeHunk(step.codec, input, blob.length, at, job.hunkBytes, scratch);
    }
    case "again": {
      const from = layout.output + step.step * job.hunkBytes;
      memory.copyWithin(at, from, from + job.hunkBytes);
      return 0;
    }
    case "given":
      memory.set(step.bytes, at);
      return 0;
    case "pattern":
      writePattern(memory, { at, end }, step);
      return 0;
    case "zeros":
      memory.fill(0, at, end);
      return 0;
  }
}

function isSound(place: Workplace, step: HunkStep, at: number): boolean {
  if ((step.kind !== "stored" && step.kind !== "pattern") || step.check === "none") return true;
  const { disc, job } = place;
  if (step.check === "crc16") return disc.crc16(at, job.hunkBytes) === step.crc;
  return disc.crc32(at, job.hunkBytes) >>> 0 === step.crc;
}

/**
 * Makes the hunks of a job in the chunk's memory.
 * @returns Where they begin, and what failed; null when the memory cannot be had.
 */
export function decodeInPlace(
  disc: DiscExports,
  job: DecodeJob,
): { readonly at: number; readonly failures: readonly DecodeFailure[] } | null {
  const layout = layOut(disc, job);
  if (layout === null) return null;
  const memory = new Uint8Array(disc.memory.buffer);
  const place: Workplace = { disc, job, layout, memory };
  const failures: DecodeFailure[] = [];
  let at = layout.output;
  for (const [index, step] of job.steps.entries()) {
    const error = makeHunk(place, step, at);
    const inherited =
      step.kind === "again" ? failures.find((failure) => failure.step === step.step) : undefined;
    if (inherited !== undefined) failures.push({ step: index, reason: inherited.reason });
    else if (error !== 0 || !isSound(place, step, at)) {
      failures.push({ step: index, reason: error === 0 ? "crc" : error });
      memory.fill(0, at, at + job.hunkBytes);
    }
    at += job.hunkBytes;
  }
  return { at: layout.output, failures };
}

/** Makes the hunks of a job as bytes of their own; null when the memory cannot be had. */
export function decodeJob(disc: DiscExports, job: DecodeJob): DecodeResult | null {
  const made = decodeInPlace(disc, job);
  if (made === null) return null;
  const bytes = new Uint8Array(disc.memory.buffer, made.at, job.steps.length * job.hunkBytes).slice();
  return { bytes, failures: made.failures };
}
