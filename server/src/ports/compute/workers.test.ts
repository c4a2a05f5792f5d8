import { describe, expect, test } from "bun:test";
import type { AppError } from "../../base/errors.ts";
import { runComputeContract } from "./contract.ts";
import type { Compute } from "./port.ts";
import type { TestTasks } from "./testing/tasks.ts";
import type { WorkerLoss } from "./worker-lane.ts";
import { chooseWorkerCount, createWorkersOf, type WorkersOptions } from "./workers.ts";

const ENTRY = new URL("./testing/worker.ts", import.meta.url);

const create = (options: WorkersOptions): Compute<TestTasks> => createWorkersOf<TestTasks>(ENTRY, options);

for (const size of [1, 2]) {
  runComputeContract(`${size} worker threads`, (options) => create({ size, ...options }));
}

const failureOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => "no failure",
    (error: unknown) => error,
  );

describe("createWorkers", () => {
  test("needs one thread only as long as tasks come one after the other", async () => {
    const compute = create({ size: 4 });
    const names = new Set<string>();
    for (let turn = 0; turn < 5; turn += 1) names.add(await compute.run("name-thread", null));
    await compute.close();
    expect(names.size).toBe(1);
  });

  test("ends a thread that rested long and starts another for the next task", async () => {
    const losses: WorkerLoss[] = [];
    const compute = create({ size: 1, idleMs: 30, onLoss: (loss) => losses.push(loss) });
    const first = await compute.run("name-thread", null);
    expect(await compute.run("name-thread", null)).toBe(first);
    await compute.run("count", { steps: 60, stepMs: 1 });
    expect(await compute.run("name-thread", null)).toBe(first);
    await Bun.sleep(80);
    expect(await compute.run("name-thread", null)).not.toBe(first);
    await compute.close();
    expect(losses).toEqual([]);
  });

  test("runs as many tasks at once as it has threads", async () => {
    const compute = create({ size: 2 });
    const busy = compute.run("count", { steps: 100, stepMs: 2 });
    const names = await Promise.all([compute.run("name-thread", null), compute.run("name-thread", null)]);
    expect(compute.usage().running).toBe(1);
    await busy;
    await compute.close();
    expect(new Set(names).size).toBe(1);
  });

  const DEATHS = [
    { how: "exception", cause: "thrown outside the task" },
    { how: "rejection", cause: "nobody caught this" },
    { how: "exit", cause: "code 3" },
  ] as const;
  test.each(DEATHS)(
    "fails the task of a thread that dies by $how and replaces it",
    async ({ how, cause }) => {
      const losses: WorkerLoss[] = [];
      const compute = create({ size: 1, onLoss: (loss) => losses.push(loss) });
      const before = await compute.run("name-thread", null);
      const next = compute.run("die", { how });
      const waiting = compute.run("echo", "waited");
      const failure = await failureOf(next);
      expect(failure).toMatchObject({ kind: "internal", code: "COMPUTE_CRASHED" });
      expect(String((failure as AppError).cause)).toContain(cause);
      expect(await waiting).toBe("waited");
      expect(await compute.run("name-thread", null)).not.toBe(before);
      expect(losses.map((loss) => loss.taskName)).toEqual(["die"]);
      await compute.close();
    },
  );

  test("fails every task when the threads cannot start, without trying for ever", async () => {
    const losses: WorkerLoss[] = [];
    const compute = createWorkersOf<TestTasks>(new URL("./testing/absent.ts", import.meta.url), {
      size: 1,
      onLoss: (loss) => losses.push(loss),
    });
    expect(await failureOf(compute.run("echo", 1))).toMatchObject({ code: "COMPUTE_CRASHED" });
    expect(losses).toHaveLength(1);
    await compute.close();
  });

  test("ends a thread that does not stop when its task is cancelled", async () => {
    const compute = create({ size: 1, cancelGraceMs: 60 });
    const before = await compute.run("name-thread", null);
    const startedAtMs = performance.now();
    const failure = await failureOf(compute.run("hang", null, { signal: AbortSignal.timeout(20) }));
    expect(failure).toMatchObject({ name: "TimeoutError" });
    expect(performance.now() - startedAtMs).toBeLessThan(1500);
    expect(await compute.run("name-thread", null)).not.toBe(before);
    await compute.close();
  });

  test("closes within 1 s although a task hangs", async () => {
    const compute = create({ size: 2 });
    const ended = [compute.run("hang", null), compute.run("hang", null), compute.run("echo", 1)].map(
      failureOf,
    );
    await Bun.sleep(50);
    const startedAtMs = performance.now();
    await compute.close();
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    for (const failure of ended) expect(await failure).toMatchObject({ code: "COMPUTE_CLOSED" });
  });

  test.each([0, -1, 1.5, 65])("treats a size of %p as a bug", (size) => {
    expect(() => create({ size })).toThrow("a pool of");
  });
});

/** Runs a program that uses a pool of one and gives what it printed and how long it took. */
async function runProgram(body: string): Promise<{ output: string; exitCode: number; tookMs: number }> {
  const code = `
    import { createWorkersOf } from ${JSON.stringify(new URL("./workers.ts", import.meta.url).pathname)};
    const compute = createWorkersOf(new URL(${JSON.stringify(ENTRY.href)}), { size: 1 });
    ${body}`;
  const startedAtMs = performance.now();
  const child = Bun.spawn([process.execPath, "-e", code], {
    stdout: "pipe",
    stderr: "inherit",
    timeout: 5000,
  });
  const output = await new Response(child.stdout).text();
  return { output: output.trim(), exitCode: await child.exited, tookMs: performance.now() - startedAtMs };
}

describe("a process with a pool", () => {
  test("lives until its task is done and ends without closing the pool", async () => {
    const run = await runProgram(
      `compute.run("count", { steps: 30, stepMs: 5 }).then((steps) => console.log("steps", steps));`,
    );
    expect(run).toMatchObject({ output: "steps 30", exitCode: 0 });
    expect(run.tookMs).toBeLessThan(4000);
  });
});

describe("chooseWorkerCount", () => {
  const GIB = 1024 ** 3;
  test.each([
    { cores: 4, memoryBytes: 4 * GIB, count: 4 },
    { cores: 4, memoryBytes: GIB / 2, count: 4 },
    { cores: 4, memoryBytes: GIB / 2 - 1, count: 1 },
    { cores: 0, memoryBytes: GIB, count: 1 },
    { cores: 256, memoryBytes: 512 * GIB, count: 64 },
  ])("gives $count workers to $cores cores with $memoryBytes bytes", ({ count, ...machine }) => {
    expect(chooseWorkerCount(machine)).toBe(count);
  });
});
