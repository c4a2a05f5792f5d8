import type { TaskShapes } from "./task.ts";
import type { AppTasks } from "./tasks/index.ts";

/** The name of a task in a table; the server's own table unless told. */
export type TaskName<T extends TaskShapes = AppTasks> = keyof T & string;
/** What a task takes. */
export type TaskInput<N extends TaskName<T>, T extends TaskShapes = AppTasks> = T[N]["input"];
/** What a task gives. */
export type TaskOutput<N extends TaskName<T>, T extends TaskShapes = AppTasks> = T[N]["output"];
/** What a task reports while it runs. */
export type TaskProgress<N extends TaskName<T>, T extends TaskShapes = AppTasks> = T[N]["progress"];

/** How a caller follows and stops one task. */
export interface RunOptions<P> {
  signal?: AbortSignal | undefined;
  /** Called at most every 100 ms; must not throw. */
  onProgress?: ((progress: P) => void) | undefined;
}

/** How busy the pool is, for metrics. */
export interface ComputeUsage {
  readonly running: number;
  readonly waiting: number;
}

/** Runs CPU work and blocking reads away from the thread that answers requests. */
export interface Compute<T extends TaskShapes = AppTasks> {
  /**
   * Runs one task and gives its output. Tasks start in the order of the calls; when every worker is busy the
   * promise waits its turn, which is the caller's back-pressure: keep about `2 × size` tasks going and start the
   * next when one ends. Input and output are copied between threads.
   * @throws AppError that the task threw; unavailable `COMPUTE_FULL` when too many tasks wait, `COMPUTE_CLOSED`
   * after or while closing; internal `COMPUTE_CRASHED` when the worker died (it is replaced, the task is not
   * repeated), `INTERNAL` for a bug in the task.
   * @throws `signal.reason` once the task has stopped, at most 2 s after the abort.
   */
  run<N extends TaskName<T>>(
    name: N,
    input: TaskInput<N, T>,
    options?: RunOptions<TaskProgress<N, T>>,
  ): Promise<TaskOutput<N, T>>;
  /** Tasks that can run at the same time. */
  readonly size: number;
  usage(): ComputeUsage;
  /** Cancels everything and stops the workers within 1 s. Repeated calls wait for the same end. */
  close(): Promise<void>;
}
