import type { RequestReader } from "../http/reader.ts";
import { get, post, type RestRoute } from "../http/route.ts";
import type { TaskRun } from "./contract.ts";
import { getTaskRun, listTaskRuns, listTasks, runTask } from "./service.ts";
import { fromArgumentsWire, toQueuedRunWire, toRunWire, toTasksWire } from "./wire.ts";

/** Apps send no body at all for a task without arguments. */
async function readArguments(reader: RequestReader): Promise<unknown> {
  const isEmpty = reader.request.body === null || reader.header("content-length") === "0";
  return isEmpty ? null : fromArgumentsWire(await reader.json());
}

/** Compatible routes of background work. The list of runs stands before the run that any other word names. */
export const taskRoutes: readonly RestRoute[] = [
  get("/api/tasks", listTasks, { summary: "Tasks by group", write: toTasksWire }),
  post("/api/tasks/run/{task_name}", runTask, {
    summary: "Run a task",
    read: async (reader) => ({ name: reader.pathText("task_name"), input: await readArguments(reader) }),
    write: toQueuedRunWire,
    names: { name: "task_name" },
    errors: { TASKS_NOT_RUNNABLE: { status: 400 } },
  }),
  get("/api/tasks/status", listTaskRuns, {
    summary: "Runs under way and of late",
    write: (runs: readonly TaskRun[]) => runs.map(toRunWire),
  }),
  get("/api/tasks/{task_id}", getTaskRun, {
    summary: "One run",
    read: (reader) => ({ runId: reader.pathText("task_id") }),
    write: toRunWire,
    names: { runId: "task_id" },
  }),
];
