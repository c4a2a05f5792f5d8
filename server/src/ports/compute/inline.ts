import { createReporter, createScratch } from "./context.ts";
import { CLOSE_GRACE_MS, INLINE_SLICE_MS, WAITING_TASKS_MAX } from "./limits.ts";
import { createPool, type Lane } from "./pool.ts";
import type { Compute } from "./port.ts";
import type { TaskReply } from "./protocol.ts";
import { runTask, uncopiedReply } from "./serve-tasks.ts";
import { type ComputeSettings, DEFAULT_SETTINGS } from "./settings.ts";
import { TaskCancelled, type TaskContext, type TaskShapes, type TaskTable } from "./task.ts";
import { type AppTasks, TASKS } from "./tasks/index.ts";

/**
 * Creates a pool without threads: one task at a time on the calling thread, which gets a turn every 8 ms. For
 * commands that hash a handful of files and for tests; a crash of the task is a crash of the process.
 */
export function createInline(settings?: ComputeSettings | undefined): Compute {
  return createInlineOf<AppTasks>(TASKS, { settings });
}

/** Creates a pool without threads over another table of tasks. */
export function createInlineOf<T extends TaskShapes>(
  tasks: TaskTable<T>,
  options: { waitingMax?: number | undefined; settings?: ComputeSettings | undefined } = {},
): Compute<T> {
  const { waitingMax = WAITING_TASKS_MAX, settings = DEFAULT_SETTINGS } = options;
  return createPool<T>({ size: 1, waitingMax, createLane: () => createInlineLane(tasks, settings) });
}

function createInlineLane<T extends TaskShapes>(tasks: TaskTable<T>, settings: ComputeSettings): Lane {
  const scratch = createScratch();
  const closing = new AbortController();
  let ended: Promise<unknown> = Promise.resolve();
  return {
    run({ name, input, signal, onProgress }) {
      const isCancelled = (): boolean => signal?.aborted === true || closing.signal.aborted;
      const context: TaskContext<unknown> = {
        checkpoint: createCheckpoint(isCancelled),
        report: createReporter(onProgress),
        scratch,
        settings,
      };
      // Copied as on the way to a thread and back, so that both drivers refuse and isolate the same things.
      const reply = runTask(tasks, { name, input: structuredClone(input), context }).then(copyReply);
      ended = reply;
      return reply;
    },
    async close() {
      closing.abort();
      const { promise: tooLate, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, CLOSE_GRACE_MS);
      await Promise.race([ended, tooLate]);
      clearTimeout(timer);
    },
  };
}

function copyReply(reply: TaskReply): TaskReply {
  try {
    return structuredClone(reply);
  } catch (thrown) {
    return uncopiedReply(thrown);
  }
}

function createCheckpoint(isCancelled: () => boolean): () => Promise<void> | undefined {
  let sliceEndsAtMs = performance.now() + INLINE_SLICE_MS;
  const check = (): undefined => {
    if (isCancelled()) throw new TaskCancelled();
  };
  const pause = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    sliceEndsAtMs = performance.now() + INLINE_SLICE_MS;
    check();
  };
  return () => {
    check();
    return performance.now() < sliceEndsAtMs ? undefined : pause();
  };
}
