import { join } from "node:path";
import type { ApiClient } from "./api-client.ts";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import type { DownloadResult } from "./download-child.ts";
import { runChild } from "./load.ts";
import { readRssBytes } from "./processes.ts";
import { type Summary, summarize } from "./statistics.ts";
import { BUN } from "./workspace.ts";

/** Bytes of 10^9 a second, and the memory of the server meanwhile. */
export interface ContentFigures {
  readonly sizeBytes: number;
  readonly gigabytesPerSecond: Summary;
  /** Of the very first download, which may have to make something first. */
  readonly firstGigabytesPerSecond: number;
  /** At most above what it was before. */
  readonly grownBytes: number;
}

/** What is downloaded, and how often. */
export interface ContentOptions {
  readonly client: ApiClient;
  readonly serverPid: number;
  readonly path: string;
  /** Resident memory of the idle server. */
  readonly idleRssBytes: number;
  /** Of what the answer must hold at least. */
  readonly leastBytes: number;
  readonly runs: number;
}

const SAMPLE_MS = 10;
const DOWNLOAD_MAX_MS = 300_000;

/** Downloads a content once and then several times more, each time with a client in its own process. */
export async function measureContent(cleanup: Cleanup, options: ContentOptions): Promise<ContentFigures> {
  const { serverPid, idleRssBytes, runs } = options;
  let peakRssBytes = 0;
  const sampler = setInterval(() => {
    peakRssBytes = Math.max(peakRssBytes, readRssBytes(serverPid));
  }, SAMPLE_MS);
  try {
    const first = await download(cleanup, options);
    const speeds: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const { bodyBytes, seconds } = await download(cleanup, options);
      speeds.push(bodyBytes / 1e9 / seconds);
    }
    return {
      sizeBytes: first.bodyBytes,
      gigabytesPerSecond: summarize(speeds),
      firstGigabytesPerSecond: first.bodyBytes / 1e9 / first.seconds,
      grownBytes: peakRssBytes - idleRssBytes,
    };
  } finally {
    clearInterval(sampler);
  }
}

async function download(
  cleanup: Cleanup,
  { client, path, leastBytes }: ContentOptions,
): Promise<DownloadResult> {
  const command = [BUN, join(import.meta.dir, "download-child.ts"), client.url + path, client.authorization];
  const text = await runChild(cleanup, command, DOWNLOAD_MAX_MS);
  const result = JSON.parse(/^RESULT (.*)$/m.exec(text)?.[1] ?? "{}") as DownloadResult;
  // Chunked answers count with the marks of their chunks, which are some bytes in each hundred thousand.
  if (result.status === 200 && result.bodyBytes >= leastBytes) return result;
  throw new BenchError(`the download gave ${JSON.stringify(result)} instead of ${leastBytes} bytes`);
}
