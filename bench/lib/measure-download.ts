import { join } from "node:path";
import type { ApiClient } from "./api-client.ts";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import type { DownloadResult } from "./download-child.ts";
import { runChild } from "./load.ts";
import { readRssBytes } from "./processes.ts";
import { type Summary, summarize } from "./statistics.ts";
import { BUN } from "./workspace.ts";

/** Bytes of 10^9 a second. */
export interface DownloadFigures {
  readonly sizeBytes: number;
  readonly gigabytesPerSecond: Summary;
  /** All of several downloads at the same time. */
  readonly parallel: number;
  readonly parallelGigabytesPerSecond: number;
  /** Resident memory of the server before, and at most during all of it. */
  readonly idleRssBytes: number;
  readonly peakRssBytes: number;
}

export interface DownloadOptions {
  readonly client: ApiClient;
  readonly serverPid: number;
  readonly romId: number;
  readonly sizeBytes: number;
  readonly runs: number;
}

const SETTLE_MS = 2_000;
const SAMPLE_MS = 10;
const PARALLEL = 4;
const DOWNLOAD_MAX_MS = 120_000;

/** Downloads one file several times, each time with a client in its own process. */
export async function measureDownload(cleanup: Cleanup, options: DownloadOptions): Promise<DownloadFigures> {
  const { serverPid, sizeBytes, runs } = options;
  await Bun.sleep(SETTLE_MS);
  const idleRssBytes = readRssBytes(serverPid);
  let peakRssBytes = idleRssBytes;
  const sampler = setInterval(() => {
    peakRssBytes = Math.max(peakRssBytes, readRssBytes(serverPid));
  }, SAMPLE_MS);
  try {
    const speeds: number[] = [];
    for (let run = 0; run < runs; run += 1) speeds.push(sizeBytes / 1e9 / (await download(cleanup, options)));
    const seconds = await Promise.all(Array.from({ length: PARALLEL }, () => download(cleanup, options)));
    return {
      sizeBytes,
      gigabytesPerSecond: summarize(speeds),
      parallel: PARALLEL,
      parallelGigabytesPerSecond: (sizeBytes * PARALLEL) / 1e9 / Math.max(...seconds),
      idleRssBytes,
      peakRssBytes,
    };
  } finally {
    clearInterval(sampler);
  }
}

async function download(cleanup: Cleanup, { client, romId, sizeBytes }: DownloadOptions): Promise<number> {
  const url = `${client.url}/api/roms/${romId}/content/large.bin`;
  const command = [BUN, join(import.meta.dir, "download-child.ts"), url, client.authorization];
  const text = await runChild(cleanup, command, DOWNLOAD_MAX_MS);
  const result = JSON.parse(/^RESULT (.*)$/m.exec(text)?.[1] ?? "{}") as DownloadResult;
  if (result.status === 200 && result.bodyBytes === sizeBytes) return result.seconds;
  throw new BenchError(`the download gave ${JSON.stringify(result)} instead of ${sizeBytes} bytes`);
}
