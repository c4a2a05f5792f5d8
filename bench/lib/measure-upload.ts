import { rm } from "node:fs/promises";
import { join } from "node:path";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import { runChild } from "./load.ts";
import { readRssBytes } from "./processes.ts";
import { type Summary, summarize } from "./statistics.ts";
import type { UploadOrder, UploadResult } from "./upload-child.ts";
import type { ServerSession } from "./with-server.ts";
import { BUN } from "./workspace.ts";

/** Bytes of 10^6 a second, the last request included. */
export interface UploadFigures {
  readonly megabytesPerSecond: Summary;
  /** How long the last request took. */
  readonly finishSeconds: Summary;
  /** Resident memory of the server, at most above what it was before. */
  readonly grownBytes: number;
}

export interface UploadPlan
  extends Pick<UploadOrder, "platformId" | "sizeBytes" | "chunkBytes" | "connections"> {
  /** Where the platform's files lie, on this machine. */
  readonly folder: string;
  readonly runs: number;
}

const SAMPLE_MS = 10;
const UPLOAD_MAX_MS = 300_000;

/** Uploads a file several times, each time with a client in its own process, and removes it again. */
export async function measureUpload(
  cleanup: Cleanup,
  { server, client, idleRssBytes }: ServerSession,
  { folder, runs, ...plan }: UploadPlan,
): Promise<UploadFigures> {
  let peakRssBytes = idleRssBytes;
  const sampler = setInterval(() => {
    peakRssBytes = Math.max(peakRssBytes, readRssBytes(server.pid));
  }, SAMPLE_MS);
  try {
    const results: UploadResult[] = [];
    for (let run = 0; run < runs; run += 1) {
      const fileName = `Large Game ${run}.bin`;
      const { url, authorization } = client;
      results.push(await upload(cleanup, { ...plan, url, authorization, fileName }));
      const path = join(folder, fileName);
      if (Bun.file(path).size !== plan.sizeBytes) throw new BenchError(`${path} is not what was sent`);
      await rm(path);
    }
    return {
      megabytesPerSecond: summarize(results.map(({ seconds }) => plan.sizeBytes / 1e6 / seconds)),
      finishSeconds: summarize(results.map(({ finishSeconds }) => finishSeconds)),
      grownBytes: peakRssBytes - idleRssBytes,
    };
  } finally {
    clearInterval(sampler);
  }
}

async function upload(cleanup: Cleanup, order: UploadOrder): Promise<UploadResult> {
  const command = [BUN, join(import.meta.dir, "upload-child.ts"), JSON.stringify(order)];
  const text = await runChild(cleanup, command, UPLOAD_MAX_MS);
  const [, json] = /^RESULT (.*)$/m.exec(text) ?? [];
  if (json === undefined) throw new BenchError(`the upload ended with ${text}`);
  return JSON.parse(json) as UploadResult;
}
