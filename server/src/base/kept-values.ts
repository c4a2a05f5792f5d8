import type { Context } from "./context.ts";

/** A value that was made, and what keeping it costs. */
export interface MadeValue<T> {
  readonly value: T;
  /** Memory that the value takes; null for a value that must not be kept. */
  readonly sizeBytes: number | null;
}

/** Values made from what the database holds, valid until anything they show may have changed. */
export interface KeptValues {
  /**
   * Gives the value of a key, making it at most once at a time. All callers share it, so nobody may change it.
   * @param key Says all that the value depends on beside the library, and by its first word what kind of value it is:
   *   one kind always has the same type.
   * @param make Called when nothing valid is kept; its value is kept only if nothing changed meanwhile.
   */
  load<T>(key: string, make: () => Promise<MadeValue<T>>): Promise<T>;
  /** Forgets everything: something was written. */
  invalidate(): void;
}

export interface KeptValuesOptions {
  /** Bytes of values kept; the least recently used go first. */
  readonly bytesMax: number;
  /** Longest life of a value, in case an announcement of a change was lost. */
  readonly ageMaxMs: number;
}

interface Kept {
  readonly value: unknown;
  readonly costBytes: number;
  readonly madeAtMs: number;
}

/** Bytes an entry costs beside its value and its key. */
const ENTRY_BYTES = 512;

/** Makes an empty store. */
export function createKeptValues({ bytesMax, ageMaxMs }: KeptValuesOptions): KeptValues {
  let kept = new Map<string, Kept>();
  let making = new Map<string, Promise<unknown>>();
  let keptBytes = 0;

  function remove(key: string, entry: Kept): void {
    kept.delete(key);
    keptBytes -= entry.costBytes;
  }
  function keep(key: string, { value, sizeBytes }: MadeValue<unknown>): void {
    if (sizeBytes === null) return;
    // Keys hold texts that callers choose, so they count: two bytes a character.
    const costBytes = sizeBytes + 2 * key.length + ENTRY_BYTES;
    if (costBytes > bytesMax) return;
    const older = kept.get(key);
    if (older !== undefined) remove(key, older);
    kept.set(key, { value, costBytes, madeAtMs: performance.now() });
    keptBytes += costBytes;
    for (const [oldest, entry] of kept) {
      if (keptBytes <= bytesMax) return;
      remove(oldest, entry);
    }
  }
  function find(key: string): Kept | null {
    const entry = kept.get(key);
    if (entry === undefined) return null;
    if (performance.now() - entry.madeAtMs > ageMaxMs) {
      remove(key, entry);
      return null;
    }
    // A map keeps insertion order, so what was used last stands last.
    kept.delete(key);
    kept.set(key, entry);
    return entry;
  }
  function share<T>(key: string, make: () => Promise<MadeValue<T>>): Promise<T> {
    const running = making;
    const made = make()
      .then((fresh) => {
        // A value made from what was there before a change must not outlive the change.
        if (running === making) keep(key, fresh);
        return fresh.value;
      })
      .finally(() => running.delete(key));
    running.set(key, made);
    return made;
  }

  return {
    load<T>(key: string, make: () => Promise<MadeValue<T>>): Promise<T> {
      const found = find(key);
      // One key has values of one type, as every caller promises.
      if (found !== null) return Promise.resolve(found.value as T);
      return (making.get(key) as Promise<T> | undefined) ?? share(key, make);
    },
    invalidate() {
      kept = new Map();
      making = new Map();
      keptBytes = 0;
    },
  };
}

/**
 * What is kept under a key of `KeptValues`, or else what `make` gives. Inside a transaction, which may hold changes
 * that are not committed, and where the operator turned keeping off, it is made anew each time.
 */
export async function recall<T>(
  { db, ports }: Pick<Context, "db" | "ports">,
  key: string,
  make: () => Promise<MadeValue<T>>,
): Promise<T> {
  const { kept = null } = ports;
  if (kept === null || db !== ports.database) return (await make()).value;
  return await kept.load(key, make);
}
