import {
  CANCEL_GRACE_MS,
  IDLE_THREAD_MS,
  SINGLE_WORKER_BELOW_BYTES,
  WAITING_TASKS_MAX,
  WORKERS_MAX,
} from "./limits.ts";
import { createPool, type Lane } from "./pool.ts";
import type { Compute } from "./port.ts";
import { type ComputeSettings, DEFAULT_SETTINGS } from "./settings.ts";
import type { TaskShapes } from "./task.ts";
import type { AppTasks } from "./tasks/index.ts";
import { createWorkerLane, type WorkerLoss } from "./worker-lane.ts";

export interface WorkersOptions {
  /** Threads at most; see `chooseWorkerCount`. */
  readonly size: number;
  readonly waitingMax?: number | undefined;
  /** Time a cancelled task has to stop by itself. */
  readonly cancelGraceMs?: number | undefined;
  /** What the tasks are told of the operator's wishes. */
  readonly settings?: ComputeSettings | undefined;
  /** Rest after which a thread is ended; the next task starts another. */
  readonly idleMs?: number | undefined;
  /** Told about each worker that died, also outside a task; for the log. */
  readonly onLoss?: ((loss: WorkerLoss) => void) | undefined;
}

/**
 * Creates the pool of worker threads that runs the server's tasks. A thread starts with the first task that
 * needs it, does not keep the process alive while idle, ends after a long rest and is replaced when it dies.
 */
export function createWorkers(options: WorkersOptions): Compute {
  return createWorkersOf<AppTasks>(new URL("./worker.ts", import.meta.url), options);
}

/** Creates a pool over another table of tasks; `entry` must call `serveTasks` with that same table. */
export function createWorkersOf<T extends TaskShapes>(entry: URL, options: WorkersOptions): Compute<T> {
  const { size, waitingMax = WAITING_TASKS_MAX } = options;
  const { cancelGraceMs = CANCEL_GRACE_MS, idleMs = IDLE_THREAD_MS, onLoss = () => undefined } = options;
  const { settings = DEFAULT_SETTINGS } = options;
  const createLane = (): Lane => createWorkerLane({ entry, settings, cancelGraceMs, idleMs, onLoss });
  return createPool<T>({ size, waitingMax, createLane });
}

/**
 * Chooses how many workers a machine gets: one per core, a single one on small memory.
 * @param machine.memoryBytes The container's limit where there is one.
 */
export function chooseWorkerCount(machine: { cores: number; memoryBytes: number }): number {
  if (machine.memoryBytes < SINGLE_WORKER_BELOW_BYTES) return 1;
  return Math.min(Math.max(1, machine.cores), WORKERS_MAX);
}
