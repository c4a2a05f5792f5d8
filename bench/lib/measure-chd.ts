import { loadavg } from "node:os";
import { join } from "node:path";
import { BenchError } from "./bench-error.ts";
import { type ChdInput, type Codec, runChdman } from "./chd-files.ts";
import type { Cleanup } from "./cleanup.ts";
import type { DecodeResult } from "./decode-child.ts";
import { runChild } from "./load.ts";
import { type Summary, summarize } from "./statistics.ts";
import { BUN } from "./workspace.ts";

const CHILD = join(import.meta.dir, "decode-child.ts");
const CHILD_MAX_MS = 600_000;

/** Megabytes of content a second of CPU, ours and chdman's in turn. */
export interface CodecFigures {
  readonly codec: Codec;
  readonly logicalBytes: number;
  readonly storedBytes: number;
  readonly ours: Summary;
  readonly theirs: Summary;
  readonly ratio: number;
}

export interface Rounds {
  readonly chdman: string;
  readonly rounds: number;
}

/** Decodes a file to its end with both, thrown away as it comes: ours as a stream, chdman's `extractraw`. */
export async function measureCodec(
  cleanup: Cleanup,
  input: ChdInput,
  { chdman, rounds }: Rounds,
): Promise<CodecFigures> {
  const { codec, path, logicalBytes, storedBytes } = input;
  const ours: number[] = [];
  const theirs: number[] = [];
  // One round more than counts: the first one reads the file from the disk.
  for (let round = 0; round <= rounds; round += 1) {
    const own = await runDecode(cleanup, ["decode", path]);
    if (own.bytes !== logicalBytes) throw new BenchError(`${codec}: ${own.bytes} bytes of ${logicalBytes}`);
    const native = await runChdman(chdman, ["extractraw", "-i", path, "-o", "/dev/null", "-f"]);
    if (round === 0) continue;
    ours.push(logicalBytes / 1000 / own.cpuMs);
    theirs.push(logicalBytes / 1000 / native.cpuMs);
  }
  const [own, native] = [summarize(ours), summarize(theirs)];
  return {
    codec,
    logicalBytes,
    storedBytes,
    ours: own,
    theirs: native,
    ratio: own.median / native.median,
  };
}

/** Seconds of wall time. */
export interface VerifyFigures {
  readonly codec: Codec;
  readonly workers: number;
  readonly ours: Summary;
  readonly theirs: Summary;
  /** chdman's time as a multiple of ours. */
  readonly ratio: number;
  /** One-minute load average right before; the bench itself adds to it. */
  readonly loadBefore: number;
}

/** Holds a file against all its checksums with both: ours on two threads, chdman on its one. */
export async function measureVerify(
  cleanup: Cleanup,
  input: ChdInput,
  { chdman, rounds }: Rounds,
): Promise<VerifyFigures> {
  const workers = 2;
  const loadBefore = loadavg()[0] ?? 0;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const own = await runDecode(cleanup, ["verify", input.path, String(workers)]);
    if (own.isIntact !== true) throw new BenchError(`${input.codec}: the file was not found intact`);
    ours.push(own.wallMs / 1000);
    theirs.push((await runChdman(chdman, ["verify", "-i", input.path])).wallMs / 1000);
  }
  const [own, native] = [summarize(ours), summarize(theirs)];
  return {
    codec: input.codec,
    workers,
    ours: own,
    theirs: native,
    ratio: native.median / own.median,
    loadBefore,
  };
}

async function runDecode(cleanup: Cleanup, args: readonly string[]): Promise<DecodeResult> {
  const text = await runChild(cleanup, [BUN, CHILD, ...args], CHILD_MAX_MS);
  const found = /^RESULT (.*)$/m.exec(text)?.[1];
  if (found === undefined) throw new BenchError(`the decoding child said: ${text}`);
  return JSON.parse(found) as DecodeResult;
}
