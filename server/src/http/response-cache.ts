/** A finished JSON answer. */
export interface CachedAnswer {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly status: number;
}

/** Finished answers of read routes, valid until anything they show may have changed. */
export interface ResponseCache {
  /**
   * Gives the answer of a key, making it at most once at a time.
   * @param make Called when nothing valid is kept; its answer is kept only if nothing changed meanwhile.
   */
  answer(key: string, make: () => Promise<CachedAnswer>): Promise<CachedAnswer>;
  /** Forgets everything: something was written. */
  invalidate(): void;
}

export interface ResponseCacheOptions {
  /** Bytes of bodies kept; the least recently used go first. */
  readonly bytesMax: number;
  /** Longest life of an answer, in case an announcement of a change was lost. */
  readonly ageMaxMs: number;
}

interface Kept {
  readonly answer: CachedAnswer;
  readonly madeAtMs: number;
}

/** Bytes an entry costs beside its body and its key. */
const ENTRY_BYTES = 512;

/** Makes an empty cache. */
export function createResponseCache({ bytesMax, ageMaxMs }: ResponseCacheOptions): ResponseCache {
  let kept = new Map<string, Kept>();
  let making = new Map<string, Promise<CachedAnswer>>();
  let keptBytes = 0;
  // Keys hold URLs that callers choose, so they count: two bytes a character.
  const costOf = (key: string, answer: CachedAnswer) => answer.body.byteLength + 2 * key.length + ENTRY_BYTES;

  function remove(key: string, entry: Kept): void {
    kept.delete(key);
    keptBytes -= costOf(key, entry.answer);
  }
  function keep(key: string, answer: CachedAnswer): void {
    const older = kept.get(key);
    if (older !== undefined) remove(key, older);
    kept.set(key, { answer, madeAtMs: performance.now() });
    keptBytes += costOf(key, answer);
    for (const [oldest, entry] of kept) {
      if (keptBytes <= bytesMax) return;
      remove(oldest, entry);
    }
  }
  function find(key: string): CachedAnswer | null {
    const entry = kept.get(key);
    if (entry === undefined) return null;
    if (performance.now() - entry.madeAtMs > ageMaxMs) {
      remove(key, entry);
      return null;
    }
    // A map keeps insertion order, so what was used last stands last.
    kept.delete(key);
    kept.set(key, entry);
    return entry.answer;
  }

  return {
    answer(key, make) {
      const found = find(key);
      if (found !== null) return Promise.resolve(found);
      const running = making;
      const shared = running.get(key);
      if (shared !== undefined) return shared;
      const answer = make()
        .then((made) => {
          // An answer made from what was there before a change must not outlive the change.
          if (running === making && made.status === 200 && costOf(key, made) <= bytesMax) keep(key, made);
          return made;
        })
        .finally(() => running.delete(key));
      running.set(key, answer);
      return answer;
    },
    invalidate() {
      kept = new Map();
      making = new Map();
      keptBytes = 0;
    },
  };
}
