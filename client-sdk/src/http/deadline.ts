import type { Environment } from "../environment.ts";
import { abortedError, MultitapError } from "../errors.ts";

/** Runs `onAbort` when any of the signals aborts, at once if one has; returns how to stop listening. */
export function onAnyAbort(
  signals: readonly (AbortSignal | undefined)[],
  onAbort: (signal: AbortSignal) => void,
): () => void {
  // Not `AbortSignal.any`: the oldest supported browsers lack it.
  const stops: (() => void)[] = [];
  const stop = () => {
    for (const each of stops.splice(0)) each();
  };
  for (const signal of signals) {
    if (signal === undefined) continue;
    if (signal.aborted) {
      stop();
      onAbort(signal);
      return stop;
    }
    const listener = () => {
      stop();
      onAbort(signal);
    };
    signal.addEventListener("abort", listener);
    stops.push(() => signal.removeEventListener("abort", listener));
  }
  return stop;
}

/**
 * Throws the abort of the first aborted signal.
 * @throws MultitapError `aborted`.
 */
export function throwIfAborted(...signals: readonly (AbortSignal | undefined)[]): void {
  for (const signal of signals) if (signal?.aborted) throw abortedError(signal);
}

/** What may end a piece of work before it is done. */
export interface DeadlineOptions {
  readonly environment: Environment;
  readonly signals: readonly (AbortSignal | undefined)[];
  /** `null`: no limit. */
  readonly timeoutMs: number | null;
}

/**
 * Runs `work` until it settles, a signal aborts or the time is over; whichever comes first decides. `work`
 * gets a signal that aborts in the last two cases.
 * @throws MultitapError `aborted` with the signal's reason as cause, or `timeout`.
 */
export async function withDeadline<T>(
  options: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { environment, signals, timeoutMs } = options;
  throwIfAborted(...signals);
  const controller = new AbortController();
  let stop = (): void => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    const end = (error: MultitapError) => {
      reject(error);
      controller.abort(error);
    };
    const stopListening = onAnyAbort(signals, (signal) => end(abortedError(signal)));
    const stopTimer =
      timeoutMs === null ? undefined : environment.startTimer(() => end(timedOut(timeoutMs)), timeoutMs);
    stop = () => {
      stopListening();
      stopTimer?.();
    };
  });
  try {
    // The race settles with the abort itself, not with whatever `work` makes of it.
    return await Promise.race([ended, work(controller.signal)]);
  } finally {
    stop();
  }
}

function timedOut(timeoutMs: number): MultitapError {
  return new MultitapError("timeout", "TIMED_OUT", {
    message: `No answer within ${timeoutMs} ms`,
    details: { timeoutMs },
  });
}

/**
 * Waits, unless a signal aborts first.
 * @throws MultitapError `aborted`.
 */
export async function sleep(
  environment: Environment,
  delayMs: number,
  signals: readonly (AbortSignal | undefined)[],
): Promise<void> {
  await withDeadline({ environment, signals, timeoutMs: null }, (signal) => {
    return new Promise<void>((resolve) => {
      const stop = environment.startTimer(resolve, delayMs);
      signal.addEventListener("abort", stop, { once: true });
    });
  });
}
