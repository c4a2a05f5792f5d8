import type { Environment } from "../environment.ts";
import type { HttpParts } from "../http/rest.ts";
import type { ContentPlace } from "./content.ts";
import { loadLate } from "./late.ts";
import type { TransferQueue } from "./queue.ts";
import type { ByteSink, TransferOptions, TransferResult } from "./types.ts";

/** What a download needs of the client. */
export interface DownloadParts extends HttpParts {
  readonly queue: TransferQueue;
  readonly environment: Environment;
}

/** What to move, and where to. */
export interface DownloadJob {
  readonly place: ContentPlace;
  readonly sink: ByteSink;
  readonly options: TransferOptions;
  /** Digest of the bytes as the library lists it, where the answer itself tells none; null: not listed. */
  findSha1(head: Uint8Array): Promise<string | null>;
}

/**
 * Moves one content into a sink, in its turn: goes on where an earlier transfer stopped, and again after
 * each lost connection.
 * @throws MultitapError after the sink was suspended, so that another call can go on.
 */
export async function download(parts: DownloadParts, job: DownloadJob): Promise<TransferResult> {
  const { runDownload } = await loadLate(import("./run-download.ts"));
  return await runDownload(parts, job);
}
