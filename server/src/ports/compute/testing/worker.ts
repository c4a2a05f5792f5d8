// The entry of a worker thread with the tasks of the tests.
import { serveTasks, type WorkerScope } from "../serve-tasks.ts";
import { TEST_TASKS } from "./tasks.ts";

declare const self: WorkerScope;

serveTasks(TEST_TASKS, self);
