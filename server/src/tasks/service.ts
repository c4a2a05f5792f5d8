import type { Context } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import type { Facts } from "../base/facts.ts";
import { operation, parseInput } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import type { Scan } from "../scan/contract.ts";
import { getScan, listScans } from "../scan/service.ts";
import {
  RunIdInput,
  type RunStatus,
  RunTaskInput,
  type Task,
  TaskListSchema,
  type TaskRun,
  TaskRunListSchema,
  TaskRunSchema,
} from "./contract.ts";
import type { AnyTask } from "./definition.ts";
import { TASKS } from "./index.ts";
import { SCANS_LISTED_MAX } from "./limits.ts";
import { findScanId, orderRuns, toScanRunId } from "./rules.ts";
import { findRun, listRuns } from "./runs/service.ts";
import { queueTask } from "./start.ts";

/** Tasks that callers may know of. */
const LISTED = TASKS.filter(({ isListed }) => isListed !== false);

/** Every task that this server can do. */
export const listTasks = operation(
  { type: "query", scope: "tasks.run", input: NoInput, output: TaskListSchema },
  async ({ facts }) => LISTED.map((task) => toTask(task, facts)),
);

function toTask(task: AnyTask, facts: Facts): Task {
  const isEnabled = task.isEnabled(facts);
  return {
    name: task.name,
    group: task.group,
    type: task.type,
    title: task.title,
    description: task.describe(facts),
    isEnabled,
    canRun: isEnabled && task.run !== null && task.isClockOnly !== true,
    cron: task.findCron(facts),
  };
}

/**
 * Queues one run of a task.
 * @throws AppError `TASKS_NOT_FOUND`, `TASKS_NOT_RUNNABLE`, `TASKS_FULL`.
 */
export const runTask = operation(
  { type: "mutation", scope: "tasks.run", input: RunTaskInput, output: TaskRunSchema },
  async (ctx, { name, input }): Promise<TaskRun> => {
    const task = LISTED.find((each) => each.name === name && each.group !== "watcher");
    if (task === undefined) throw taskNotFound(name);
    if (!toTask(task, ctx.facts).canRun) {
      throw new AppError("conflict", "TASKS_NOT_RUNNABLE", { message: `Task '${name}' cannot be run` });
    }
    return await queueTask(ctx, task, parseInput(task.input, input ?? {}));
  },
);

function taskNotFound(name: string): AppError<"not_found"> {
  const groups = ["manual", "scheduled"];
  const names = groups.flatMap((group) =>
    LISTED.filter((task) => task.group === group).map((task) => task.name),
  );
  const message = `Task '${name}' not found, available tasks are ${names.join(", ")}`;
  return new AppError("not_found", "TASKS_NOT_FOUND", { message });
}

/** Runs of tasks and scans, newest first: those under way, and those that ended within the life of results. */
export const listTaskRuns = operation(
  { type: "query", scope: "tasks.run", input: NoInput, output: TaskRunListSchema },
  async (ctx) => {
    const [runs, scans] = await Promise.all([listRuns(ctx), listScans.run(ctx, { limit: SCANS_LISTED_MAX })]);
    const oldestMs = ctx.ports.clock.now().getTime() - ctx.facts.tasks.resultTtlMs;
    const recent = scans.filter(
      ({ finishedAt }) => finishedAt === null || Date.parse(finishedAt) >= oldestMs,
    );
    return orderRuns([...runs, ...recent.map(toScanRun)]);
  },
);

/**
 * One run of a task, or one scan.
 * @throws AppError `TASKS_RUN_NOT_FOUND`, also for one that was long ago.
 */
export const getTaskRun = operation(
  { type: "query", scope: "tasks.run", input: RunIdInput, output: TaskRunSchema },
  async (ctx, { runId }): Promise<TaskRun> => {
    const scanId = findScanId(runId);
    const run = scanId === null ? await findRun(ctx, runId) : await findScanRun(ctx, scanId);
    if (run !== null) return run;
    throw new AppError("not_found", "TASKS_RUN_NOT_FOUND", { message: `Task with ID '${runId}' not found` });
  },
);

async function findScanRun(ctx: Context, scanId: number): Promise<TaskRun | null> {
  try {
    return toScanRun(await getScan.run(ctx, { scanId }));
  } catch (error) {
    if (isAppError(error) && error.kind === "not_found") return null;
    throw error;
  }
}

const SCAN_STATUS: Readonly<Record<Scan["status"], RunStatus>> = {
  queued: "queued",
  running: "started",
  paused: "deferred",
  done: "finished",
  cancelled: "canceled",
  failed: "failed",
};

function toScanRun(scan: Scan): TaskRun {
  const words = scan.type.split("_").map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return {
    id: toScanRunId(scan.id),
    title: `${words.join(" ")} Scan`,
    type: "scan",
    status: SCAN_STATUS[scan.status],
    createdAt: scan.createdAt,
    enqueuedAt: scan.createdAt,
    startedAt: scan.startedAt,
    endedAt: scan.finishedAt,
    stats: scan.startedAt === null ? null : { kind: "scan", scan: scan.stats },
    errorMessage: scan.errorMessage,
  };
}
