import type { Environment } from "../environment.ts";

/** An environment whose time stands still until a test moves it. */
export interface ManualEnvironment extends Environment {
  /** What `random()` gives; 0.5 unless a test says otherwise. */
  dice: number;
  /** Moves the time, running each timer at its own moment and letting promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Milliseconds until each pending timer, soonest first. */
  pending(): readonly number[];
}

/** Starts at a fixed moment. */
export function createManualEnvironment(startMs = Date.UTC(2030, 0, 1)): ManualEnvironment {
  let nowMs = startMs;
  const timers = new Map<symbol, { readonly atMs: number; run(): void }>();
  const soonest = () => [...timers].sort((a, b) => a[1].atMs - b[1].atMs)[0];
  return {
    dice: 0.5,
    now: () => nowMs,
    random() {
      return this.dice;
    },
    startTimer(run, delayMs) {
      const key = Symbol();
      timers.set(key, { atMs: nowMs + delayMs, run });
      return () => void timers.delete(key);
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      await settle();
      for (let next = soonest(); next !== undefined && next[1].atMs <= endMs; next = soonest()) {
        const [key, timer] = next;
        timers.delete(key);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.run();
        await settle();
      }
      nowMs = endMs;
    },
    pending: () => [...timers.values()].map(({ atMs }) => atMs - nowMs).sort((a, b) => a - b),
  };
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  // Streams and batches take several turns of the event loop.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Waits until a condition holds; fails after two seconds. */
export async function until(condition: () => boolean, what = "the condition"): Promise<void> {
  const deadlineMs = Date.now() + 2_000;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new RangeError(`${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
