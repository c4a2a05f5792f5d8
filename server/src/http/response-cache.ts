import { createKeptValues, type KeptValues, type KeptValuesOptions } from "../base/kept-values.ts";

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
}

/** Makes an empty cache. */
export function createResponseCache(options: KeptValuesOptions): ResponseCache {
  const kept = createKeptValues(options);
  return {
    ...kept,
    answer: (key, make) =>
      kept.load(`answer ${key}`, async () => {
        const value = await make();
        return { value, sizeBytes: value.status === 200 ? value.body.byteLength : null };
      }),
  };
}
