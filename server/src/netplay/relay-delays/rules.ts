/** How long messages of a member take to come back. */
import { DELAYS_KEPT } from "../relay-rooms/limits.ts";

export interface Delays {
  readonly roundTripsMs: Float32Array;
  /** How many were taken in all. */
  count: number;
  /** What the last ping said; null when it was answered. */
  pinged: number | null;
  pingedAtMs: number;
}

/** What others are told. */
export interface Delay {
  readonly medianMs: number;
  readonly p99Ms: number;
}

export function createDelays(nowMs: number): Delays {
  return { roundTripsMs: new Float32Array(DELAYS_KEPT), count: 0, pinged: null, pingedAtMs: nowMs };
}

/** What a ping that goes out now says: our clock. One that was not answered in time is forgotten. */
export function startPing(delays: Delays, nowMs: number): number {
  delays.pinged = Math.floor(nowMs) % 0x1_0000_0000;
  delays.pingedAtMs = nowMs;
  return delays.pinged;
}

/** Takes an answer; one to a ping that is not open says nothing. */
export function takePong(delays: Delays, echo: number, nowMs: number): void {
  if (delays.pinged !== echo) return;
  delays.pinged = null;
  delays.roundTripsMs[delays.count % DELAYS_KEPT] = Math.max(0, nowMs - delays.pingedAtMs);
  delays.count += 1;
}

/** Median and p99 of the last round trips, in tenths of a millisecond; null before the first. */
export function summarizeDelays({ roundTripsMs, count }: Delays): Delay | null {
  if (count === 0) return null;
  const sorted = roundTripsMs.slice(0, Math.min(count, DELAYS_KEPT)).sort();
  const at = (share: number) => {
    const place = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
    return Math.round((sorted[place] ?? 0) * 10) / 10;
  };
  return { medianMs: at(0.5), p99Ms: at(0.99) };
}
