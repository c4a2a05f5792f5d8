import { ROUND_TRIPS_MAX } from "./limits.ts";
import type { Delay } from "./types.ts";

/** The last round trips of one way. */
export interface RoundTrips {
  add(ms: number): void;
  /** Null until there was one. */
  read(): Delay | null;
}

/** Keeps the last 128 round trips. */
export function createRoundTrips(): RoundTrips {
  const kept: number[] = [];
  return {
    add(ms) {
      if (kept.length === ROUND_TRIPS_MAX) kept.shift();
      kept.push(ms);
    },
    read() {
      const sorted = [...kept].sort((a, b) => a - b);
      const rank = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
      return sorted.length === 0 ? null : { medianMs: rank(0.5), p99Ms: rank(0.99) };
    },
  };
}

/** A clock for the wire: milliseconds that wrap at 32 bits. */
export const toClock = (nowMs: number): number => (nowMs % 2 ** 32) >>> 0;

/** Milliseconds between two such clocks. */
export const clockSpan = (from: number, to: number): number => (to - from) >>> 0;
