import { runComputeContract } from "./contract.ts";
import { createInlineOf } from "./inline.ts";
import { TEST_TASKS, type TestTasks } from "./testing/tasks.ts";

runComputeContract("the calling thread", (options) => createInlineOf<TestTasks>(TEST_TASKS, options));
