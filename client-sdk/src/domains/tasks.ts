import type { Task, TaskRun } from "@multitap/server/contract/tasks";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** Background work of the server. For those who may run tasks. */
export interface Tasks {
  /**
   * Gives every task that the server can do.
   * @example
   * const startable = (await client.tasks.list()).filter((task) => task.canRun);
   */
  list(options?: CallOptions): Promise<readonly Task[]>;
  /**
   * Queues one run of a task.
   * @param input What the task takes; `cleanup_missing_roms` takes a `platformId`.
   * @throws MultitapError `not_found`; `conflict` (`TASKS_NOT_RUNNABLE`) for one that is off or runs by itself.
   * @example
   * const { id } = await client.tasks.run("cleanup_missing_roms", { platformId: 3 });
   */
  run(name: string, input?: Readonly<Record<string, unknown>>, options?: WriteOptions): Promise<TaskRun>;
  /**
   * Gives runs of tasks and scans, newest first: those under way, and those that ended of late.
   * @example
   * const failed = (await client.tasks.listRuns()).filter((run) => run.status === "failed");
   */
  listRuns(options?: CallOptions): Promise<readonly TaskRun[]>;
  /**
   * Gives one run.
   * @throws MultitapError `not_found`, also for one that was long ago.
   * @example
   * const { status, stats } = await client.tasks.getRun(id);
   */
  getRun(runId: string, options?: CallOptions): Promise<TaskRun>;
}

/** Builds the calls of this domain. */
export function createTasks(rpc: Rpc): Tasks {
  return {
    list: (options) => rpc.query("tasks.list", {}, options),
    run: (name, input, options) =>
      rpc.mutate("tasks.run", { name, ...(input === undefined ? {} : { input }) }, options),
    listRuns: (options) => rpc.query("tasks.listRuns", {}, options),
    getRun: (runId, options) => rpc.query("tasks.getRun", { runId }, options),
  };
}
