import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { HASH_BUFFER_BYTES } from "../../server/src/ports/compute/limits.ts";
import type { Compute } from "../../server/src/ports/compute/port.ts";
import { createWorkers } from "../../server/src/ports/compute/workers.ts";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import { type Summary, summarize } from "./statistics.ts";
import { createFolder, writeLargeFile } from "./workspace.ts";

/** Times are nanoseconds per byte, of CPU unless said. */
export interface HashFigures {
  readonly sizeBytes: number;
  /** All three digests in one read. */
  readonly single: Summary;
  readonly md5Alone: Summary;
  /** Median speed of all three as a share of md5's alone. */
  readonly share: number;
  readonly workers: number;
  /** Wall time, one file per worker at the same time. */
  readonly together: Summary;
  /** Wall speed of all workers as a multiple of one's. */
  readonly scaling: number;
}

export interface HashOptions {
  readonly sizeBytes: number;
  readonly runs: number;
  readonly cores: number;
}

/** Workers beyond these say nothing more about how the pool scales. */
const WORKERS_MAX = 8;

/** Measures the server's own hashing task over one large file, against md5 alone, run about. */
export async function measureHashing(cleanup: Cleanup, options: HashOptions): Promise<HashFigures> {
  const { sizeBytes, runs } = options;
  const path = join(createFolder(cleanup, "hash"), "large.bin");
  await writeLargeFile(path, sizeBytes);
  const workers = Math.max(1, Math.min(options.cores, WORKERS_MAX));
  const compute = createWorkers({ size: workers });
  cleanup.add(() => compute.close());
  const file = { path, sizeBytes };
  // The first round fills the page cache and starts the threads.
  await hashTogether(compute, file, workers);
  const single: number[] = [];
  const singleWall: number[] = [];
  const md5Alone: number[] = [];
  const together: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const one = await measure(() => hashTogether(compute, file, 1));
    single.push(one.cpuNs / sizeBytes);
    singleWall.push(one.wallNs / sizeBytes);
    md5Alone.push((await measure(async () => hashMd5(file))).cpuNs / sizeBytes);
    const all = await measure(() => hashTogether(compute, file, workers));
    together.push(all.wallNs / (sizeBytes * workers));
  }
  const summaries = {
    single: summarize(single),
    md5Alone: summarize(md5Alone),
    together: summarize(together),
  };
  return {
    sizeBytes,
    ...summaries,
    share: summaries.md5Alone.median / summaries.single.median,
    workers,
    scaling: summarize(singleWall).median / summaries.together.median,
  };
}

interface LargeFile {
  readonly path: string;
  readonly sizeBytes: number;
}

async function hashTogether(compute: Compute, { path, sizeBytes }: LargeFile, count: number): Promise<void> {
  const files = [{ id: 1, path, expectedSizeBytes: sizeBytes }];
  const tasks = Array.from({ length: count }, () => compute.run("hash-files", { files }));
  for (const [result] of await Promise.all(tasks)) {
    if (result === undefined || "failure" in result) {
      throw new BenchError(`the large file was not hashed: ${JSON.stringify(result)}`);
    }
  }
}

/** The yardstick: read as the task reads, one digest only. */
function hashMd5({ path }: LargeFile): void {
  const hasher = new Bun.CryptoHasher("md5");
  const buffer = new Uint8Array(HASH_BUFFER_BYTES);
  const handle = openSync(path, "r");
  try {
    for (let count = readSync(handle, buffer); count > 0; count = readSync(handle, buffer)) {
      hasher.update(count === buffer.length ? buffer : buffer.subarray(0, count));
    }
    hasher.digest("hex");
  } finally {
    closeSync(handle);
  }
}

/** CPU of all threads of this process, which does nothing else meanwhile, and wall time. */
async function measure(
  work: () => Promise<void>,
): Promise<{ readonly cpuNs: number; readonly wallNs: number }> {
  const startedAtMs = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { cpuNs: (user + system) * 1000, wallNs: (performance.now() - startedAtMs) * 1e6 };
}
