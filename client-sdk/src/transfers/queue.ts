import { abortedError, MultitapError } from "../errors.ts";
import { onAnyAbort, throwIfAborted } from "../http/deadline.ts";
import { TRANSFERS_QUEUED_MAX } from "../limits.ts";

/** Lets a fixed number of transfers run at once, first come first served. */
export interface TransferQueue {
  /**
   * Runs `work` in its turn.
   * @throws MultitapError `aborted` when a signal aborts before its turn, `unavailable` when too many wait.
   */
  run<T>(signals: readonly (AbortSignal | undefined)[], work: () => Promise<T>): Promise<T>;
  /** Resolves once nothing runs. */
  settled(): Promise<void>;
}

/** Makes a queue of `concurrency` places. */
export function createTransferQueue(concurrency: number): TransferQueue {
  const waiting: (() => void)[] = [];
  const running = new Set<Promise<unknown>>();
  let taken = 0;

  const takePlace = (signals: readonly (AbortSignal | undefined)[]): Promise<void> => {
    if (taken < concurrency) {
      taken += 1;
      return Promise.resolve();
    }
    if (waiting.length >= TRANSFERS_QUEUED_MAX) throw queueFull();
    return new Promise((resolve, reject) => {
      const begin = () => {
        stop();
        resolve();
      };
      waiting.push(begin);
      const stop = onAnyAbort(signals, (signal) => {
        waiting.splice(waiting.indexOf(begin), 1);
        reject(abortedError(signal));
      });
    });
  };
  const givePlace = () => {
    const next = waiting.shift();
    if (next === undefined) taken -= 1;
    else next();
  };
  return {
    async run(signals, work) {
      throwIfAborted(...signals);
      await takePlace(signals);
      const job = work().finally(givePlace);
      running.add(job);
      try {
        return await job;
      } finally {
        running.delete(job);
      }
    },
    async settled() {
      await Promise.allSettled(running);
    },
  };
}

function queueFull(): MultitapError {
  const details = { queuedMax: TRANSFERS_QUEUED_MAX };
  return new MultitapError("unavailable", "TRANSFERS_FULL", {
    message: "Too many transfers are waiting",
    details,
  });
}
