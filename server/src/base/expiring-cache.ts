import type { Clock } from "./clock.ts";

/** What one process remembers for a short while so that it need not be read again. */
export interface ExpiringCache<K, V> {
  /**
   * The value of a key, made when it is absent or too old. Callers at the same time share one making, and a
   * making that fails is forgotten.
   */
  load(key: K, make: () => Promise<V>): Promise<V>;
  /** Forgets one key, also a value that is still being made. */
  drop(key: K): void;
  /** Forgets everything. */
  clear(): void;
}

export interface ExpiringCacheOptions {
  /** Life of a value, counted from the moment its making began. */
  readonly ttlMs: number;
  /** Keys kept; the longest-standing one goes first. */
  readonly entriesMax: number;
  readonly clock: Clock;
}

interface Entry<V> {
  readonly value: Promise<V>;
  readonly expiresAtMs: number;
}

/** Makes an empty cache. */
export function createExpiringCache<K, V>(options: ExpiringCacheOptions): ExpiringCache<K, V> {
  const entries = new Map<K, Entry<V>>();
  return {
    load(key, make) {
      const nowMs = options.clock.now().getTime();
      const known = entries.get(key);
      if (known !== undefined && known.expiresAtMs > nowMs) return known.value;
      const entry = { value: make(), expiresAtMs: nowMs + options.ttlMs };
      entries.delete(key);
      entries.set(key, entry);
      dropOldest(entries, options.entriesMax);
      // The caller sees the failure through the promise it holds; here it only must not be remembered.
      entry.value.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return entry.value;
    },
    drop: (key) => void entries.delete(key),
    clear: () => entries.clear(),
  };
}

function dropOldest(entries: Map<unknown, unknown>, entriesMax: number): void {
  if (entries.size <= entriesMax) return;
  for (const key of entries.keys()) {
    entries.delete(key);
    if (entries.size <= entriesMax) return;
  }
}

/** Says yes at most once per interval and key. */
export interface Throttle<K> {
  /** True when the key had no yes within the interval; the interval then starts anew. */
  isDue(key: K): boolean;
  /** Lets the next call for the key say yes. */
  forget(key: K): void;
}

/** Makes a throttle for one process; it forgets the longest-standing key beyond `entriesMax`. */
export function createThrottle<K>(options: {
  readonly intervalMs: number;
  readonly entriesMax: number;
  readonly clock: Clock;
}): Throttle<K> {
  const lastMs = new Map<K, number>();
  return {
    isDue(key) {
      const nowMs = options.clock.now().getTime();
      const last = lastMs.get(key);
      if (last !== undefined && nowMs - last < options.intervalMs) return false;
      lastMs.delete(key);
      lastMs.set(key, nowMs);
      dropOldest(lastMs, options.entriesMax);
      return true;
    },
    forget: (key) => void lastMs.delete(key),
  };
}
