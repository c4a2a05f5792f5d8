import { ARCHIVE_EXTENSIONS } from "../../base/archive-names.ts";
import {
  HASH_BATCH_BYTES,
  HASH_BATCH_FILES,
  HASH_LARGE_BATCH_BYTES,
  HASH_LARGE_FILE_BYTES,
  HASH_LARGE_FILES_MAX,
} from "../limits.ts";

/** What decides how much of the work a file is. */
interface Sized {
  readonly sizeBytes: number;
}

/**
 * Splits files into tasks: many small ones together, and large ones so that each worker gets some. A task hashes
 * large files in step, which takes less time than one by one, as long as no worker is idle for it.
 * @param workers Tasks that run at the same time.
 */
export function toBatches<T extends Sized>(files: readonly T[], workers: number): readonly (readonly T[])[] {
  const isLarge = (file: T) => file.sizeBytes >= HASH_LARGE_FILE_BYTES;
  // By size, so that the files of a batch end close to each other; the largest first, so that no worker starts late.
  const large = files.filter(isLarge).sort((one, other) => other.sizeBytes - one.sizeBytes);
  const each = Math.max(1, Math.min(HASH_LARGE_FILES_MAX, Math.floor(large.length / workers)));
  return [
    ...split(large, { filesMax: each, bytesMax: HASH_LARGE_BATCH_BYTES }),
    ...split(
      files.filter((file) => !isLarge(file)),
      { filesMax: HASH_BATCH_FILES, bytesMax: HASH_BATCH_BYTES },
    ),
  ];
}

/** Splits files in their order; a file above the bytes of a batch has its own. */
function split<T extends Sized>(
  files: readonly T[],
  { filesMax, bytesMax }: { readonly filesMax: number; readonly bytesMax: number },
): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let bytes = 0;
  for (const file of files) {
    const isFull = batch.length >= filesMax || bytes + file.sizeBytes > bytesMax;
    if (batch.length > 0 && isFull) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += file.sizeBytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Tells by its name whether a rom is an archive; what only its content tells, the hashing finds out. */
export function isArchiveName(fileName: string): boolean {
  const name = fileName.toLowerCase();
  const last = name.slice(name.lastIndexOf(".") + 1);
  return ARCHIVE_EXTENSIONS.has(last) || /\.tar\.(?:gz|bz2|xz)$/.test(name);
}
