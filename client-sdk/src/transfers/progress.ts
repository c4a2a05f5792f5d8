import type { Environment } from "../environment.ts";
import { PROGRESS_MS, SPEED_WINDOW_MS } from "../limits.ts";
import { callListener } from "../listeners.ts";
import type { TransferProgress } from "./types.ts";

type Facts = Pick<TransferProgress, "phase" | "loadedBytes" | "totalBytes" | "resumedBytes">;

/** Counts the bytes of one transfer and tells a listener about it. */
export interface ProgressMeter {
  /** Sets what is known; the listener hears of it as soon as its interval allows. */
  update(change: Partial<Facts>): void;
  /** Tells the final state if it was not told yet, and nothing after that. */
  finish(): void;
}

/** Makes a meter that begins in the phase `queued`. */
export function createProgressMeter(
  environment: Environment,
  listener: ((progress: TransferProgress) => void) | undefined,
): ProgressMeter {
  const speed = createSpeedometer();
  let facts: Facts = { phase: "queued", loadedBytes: 0, totalBytes: null, resumedBytes: 0 };
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let isStale = true;
  let stopTimer: (() => void) | null = null;

  const tell = () => {
    stopTimer?.();
    stopTimer = null;
    toldAtMs = environment.now();
    isStale = false;
    const { loadedBytes, totalBytes } = facts;
    const bytesPerSecond = speed.measure(toldAtMs, loadedBytes);
    const missing = totalBytes === null || bytesPerSecond === 0 ? null : totalBytes - loadedBytes;
    const remainingMs = missing === null ? null : Math.ceil((missing * 1000) / bytesPerSecond);
    if (listener !== undefined) callListener(listener, { ...facts, bytesPerSecond, remainingMs });
  };
  return {
    update(change) {
      // Bytes that were there before are not speed.
      if (change.resumedBytes !== undefined) speed.reset();
      facts = { ...facts, ...change };
      isStale = true;
      const dueInMs = toldAtMs + PROGRESS_MS - environment.now();
      if (dueInMs <= 0) tell();
      else stopTimer ??= environment.startTimer(tell, dueInMs);
    },
    finish() {
      stopTimer?.();
      stopTimer = null;
      if (isStale) tell();
    },
  };
}

/** Averages over the last seconds; holds one sample per measurement, which come at most every 100 ms. */
function createSpeedometer() {
  let samples: { readonly atMs: number; readonly bytes: number }[] = [];
  return {
    /** Bytes per second, 0 while it cannot be told. */
    measure(nowMs: number, bytes: number): number {
      samples = samples.filter(({ atMs }) => nowMs - atMs <= SPEED_WINDOW_MS);
      samples.push({ atMs: nowMs, bytes });
      const first = samples[0] ?? { atMs: nowMs, bytes };
      const spanMs = nowMs - first.atMs;
      return spanMs > 0 ? Math.round((Math.max(0, bytes - first.bytes) * 1000) / spanMs) : 0;
    },
    reset() {
      samples = [];
    },
  };
}
