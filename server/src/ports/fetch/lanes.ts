import { AppError } from "../../base/errors.ts";
import { createSlots, type Slots } from "../../base/slots.ts";
import * as limits from "./limits.ts";
import type { FetchPace } from "./port.ts";

/** The traffic to each host. */
export interface Lanes {
  /**
   * Runs a call when it is its turn, in the order of arrival.
   * @throws AppError `FETCH_LIMITED` when too many wait, or the host wants to be left alone for longer than
   * anybody waits.
   */
  run<T>(host: string, call: LaneCall, task: () => Promise<T>): Promise<T>;
  /** Leaves a host alone for a while. */
  pause(host: string, ms: number): void;
}

export interface LaneCall {
  readonly pace: FetchPace | undefined;
  readonly signal: AbortSignal;
}

interface Lane {
  readonly slots: Slots;
  /** Calls that run or wait. */
  users: number;
  /** When the next call may begin, and until when the host wants none, on a clock that never jumps. */
  nextAtMs: number;
  pausedUntilMs: number;
}

function limited(host: string, retryAfterMs: number, why: string): AppError<"unavailable"> {
  return new AppError("unavailable", "FETCH_LIMITED", {
    message: `${host} ${why}`,
    details: { host },
    retryAfterMs: Math.ceil(retryAfterMs),
  });
}

/** Makes the lanes of one process; other processes have their own. */
export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();
  const everyone = createSlots({
    runningMax: limits.FETCH_RUNNING_MAX,
    waitingMax: limits.FETCH_WAITING_MAX,
    refuse: () => limited("the server", limits.FETCH_PAUSE_MS, "makes too many calls at a time"),
  });
  return {
    async run(host, { pace, signal }, task) {
      const lane = takeLane(lanes, host, pace);
      lane.users += 1;
      try {
        return await lane.slots.run(async () => {
          await awaitTurn(lane, { host, pace, signal });
          return await everyone.run(task);
        });
      } finally {
        lane.users -= 1;
      }
    },
    pause(host, ms) {
      const lane = takeLane(lanes, host, undefined);
      lane.pausedUntilMs = Math.max(lane.pausedUntilMs, performance.now() + ms);
    },
  };
}

function takeLane(lanes: Map<string, Lane>, host: string, pace: FetchPace | undefined): Lane {
  const known = lanes.get(host);
  const nowMs = performance.now();
  const lane = known ?? {
    slots: createSlots({
      runningMax: pace?.concurrency ?? limits.FETCH_HOST_RUNNING_MAX,
      waitingMax: limits.FETCH_HOST_WAITING_MAX,
      refuse: () => limited(host, limits.FETCH_PAUSE_MS, "has too many calls waiting"),
    }),
    users: 0,
    nextAtMs: nowMs,
    pausedUntilMs: nowMs,
  };
  // The one that rests longest stands first.
  lanes.delete(host);
  lanes.set(host, lane);
  if (lanes.size > limits.FETCH_HOSTS_MAX) {
    for (const [other, { users }] of lanes) {
      if (users > 0 || other === host) continue;
      lanes.delete(other);
      break;
    }
  }
  return lane;
}

async function awaitTurn(lane: Lane, call: LaneCall & { readonly host: string }): Promise<void> {
  const { host, pace, signal } = call;
  signal.throwIfAborted();
  const startAtMs = Math.max(performance.now(), lane.nextAtMs);
  lane.nextAtMs = startAtMs + (pace?.intervalMs ?? 0);
  await sleep(startAtMs - performance.now(), signal);
  // While one waits, another one may be asked to leave the host alone.
  for (;;) {
    const pauseMs = lane.pausedUntilMs - performance.now();
    if (pauseMs <= 0) return;
    if (pauseMs > limits.FETCH_WAIT_MS_MAX)
      throw limited(host, pauseMs, "wants to be left alone for a while");
    await sleep(pauseMs, signal);
  }
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms <= 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
