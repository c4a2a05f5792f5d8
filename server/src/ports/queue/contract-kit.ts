import type { Database } from "@multitap/db";
import { AppError } from "../../base/errors.ts";
import type { Job, Queue } from "./port.ts";

/** Queues under test, one per imagined process, on one database. */
export interface QueueFixture {
  readonly first: Queue;
  readonly second: Queue;
  /** For transactions of the first process. */
  readonly db: Database;
  /** How long a job rests that found no room, shortened for the test. */
  readonly fullPauseMs: number;
  /** Opens one more queue, for tests that stop it. */
  open(): Promise<Queue>;
  /** Starts a real process that works on `name`, never ends a job, and dies when told, without a word. */
  startDoomedProcess(name: string): Promise<{ waitForJob(): Promise<void>; kill(): Promise<void> }>;
  /** Stops all queues and removes what they left. */
  dispose(): Promise<void>;
}

/** The fixture, which exists only once the suite has begun. */
export type GetFixture = () => QueueFixture;

let nameCount = 0;

/** A job name no other test uses. */
export function freshName(): string {
  nameCount += 1;
  return `job-${nameCount}`;
}

/** The code of the expected failure, `no failure`, or the text of any other. */
export const codeOf = (run: Promise<unknown>) =>
  run.then(
    () => "no failure",
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

/** Waits until something is true, or for so long; the expectations that follow tell which. */
export async function until(isTrue: () => boolean | Promise<boolean>, waitMs = 4_000): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!(await isTrue()) && performance.now() < deadline) await Bun.sleep(3);
}

/**
 * A handler that notes what it was given.
 * @param inside Awaited by every run; a moment when absent.
 */
export function createQueueTracker(inside: () => Promise<void> = () => Bun.sleep(1)) {
  const data: unknown[] = [];
  let runningCount = 0;
  let runningMax = 0;
  return {
    data,
    runningMax: () => runningMax,
    async handler(job: Job<unknown>): Promise<void> {
      runningCount += 1;
      runningMax = Math.max(runningMax, runningCount);
      data.push(job.data);
      await inside();
      runningCount -= 1;
    },
  };
}
