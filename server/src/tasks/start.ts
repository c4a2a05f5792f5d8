import { toInstant } from "../base/clock.ts";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { createUuid } from "../base/ids.ts";
import type { TaskRun } from "./contract.ts";
import type { AnyTask } from "./definition.ts";
import { RUNS_KEPT_MAX } from "./limits.ts";
import { makeRoom, removeRun, storeRun } from "./runs/service.ts";

/** Queue of tasks. */
export const TASK_QUEUE = "task";

/** What a job holds: enough to run, and to say what ran. */
export interface TaskJob {
  readonly name: string;
  readonly input: unknown;
  readonly run: TaskRun;
}

/**
 * Queues one run of a task.
 * @param input Checked by the task's schema already.
 * @throws AppError `TASKS_FULL` when too many runs have not ended yet.
 */
export async function queueTask(ctx: Context, task: AnyTask, input: unknown): Promise<TaskRun> {
  if (!(await makeRoom(ctx))) {
    const message = `${RUNS_KEPT_MAX} tasks wait already`;
    throw new AppError("conflict", "TASKS_FULL", { message });
  }
  const at = toInstant(ctx.ports.clock.now());
  const run: TaskRun = {
    id: createUuid(),
    title: task.title,
    type: task.type,
    status: "queued",
    createdAt: at,
    enqueuedAt: at,
    startedAt: null,
    endedAt: null,
    stats: null,
    errorMessage: null,
  };
  // Before the job, which would find an older status behind its own otherwise.
  await storeRun(ctx, run);
  try {
    await ctx.ports.queue.enqueue<TaskJob>(TASK_QUEUE, { name: task.name, input, run });
  } catch (error) {
    await removeRun(ctx, run.id);
    throw error;
  }
  return run;
}
