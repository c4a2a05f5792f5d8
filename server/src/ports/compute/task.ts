import type { ComputeSettings } from "./settings.ts";

/** What one kind of task takes, gives and reports; all three must survive structured cloning. */
export interface TaskShape {
  readonly input: unknown;
  readonly output: unknown;
  readonly progress: unknown;
}

/** The shapes of a table of tasks by name. */
export type TaskShapes = Readonly<Record<string, TaskShape>>;

/** What a running task may ask of whoever runs it. */
export interface TaskContext<P> {
  /**
   * The place where a task can be cancelled, and where it lets others run when it shares a thread. Call it
   * between chunks of at most a few milliseconds and await what it gives, if it gives anything.
   * @throws TaskCancelled, which the task lets through after closing what it opened.
   */
  checkpoint(): Promise<void> | undefined;
  /** Reports how far the task is; cheap, since most reports are dropped (`PROGRESS_INTERVAL_MS`). */
  report(progress: P): void;
  /**
   * Lends the worker's one buffer, `sizeBytes` long with arbitrary content, until the task ends.
   * A second call invalidates the first.
   */
  scratch(sizeBytes: number): Uint8Array;
  /** What the operator decided; absent means the defaults. */
  readonly settings?: ComputeSettings | undefined;
}

/**
 * Work for another thread: no database, no network, no shared state. Expected failures are thrown as `AppError`.
 * It must be repeatable: a caller may run it again after a crash.
 */
export interface Task<S extends TaskShape> {
  run(input: S["input"], context: TaskContext<S["progress"]>): S["output"] | Promise<S["output"]>;
}

export type TaskTable<T extends TaskShapes> = { readonly [N in keyof T & string]: Task<T[N]> };

/** Thrown by `checkpoint` to unwind a cancelled task; never reaches callers of the pool. */
export class TaskCancelled extends Error {
  override readonly name = "TaskCancelled";
}
