import { FAILING_ADDRESSES_MAX, FAILURES_MAX, FAILURES_WINDOW_MS } from "../relay-rooms/limits.ts";

/** Who came with nothing that counts, and how often; success is never counted. */
export interface FailureCounter {
  count(network: string, nowMs: number): void;
  /** Tells whether a network has failed too often within the last minute. */
  isSpent(network: string, nowMs: number): boolean;
  /** Forgets what is over. */
  sweep(nowMs: number): void;
}

/** Makes a counter for one process. */
export function createFailureCounter(): FailureCounter {
  const failing = new Map<string, { sinceMs: number; count: number }>();
  const isOver = (sinceMs: number, nowMs: number) => nowMs - sinceMs >= FAILURES_WINDOW_MS;
  return {
    count(network, nowMs) {
      const known = failing.get(network);
      if (known !== undefined && !isOver(known.sinceMs, nowMs)) {
        known.count += 1;
        return;
      }
      failing.delete(network);
      // The window that began first ends first.
      const [oldest] = failing.keys();
      if (failing.size >= FAILING_ADDRESSES_MAX && oldest !== undefined) failing.delete(oldest);
      failing.set(network, { sinceMs: nowMs, count: 1 });
    },
    isSpent(network, nowMs) {
      const known = failing.get(network);
      return known !== undefined && known.count >= FAILURES_MAX && !isOver(known.sinceMs, nowMs);
    },
    sweep(nowMs) {
      for (const [network, { sinceMs }] of failing) {
        if (!isOver(sinceMs, nowMs)) return;
        failing.delete(network);
      }
    },
  };
}
