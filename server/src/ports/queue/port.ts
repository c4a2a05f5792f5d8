import type { Executor } from "@multitap/db";

/** Options of {@link Queue.enqueue}. */
export interface EnqueueOptions {
  /** A transaction the job is written in: it exists when and only when that commits. */
  within?: Executor | undefined;
  /** Refuses the job while another one of this name with the same key is queued or running. */
  singletonKey?: string | undefined;
  /** Earliest start from now by the database's clock; the actual one is up to `QUEUE_POLL_MS` later. */
  startAfterMs?: number | undefined;
  /** Runs after the first that a failing job gets, `QUEUE_RETRY_MAX` when absent. */
  retryMax?: number | undefined;
  /** Higher starts first, 0 when absent. */
  priority?: number | undefined;
}

/** One run of a job. */
export interface Job<T> {
  readonly id: string;
  readonly data: T;
  /** 1 on the first run; counts every run, also those that were interrupted. */
  readonly attempt: number;
  /**
   * Aborted when the job is cancelled, when we stop, and when the job was given to another worker. A handler
   * that ends early because of it must throw; one that returns has done its job.
   */
  readonly signal: AbortSignal;
}

/** Jobs of one name that have not ended. */
export interface QueueDepth {
  readonly name: string;
  /** Could run now, or rest until their time. */
  readonly queuedCount: number;
  readonly runningCount: number;
}

/**
 * Durable jobs and schedules. A job runs at least once: after a crash, and whenever its worker was not heard
 * of for a lease, it runs again, so handlers are idempotent. Every member throws `QUEUE_UNAVAILABLE` when the
 * database cannot be reached or the queue has stopped, and `STORAGE_FULL` when it cannot write.
 */
export interface Queue {
  /**
   * Writes a job; a free worker in any process starts it within milliseconds of the commit.
   * @param data JSON-shaped, at most `QUEUE_DATA_BYTES_MAX`; object keys may come back in another order.
   * @returns The job's id, or null when `singletonKey` refused it.
   */
  enqueue<T>(name: string, data: T, options?: EnqueueOptions): Promise<string | null>;

  /**
   * Runs jobs of one name in this process, `concurrency` at a time. A handler that throws is run again after
   * a growing pause, `retryMax` times. One that met a full disk (kind `storage_full`, SQLSTATE 53100, ENOSPC)
   * only rests for a while: such a run does not count.
   */
  work<T>(
    name: string,
    options: { concurrency: number },
    handler: (job: Job<T>) => Promise<void>,
  ): Promise<void>;

  /**
   * Enqueues a job at the times of a cron pattern, one per time however many processes run. A time that comes
   * while the last such job is queued or running is left out, and so are times at which no process ran. One
   * schedule per name; setting it again replaces it.
   * @param cron Five fields, minutes first; read in UTC unless `timeZone` names another zone.
   * @throws AppError `QUEUE_SCHEDULE_INVALID` for a pattern or time zone that cannot be read.
   */
  schedule(
    name: string,
    cron: string,
    options?: { timeZone?: string | undefined; data?: unknown },
  ): Promise<void>;

  /** Forgets the schedule of a name; harmless when there is none. */
  unschedule(name: string): Promise<void>;

  /**
   * Takes a queued job out and aborts a running one: at once in this process, within some seconds in others.
   * It is not run again. Unknown and finished ids are ignored.
   */
  cancel(id: string): Promise<void>;

  /** How many jobs of each name wait, rest until their time, and run. Names without any are left out. */
  depths(): Promise<readonly QueueDepth[]>;

  /**
   * Stops taking jobs, waits `drainMs` for running ones, then aborts their signals and, a moment later, hands
   * back what still runs, to be run again at once elsewhere. Such a run does not count. Harmless when repeated.
   */
  stop(options: { drainMs: number }): Promise<void>;
}
