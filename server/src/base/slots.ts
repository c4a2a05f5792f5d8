import type { AppError } from "./errors.ts";

/** Lets a bounded number of tasks run at once and a bounded number wait. */
export interface Slots {
  /**
   * Runs a task when it is its turn.
   * @throws The error of `refuse`, at once, when too many wait already.
   */
  run<T>(task: () => Promise<T>): Promise<T>;
}

export interface SlotsOptions {
  readonly runningMax: number;
  readonly waitingMax: number;
  /** Makes what a task that finds the queue full is told. */
  readonly refuse: () => AppError;
}

/** Makes slots for one process. */
export function createSlots(options: SlotsOptions): Slots {
  let running = 0;
  const waiting: (() => void)[] = [];
  const enter = async () => {
    if (running < options.runningMax) {
      running++;
      return;
    }
    if (waiting.length >= options.waitingMax) throw options.refuse();
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
    });
  };
  // A slot that somebody waits for changes hands without becoming free in between.
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  };
  return {
    async run(task) {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
