import { createKeptValues, type KeptValues, type KeptValuesOptions } from "../base/kept-values.ts";
import { createPacker, measurePacked } from "./packing.ts";

/** A finished JSON answer. */
export interface CachedAnswer {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly status: number;
}

/** Finished answers of read routes beside what else is kept of the library: one store with one limit. */
export interface ResponseCache extends KeptValues {
  /**
   * Gives the answer of a key, making it at most once at a time.
   * @param make Called when nothing valid is kept; its answer is kept only if nothing changed meanwhile.
   */
  answer(key: string, make: () => Promise<CachedAnswer>): Promise<CachedAnswer>;
  /** The body of a kept answer packed with gzip; null until it was asked for some times, and when it is small. */
  findPacked(answer: CachedAnswer): Uint8Array<ArrayBuffer> | null;
}

/** Makes an empty cache. */
export function createResponseCache(options: KeptValuesOptions): ResponseCache {
  const kept = createKeptValues(options);
  const packer = createPacker();
  return {
    ...kept,
    answer: (key, make) =>
      kept.load(`answer ${key}`, async () => {
        const value = await make();
        return { value, sizeBytes: value.status === 200 ? measurePacked(value.body) : null };
      }),
    findPacked: (answer) => packer.find(answer, answer.body),
  };
}
