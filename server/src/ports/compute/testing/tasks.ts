import { assert } from "../../../base/assert.ts";
import { AppError } from "../../../base/errors.ts";
import type { TaskTable } from "../task.ts";

/** Tasks that do what a pool must cope with. */
export type TestTasks = {
  readonly echo: { readonly input: unknown; readonly output: unknown; readonly progress: never };
  /** Holds the thread for `steps` times `stepMs`, with a checkpoint and a report after each; gives `steps`. */
  readonly count: {
    readonly input: { readonly steps: number; readonly stepMs: number };
    readonly output: number;
    readonly progress: number;
  };
  readonly refuse: { readonly input: null; readonly output: never; readonly progress: never };
  readonly stumble: { readonly input: null; readonly output: never; readonly progress: never };
  /** Gives something that cannot be copied between threads. */
  readonly leak: { readonly input: null; readonly output: unknown; readonly progress: never };
  /** Fills the lent buffer with a mark and gives how often the mark is there after a checkpoint. */
  readonly borrow: {
    readonly input: { readonly mark: number; readonly sizeBytes: number };
    readonly output: number;
    readonly progress: never;
  };
  /** Gives a name of the thread's own. */
  readonly "name-thread": { readonly input: null; readonly output: string; readonly progress: never };
  /** Kills the thread it runs on; only for workers. */
  readonly die: {
    readonly input: { readonly how: "exception" | "rejection" | "exit" };
    readonly output: never;
    readonly progress: never;
  };
  /** Never looks up again; only for workers. */
  readonly hang: { readonly input: null; readonly output: never; readonly progress: never };
};

const threadName = crypto.randomUUID();

export const TEST_TASKS: TaskTable<TestTasks> = {
  echo: { run: (input) => input },
  count: {
    async run({ steps, stepMs }, context) {
      for (let step = 1; step <= steps; step += 1) {
        holdThread(stepMs);
        context.report(step);
        await context.checkpoint();
      }
      return steps;
    },
  },
  refuse: {
    run() {
      throw new AppError("conflict", "FILES_CHANGED", {
        message: "The disc changed",
        details: { discNumber: 2 },
        retryAfterMs: 1500,
        cause: new AppError("invalid", "INPUT_INVALID", { message: "the private reason" }),
      });
    },
  },
  stumble: {
    run() {
      assert(1 + 1 === 3, "arithmetic holds");
      throw new AppError("internal", "INTERNAL", { message: "not reached" });
    },
  },
  leak: { run: () => () => "functions cannot be copied" },
  borrow: {
    async run({ mark, sizeBytes }, context) {
      const buffer = context.scratch(sizeBytes).fill(mark);
      holdThread(2);
      await context.checkpoint();
      return buffer.filter((value) => value === mark).length;
    },
  },
  "name-thread": { run: () => threadName },
  die: {
    run({ how }) {
      if (how === "exit") process.exit(3);
      if (how === "rejection") void Promise.reject(new TypeError("nobody caught this"));
      else setTimeout(() => assert(false, "thrown outside the task"), 0);
      return new Promise(() => undefined);
    },
  },
  hang: {
    run() {
      for (;;) holdThread(1000);
    },
  },
};

function holdThread(ms: number): void {
  const endAtMs = performance.now() + ms;
  while (performance.now() < endAtMs) Math.sqrt(endAtMs);
}
