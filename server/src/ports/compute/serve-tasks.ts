import { assert } from "../../base/assert.ts";
import { createReporter, createScratch } from "./context.ts";
import { toFailure } from "./failure.ts";
import type { FromWorker, TaskReply, ToWorker } from "./protocol.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { TaskCancelled, type TaskContext, type TaskShapes, type TaskTable } from "./task.ts";

/** The part of a worker's global scope that is used. */
export interface WorkerScope {
  addEventListener(type: "message", listener: (event: { readonly data: ToWorker }) => void): void;
  postMessage(message: FromWorker): void;
}

/** Answers the pool's messages with a table of tasks for as long as this worker lives. */
export function serveTasks<T extends TaskShapes>(tasks: TaskTable<T>, scope: WorkerScope): void {
  const scratch = createScratch();
  let settings = DEFAULT_SETTINGS;
  let cancelWord = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  scope.addEventListener("message", ({ data: message }) => {
    if (message.kind === "init") {
      cancelWord = new Int32Array(message.cancelWord);
      settings = message.settings;
      return;
    }
    const { taskId, name, input, wantsProgress } = message;
    const pass = (progress: unknown): void => scope.postMessage({ kind: "progress", taskId, progress });
    const context: TaskContext<unknown> = {
      checkpoint() {
        if (Atomics.load(cancelWord, 0) === taskId) throw new TaskCancelled();
        return undefined;
      },
      report: createReporter(wantsProgress ? pass : null),
      scratch,
      settings,
    };
    void runTask(tasks, { name, input, context }).then((reply) => postReply(scope, taskId, reply));
  });
}

/** Runs one task of a table to its end; failures of every kind are answers. */
export async function runTask<T extends TaskShapes>(
  tasks: TaskTable<T>,
  call: { name: string; input: unknown; context: TaskContext<unknown> },
): Promise<TaskReply> {
  try {
    const task = tasks[call.name];
    assert(task !== undefined, `no task is called ${call.name}`);
    return { kind: "done", output: await task.run(call.input, call.context) };
  } catch (thrown) {
    return thrown instanceof TaskCancelled
      ? { kind: "cancelled" }
      : { kind: "failed", failure: toFailure(thrown) };
  }
}

function postReply(scope: WorkerScope, taskId: number, reply: TaskReply): void {
  try {
    scope.postMessage({ kind: "reply", taskId, reply });
  } catch (thrown) {
    scope.postMessage({ kind: "reply", taskId, reply: uncopiedReply(thrown) });
  }
}

/**
 * Gives the answer in place of one that cannot be copied between threads, which is a bug of the task; without
 * it the caller would wait for ever. Only the fault's text goes on: what it points at may be uncopyable too.
 */
export function uncopiedReply(thrown: unknown): TaskReply {
  return { kind: "failed", failure: toFailure(`a task's answer could not be copied: ${String(thrown)}`) };
}
