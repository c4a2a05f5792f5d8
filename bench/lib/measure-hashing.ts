import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { HASH_BUFFER_BYTES } from "../../server/src/ports/compute/limits.ts";
import type { Compute } from "../../server/src/ports/compute/port.ts";
import { createWorkers } from "../../server/src/ports/compute/workers.ts";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import { type Summary, summarize } from "./statistics.ts";
import { createFolder, writeLargeFile } from "./workspace.ts";

/** All three digests of some files in one task. */
export interface TaskFigures {
  readonly files: number;
  readonly nsPerByte: Summary;
  /** Median speed as a share of md5's alone. */
  readonly share: number;
}

/** Times are nanoseconds per byte, of CPU unless said. */
export interface HashFigures {
  readonly sizeBytes: number;
  /** By the number of files that are hashed in one task, one first. */
  readonly tasks: readonly TaskFigures[];
  readonly md5Alone: Summary;
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

/** Files of one task; a scan puts up to four large ones together. */
const FILE_COUNTS = [1, 2, 3, 4] as const;

/** Measures the server's own hashing task over large files, against md5 alone, in turn. */
export async function measureHashing(cleanup: Cleanup, options: HashOptions): Promise<HashFigures> {
  const { sizeBytes, runs } = options;
  const path = join(createFolder(cleanup, "hash"), "large.bin");
  await writeLargeFile(path, sizeBytes);
  const workers = Math.max(1, Math.min(options.cores, WORKERS_MAX));
  const compute = createWorkers({ size: workers });
  cleanup.add(() => compute.close());
  const file = { path, sizeBytes };
  // The first round fills the page cache, starts the threads and has their code compiled.
  for (const count of FILE_COUNTS) await hashTogether(compute, file, { workers, count });
  const byCount = FILE_COUNTS.map((): number[] => []);
  const singleWall: number[] = [];
  const md5Alone: number[] = [];
  const together: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    md5Alone.push((await measure(async () => hashMd5(file))).cpuNs / sizeBytes);
    for (const [index, count] of FILE_COUNTS.entries()) {
      const task = await measure(() => hashTogether(compute, file, { workers: 1, count }));
      byCount[index]?.push(task.cpuNs / (sizeBytes * count));
      if (count === 1) singleWall.push(task.wallNs / sizeBytes);
    }
    const all = await measure(() => hashTogether(compute, file, { workers, count: 1 }));
    together.push(all.wallNs / (sizeBytes * workers));
  }
  const alone = summarize(md5Alone);
  const wall = summarize(together);
  const toFigures = (files: number, index: number): TaskFigures => {
    const nsPerByte = summarize(byCount[index] ?? []);
    return { files, nsPerByte, share: alone.median / nsPerByte.median };
  };
  return {
    sizeBytes,
    tasks: FILE_COUNTS.map(toFigures),
    md5Alone: alone,
    together: wall,
    workers,
    scaling: summarize(singleWall).median / wall.median,
  };
}

interface LargeFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Hashes the file on some workers at the same time, `count` times in each task. */
async function hashTogether(
  compute: Compute,
  { path, sizeBytes }: LargeFile,
  { workers, count }: { readonly workers: number; readonly count: number },
): Promise<void> {
  const files = Array.from({ length: count }, (_, id) => ({ id, path, expectedSizeBytes: sizeBytes }));
  const tasks = Array.from({ length: workers }, () => compute.run("hash-files", { files }));
  for (const result of (await Promise.all(tasks)).flat()) {
    if ("failure" in result) throw new BenchError(`not hashed: ${JSON.stringify(result)}`);
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
