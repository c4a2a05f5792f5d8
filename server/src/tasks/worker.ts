import { toInstant } from "../base/clock.ts";
import type { Context, Ports } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import { parseInput } from "../base/operation.ts";
import type { TaskRun, TaskStats } from "./contract.ts";
import type { AnyTask, Housekeeping } from "./definition.ts";
import { TASKS } from "./index.ts";
import { ERROR_CHARS_MAX, TASKS_RUNNING_MAX } from "./limits.ts";
import { findRun, storeRun } from "./runs/service.ts";
import { queueTask, TASK_QUEUE, type TaskJob } from "./start.ts";

/** What a process that works on tasks brings. */
export interface TaskWorkerOptions {
  readonly createContext: () => Context;
  /** Nothing is kept in a process that brings none. */
  readonly housekeeping?: Housekeeping | undefined;
}

const NOTHING_KEPT: Housekeeping = { sweepZips: async () => undefined };

/**
 * Works on tasks until stopped. A task that is stopped is handed back, and the next process goes on with what is
 * left of it.
 */
export async function startTaskWorker(
  ports: Ports,
  { createContext, housekeeping = NOTHING_KEPT }: TaskWorkerOptions,
): Promise<{ stop(): void }> {
  const stopping = new AbortController();
  await ports.queue.work<TaskJob>(
    TASK_QUEUE,
    { concurrency: TASKS_RUNNING_MAX },
    async ({ data, signal }) => {
      const ctx = { ...createContext(), signal: AbortSignal.any([signal, stopping.signal]) };
      await runJob(ctx, data, housekeeping);
    },
  );
  return { stop: () => stopping.abort() };
}

/** Sets up the tasks that a clock starts, and takes schedules away that an earlier start has set. */
export async function scheduleTasks(ports: Ports, { createContext }: TaskWorkerOptions): Promise<void> {
  const { facts } = createContext();
  for (const task of TASKS) {
    const cron = task.findCron(facts);
    if (task.group !== "scheduled" || task.run === null || cron === null) continue;
    const name = `scheduled-${task.name}`;
    if (!task.isEnabled(facts)) {
      await ports.queue.unschedule(name);
      continue;
    }
    await ports.queue.work(name, { concurrency: 1 }, async ({ signal }) => {
      if (task.isListed === false) await runUnlisted({ ...createContext(), signal }, task);
      else await queueTask(createContext(), task, {});
    });
    await ports.queue.schedule(name, cron, { timeZone: facts.tasks.timeZone });
    // What a process left that was killed need not wait for the clock.
    if (task.isListed === false) await ports.queue.enqueue(name, {});
  }
}

/** Runs a task at once and keeps no account of it; a failure is logged, and the next time comes. */
async function runUnlisted(ctx: Context, task: AnyTask): Promise<void> {
  try {
    await task.run?.(ctx, { input: {}, report: async () => undefined, housekeeping: NOTHING_KEPT });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    ctx.ports.log.warn("a task failed", { task: task.name, error });
  }
}

/** A failure is the outcome of a run and not tried again; only what interrupts it is. */
async function runJob(ctx: Context, job: TaskJob, housekeeping: Housekeeping): Promise<void> {
  const task = TASKS.find(({ name }) => name === job.name);
  const now = () => toInstant(ctx.ports.clock.now());
  // A run that waited longer than results live is known by its job alone.
  const known = (await findRun(ctx, job.run.id)) ?? job.run;
  let run: TaskRun = { ...known, status: "started", startedAt: known.startedAt ?? now() };
  const store = async (change: Partial<TaskRun>) => {
    run = { ...run, ...change };
    await storeRun(ctx, run);
  };
  await store({});
  try {
    await runTask(ctx, task, { job, housekeeping, report: (stats) => store({ stats }) });
  } catch (error) {
    if (ctx.signal.aborted) {
      await store({ status: "queued" });
      throw error;
    }
    const level = isAppError(error) ? "warn" : "error";
    ctx.ports.log[level]("a task failed", { task: job.name, error });
    const errorMessage = isAppError(error) ? error.message : "Internal Server Error";
    await store({
      status: "failed",
      endedAt: now(),
      errorMessage: errorMessage.slice(0, ERROR_CHARS_MAX),
    });
    return;
  } finally {
    ctx.noteWrite();
  }
  await store({ status: "finished", endedAt: now() });
}

interface Call {
  readonly job: TaskJob;
  readonly housekeeping: Housekeeping;
  readonly report: (stats: TaskStats) => Promise<void>;
}

async function runTask(ctx: Context, task: AnyTask | undefined, { job, ...call }: Call): Promise<void> {
  // Queued by another version of us.
  if (task === undefined || task.run === null) {
    throw new AppError("not_found", "TASKS_NOT_FOUND", { message: `Task '${job.name}' not found` });
  }
  await task.run(ctx, { input: parseInput(task.input, job.input), ...call });
}
