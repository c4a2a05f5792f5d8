// The entry of a worker thread: one of the files that act on import.
import { serveTasks, type WorkerScope } from "./serve-tasks.ts";
import { TASKS } from "./tasks/index.ts";

declare const self: WorkerScope;

serveTasks(TASKS, self);
