import { type ByteSource, readExactly } from "@multitap/native/byte-source";
import { createPacer } from "@multitap/native/pacer";
import { createPortableHasher } from "@multitap/native/portable-hash";
import type { Hashes, NativeProgress } from "./types.ts";

/** Bytes of one read: large enough to keep a disk or a network busy. */
const READ_BYTES = 1 << 20;
/** Bytes hashed between two looks at the clock: half a millisecond of work, so that slices end when they should. */
const STEP_BYTES = 1 << 17;

/** Gives digests of all sources behind one another, each read once; what is thrown is not yet of our class. */
export async function digestAll<H extends "crc32" | "md5" | "sha1">(
  sources: readonly ByteSource[],
  names: readonly H[],
  options: {
    readonly signal: AbortSignal | undefined;
    readonly onProgress: ((progress: NativeProgress) => void) | undefined;
  },
): Promise<Hashes<H>> {
  const { signal, onProgress } = options;
  const hasher = await createPortableHasher(names);
  const pacer = createPacer(signal);
  const totalBytes = sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let doneBytes = 0;
  for (const source of sources) {
    for (let start = 0; start < source.sizeBytes; start += READ_BYTES) {
      const end = Math.min(start + READ_BYTES, source.sizeBytes);
      const bytes = await readExactly(source, { start, end }, signal);
      for (let at = 0; at < bytes.length; at += STEP_BYTES) {
        await pacer.step();
        hasher.update(bytes.subarray(at, at + STEP_BYTES));
      }
      doneBytes += bytes.length;
      onProgress?.({ doneBytes, totalBytes });
    }
  }
  // The digests of these names are texts, which the conditional type hides as long as `H` is open.
  return hasher.digest() as Hashes<H>;
}
