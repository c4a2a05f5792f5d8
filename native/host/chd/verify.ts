import { createPacer } from "../pacer.ts";
import type { NativeWorkers } from "../workers.ts";
import type { ChdFile } from "./chd-file.ts";
import { createDigests, sha1Of } from "./digests.ts";
import { formatHex } from "./fields.ts";
import { readRuns } from "./hunks.ts";
import { BAD_HUNKS_MAX } from "./limits.ts";
import type { ChdMetadata, ChdVerification, NativeProgress } from "./types.ts";

/** What every long call accepts. */
export interface LongOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch, and once more at the end. */
  readonly onProgress?: ((progress: NativeProgress) => void) | undefined;
  /** Threads for this call; those the file was opened with unless given. */
  readonly workers?: NativeWorkers | undefined;
}

const RECORD_BYTES = 24;
const SHA1_BYTES = 20;

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(index * 2, index * 2 + 2), 16),
  );
}

/**
 * Gives the SHA-1 over content and metadata: of the content's SHA-1, then of tag and SHA-1 of each entry that counts,
 * sorted.
 */
export async function overallSha1(rawSha1: string, metadata: readonly ChdMetadata[]): Promise<string> {
  const records: string[] = [];
  for (const { tag, bytes } of metadata.filter((entry) => entry.isChecksummed)) {
    const tagHex = formatHex(Array.from(tag, (character) => character.charCodeAt(0)));
    records.push(tagHex + formatHex(await sha1Of(bytes)));
  }
  const message = new Uint8Array(SHA1_BYTES + records.length * RECORD_BYTES);
  // Hex sorts as the bytes do.
  message.set(fromHex(rawSha1 + records.sort().join("")));
  return formatHex(await sha1Of(message));
}

async function findMismatches(
  file: ChdFile,
  digests: { readonly md5: string | null; readonly sha1: string },
  metadata: readonly ChdMetadata[],
): Promise<("md5" | "sha1" | "rawSha1")[]> {
  const { header } = file;
  const mismatches: ("md5" | "sha1" | "rawSha1")[] = [];
  if (header.md5 !== null && header.md5 !== digests.md5) mismatches.push("md5");
  if (header.rawSha1 !== null && header.rawSha1 !== digests.sha1) mismatches.push("rawSha1");
  if (
    header.version >= 4 &&
    header.sha1 !== null &&
    header.sha1 !== (await overallSha1(digests.sha1, metadata))
  ) {
    mismatches.push("sha1");
  }
  return mismatches;
}

/**
 * Reads the whole content and holds it against every checksum of the file.
 * @throws NativeError of the source or of a missing parent, and the signal's reason; damage is an answer, no error.
 */
export async function verifyChd(
  file: ChdFile,
  metadata: readonly ChdMetadata[],
  options: LongOptions,
): Promise<ChdVerification> {
  const { signal, onProgress } = options;
  const { hunkBytes, hunkCount, logicalBytes } = file.header;
  const digests = await createDigests({ hasMd5: file.header.md5 !== null });
  const pacer = createPacer(signal);
  const badHunks: number[] = [];
  let badHunkCount = 0;
  let hunksDone = 0;
  for await (const run of readRuns(file, { first: 0, end: hunkCount }, signal)) {
    const start = hunksDone * hunkBytes;
    await digests.update(run.bytes.subarray(0, Math.max(0, logicalBytes - start)));
    badHunkCount += run.bad.length;
    for (const { hunkIndex } of run.bad.slice(0, BAD_HUNKS_MAX - badHunks.length)) badHunks.push(hunkIndex);
    hunksDone += run.count;
    onProgress?.({ doneBytes: Math.min(hunksDone * hunkBytes, logicalBytes), totalBytes: logicalBytes });
    await pacer.step();
  }
  const found = await digests.finish();
  const mismatches = await findMismatches(file, found, metadata);
  const isIntact = badHunkCount === 0 && mismatches.length === 0;
  return { isIntact, badHunks, badHunkCount, sha1: found.sha1, mismatches };
}
