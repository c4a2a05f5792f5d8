import { afterAll, describe, expect, test } from "bun:test";
import { AppError } from "../../base/errors.ts";
import type { Compute } from "./port.ts";
import type { TestTasks } from "./testing/tasks.ts";

/** Creates pools of one driver over the tests' tasks. */
export type CreateCompute = (options?: { waitingMax?: number | undefined }) => Compute<TestTasks>;

/** How long one task of several steps runs; enough to act while it does. */
const LONG = { steps: 400, stepMs: 2 } as const;

/** Holds a driver against every promise of the compute port. */
export function runComputeContract(name: string, create: CreateCompute): void {
  describe(`compute on ${name}`, () => {
    describeAnswers(create);
    describeFailures(create);
    describeTurns(create);
    describeCancelling(create);
    describeClosing(create);
  });
}

const failureOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => "no failure",
    (error: unknown) => error,
  );

const codeOf = async (run: Promise<unknown>): Promise<unknown> => {
  const failure = await failureOf(run);
  return failure instanceof AppError ? failure.code : failure;
};

/** Starts a task that runs for a while and waits until it really runs. */
async function startLong(compute: Compute<TestTasks>, signal?: AbortSignal): Promise<Promise<unknown>[]> {
  const { promise: isRunning, resolve } = Promise.withResolvers<void>();
  // Settled at once into a value, so that a rejection nobody has looked at yet is no stray error.
  const ended = failureOf(compute.run("count", LONG, { signal, onProgress: () => resolve() }));
  await isRunning;
  // In an array, because an async function would wait for a bare promise.
  return [ended];
}

function describeAnswers(create: CreateCompute): void {
  const compute = create();
  afterAll(() => compute.close());

  test("gives what the task gives", async () => {
    const input = {
      text: "Pokémon",
      bytes: new Uint8Array([1, 2, 3]),
      at: new Date(0),
      none: null,
      list: [1n],
    };
    expect(await compute.run("echo", input)).toEqual(input);
  });

  test("hands over copies", async () => {
    const input = { list: [1] };
    const output = await compute.run("echo", input);
    input.list.push(2);
    expect(output).toEqual({ list: [1] });
  });

  test("keeps the answers of many tasks apart", async () => {
    const inputs = Array.from({ length: 200 }, (_, index) => index);
    expect(await Promise.all(inputs.map((input) => compute.run("echo", input)))).toEqual(inputs);
  });

  test("lends a buffer that no other task touches", async () => {
    const marks = [1, 2, 3, 4, 5, 6];
    const lengths = marks.map((mark) => compute.run("borrow", { mark, sizeBytes: 1000 * mark }));
    expect(await Promise.all(lengths)).toEqual(marks.map((mark) => 1000 * mark));
  });

  test("reports progress in order and not for every step", async () => {
    const seen: number[] = [];
    await compute.run("count", { steps: 150, stepMs: 1 }, { onProgress: (step) => seen.push(step) });
    expect(seen[0]).toBe(1);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThan(20);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  test("leaves the calling thread free in between", async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 5);
    await compute.run("count", { steps: 100, stepMs: 2 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(4);
  });
}

function describeFailures(create: CreateCompute): void {
  const compute = create();
  afterAll(() => compute.close());

  test("gives an expected failure as the task threw it", async () => {
    const failure = await failureOf(compute.run("refuse", null));
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({
      kind: "conflict",
      code: "FILES_CHANGED",
      message: "The disc changed",
      details: { discNumber: 2 },
      retryAfterMs: 1500,
    });
    expect(String((failure as AppError).cause)).toContain("the private reason");
  });

  test("gives a bug as an internal failure and keeps its stack for the log", async () => {
    const failure = await failureOf(compute.run("stumble", null));
    expect(failure).toMatchObject({ kind: "internal", code: "INTERNAL", message: "Internal Server Error" });
    expect(String((failure as AppError).cause)).toContain("arithmetic holds");
    expect(String((failure as AppError).cause)).toContain("testing/tasks.ts");
  });

  test("gives an answer that cannot be copied as an internal failure", async () => {
    expect(await codeOf(compute.run("leak", null))).toBe("INTERNAL");
  });

  test("refuses an input that cannot be copied", async () => {
    expect(await failureOf(compute.run("echo", () => undefined))).toMatchObject({ name: "DataCloneError" });
  });

  test("serves the next task after each kind of failure", async () => {
    for (const name of ["refuse", "stumble", "leak"] as const) {
      await failureOf(compute.run(name, null));
      expect(await compute.run("echo", name)).toBe(name);
    }
    await failureOf(compute.run("echo", () => undefined));
    expect(await compute.run("echo", "still here")).toBe("still here");
    expect(compute.usage()).toEqual({ running: 0, waiting: 0 });
  });
}

function describeTurns(create: CreateCompute): void {
  test("starts tasks in the order of the calls", async () => {
    await using pool = disposable(create());
    const order: number[] = [];
    const { compute } = pool;
    const busy = Array.from({ length: compute.size }, () => compute.run("count", { steps: 20, stepMs: 1 }));
    const tasks = [1, 2, 3].map((n) => compute.run("echo", n).then(() => order.push(n)));
    await Promise.all([...busy, ...tasks]);
    // With several threads the order of the ends does not tell the order of the starts.
    expect(compute.size === 1 ? order : order.sort()).toEqual([1, 2, 3]);
  });

  test("answers COMPUTE_FULL when more tasks wait than may", async () => {
    await using pool = disposable(create({ waitingMax: 2 }));
    const { compute } = pool;
    const fitting = Array.from({ length: compute.size + 2 }, (_, n) => compute.run("echo", n));
    expect(compute.usage()).toEqual({ running: compute.size, waiting: 2 });
    expect(await failureOf(compute.run("echo", "one too many"))).toMatchObject({
      kind: "unavailable",
      code: "COMPUTE_FULL",
      details: { waitingMax: 2 },
    });
    await Promise.all(fitting);
    expect(await compute.run("echo", "room again")).toBe("room again");
  });
}

function describeCancelling(create: CreateCompute): void {
  test("stops a running task at its next checkpoint and throws the signal's reason", async () => {
    await using pool = disposable(create());
    const abort = new AbortController();
    const [ended] = await startLong(pool.compute, abort.signal);
    const startedAtMs = performance.now();
    const reason = new AppError("conflict", "FILES_CHANGED", { message: "the user pressed stop" });
    abort.abort(reason);
    expect(await ended).toBe(reason);
    expect(performance.now() - startedAtMs).toBeLessThan((LONG.steps * LONG.stepMs) / 2);
    expect(await pool.compute.run("echo", "next")).toBe("next");
  });

  test("never starts a task whose signal was aborted before", async () => {
    await using pool = disposable(create());
    const failure = await failureOf(pool.compute.run("stumble", null, { signal: AbortSignal.abort("gone") }));
    expect(failure).toBe("gone");
  });

  test("drops a waiting task at once and keeps the turns of the others", async () => {
    await using pool = disposable(create({ waitingMax: 2 }));
    const { compute } = pool;
    const busy = Array.from({ length: compute.size }, () => compute.run("count", { steps: 20, stepMs: 2 }));
    const abort = new AbortController();
    const dropped = failureOf(compute.run("stumble", null, { signal: abort.signal }));
    const kept = compute.run("echo", "kept");
    abort.abort("changed my mind");
    expect(await dropped).toBe("changed my mind");
    expect(compute.usage()).toEqual({ running: compute.size, waiting: 1 });
    expect(await kept).toBe("kept");
    await Promise.all(busy);
  });

  test("ignores a signal that aborts after the end", async () => {
    await using pool = disposable(create());
    const abort = new AbortController();
    expect(await pool.compute.run("echo", 1, { signal: abort.signal })).toBe(1);
    abort.abort();
    expect(await pool.compute.run("echo", 2)).toBe(2);
  });
}

function describeClosing(create: CreateCompute): void {
  test("cancels what runs and what waits within 1 s, and refuses what comes later", async () => {
    const compute = create();
    const [ended] = await startLong(compute);
    const others = Array.from({ length: compute.size + 3 }, () => codeOf(compute.run("count", LONG)));
    const startedAtMs = performance.now();
    await Promise.all([compute.close(), compute.close()]);
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
    expect(await ended).toMatchObject({ kind: "unavailable", code: "COMPUTE_CLOSED" });
    for (const code of await Promise.all(others)) expect(code).toBe("COMPUTE_CLOSED");
    expect(await codeOf(compute.run("echo", 1))).toBe("COMPUTE_CLOSED");
    expect(compute.usage()).toEqual({ running: 0, waiting: 0 });
  });

  test("closes a pool that never ran anything", async () => {
    const compute = create();
    await compute.close();
    expect(await codeOf(compute.run("echo", 1))).toBe("COMPUTE_CLOSED");
  });
}

function disposable(compute: Compute<TestTasks>) {
  return { compute, [Symbol.asyncDispose]: () => compute.close() };
}
