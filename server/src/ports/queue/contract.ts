import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Database } from "@multitap/db";
import { AppError } from "../../base/errors.ts";
import { describeInterruptions } from "./contract-interruptions.ts";
import {
  codeOf,
  createQueueTracker,
  freshName,
  type GetFixture,
  type QueueFixture,
  until,
} from "./contract-kit.ts";
import type { Job } from "./port.ts";

/** Holds a driver against every promise of the queue port. */
export function runQueueContract(name: string, createFixture: () => Promise<QueueFixture>): void {
  describe(`queue on ${name}`, () => {
    let fixture: QueueFixture;
    beforeAll(async () => {
      fixture = await createFixture();
    });
    afterAll(() => fixture?.dispose());
    const get: GetFixture = () => fixture;
    describeRuns(get);
    describeEnqueue(get);
    describeFailures(get);
    describeSchedules(get);
    describeDepths(get);
    describeInterruptions(get);
  });
}

function describeRuns(get: GetFixture): void {
  describe("work", () => {
    test("gets the data, the id and the first attempt, soon after the enqueue", async () => {
      const { first } = get();
      const name = freshName();
      const jobs: Job<unknown>[] = [];
      const startedAt: number[] = [];
      await first.work(name, { concurrency: 1 }, async (job) => {
        startedAt.push(performance.now());
        jobs.push(job);
      });
      const waits: number[] = [];
      for (const data of [{ b: [1, null, "é 😀"], a: { nested: true } }, "text", 7, null, []]) {
        const enqueuedAt = performance.now();
        const id = await first.enqueue(name, data);
        await until(() => jobs.length > waits.length);
        waits.push((startedAt.at(-1) ?? Number.NaN) - enqueuedAt);
        expect(jobs.at(-1)).toMatchObject({ id: String(id), attempt: 1 });
        expect(jobs.at(-1)?.data).toEqual(data);
        expect(jobs.at(-1)?.signal.aborted).toBe(false);
      }
      // Some milliseconds; polling would need hundreds. The best of five, for the machine may be busy.
      expect(Math.min(...waits)).toBeLessThan(50);
    });

    test("is woken by another process", async () => {
      const { first, second } = get();
      const name = freshName();
      const seen = createQueueTracker();
      await second.work(name, { concurrency: 1 }, seen.handler);
      const waits: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const enqueuedAt = performance.now();
        await first.enqueue(name, round);
        await until(() => seen.data.length > round);
        waits.push(performance.now() - enqueuedAt);
      }
      expect(Math.min(...waits)).toBeLessThan(50);
    });

    test("runs a backlog without pauses, at most so many at a time, each job once over all processes", async () => {
      const { first, second } = get();
      const name = freshName();
      const ids = await Promise.all(Array.from({ length: 60 }, (_, index) => first.enqueue(name, index)));
      expect(new Set(ids).size).toBe(60);
      const seen = createQueueTracker();
      const startedAt = performance.now();
      await first.work(name, { concurrency: 3 }, seen.handler);
      await second.work(name, { concurrency: 2 }, seen.handler);
      await until(() => seen.data.length >= 60);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      await Bun.sleep(50);
      expect(seen.data.toSorted((a, b) => Number(a) - Number(b))).toEqual(
        Array.from({ length: 60 }, (_, i) => i),
      );
      expect(seen.runningMax()).toBeWithin(2, 6);
    });

    test("takes the highest priority first and equals in their order", async () => {
      const { first } = get();
      const name = freshName();
      for (const [data, priority] of [
        ["low", -5],
        ["usual 1", undefined],
        ["high", 10],
        ["usual 2", 0],
      ] as const) {
        await first.enqueue(name, data, { priority });
      }
      const seen = createQueueTracker();
      await first.work(name, { concurrency: 1 }, seen.handler);
      await until(() => seen.data.length === 4);
      expect(seen.data).toEqual(["high", "usual 1", "usual 2", "low"]);
    });
  });
}

function describeEnqueue(get: GetFixture): void {
  describe("enqueue", () => {
    test("within a transaction waits for the commit and is undone with it", async () => {
      const { first, second, db } = get();
      const name = freshName();
      const seen = createQueueTracker();
      await second.work(name, { concurrency: 1 }, seen.handler);
      const enqueueIn = (data: string, isCommitted: boolean) =>
        db.transaction(async (tx: Parameters<Parameters<Database["transaction"]>[0]>[0]) => {
          expect(await first.enqueue(name, data, { within: tx })).toBeString();
          await Bun.sleep(40);
          expect(seen.data).not.toContain(data);
          if (!isCommitted)
            throw new AppError("conflict", "FILES_EXISTS", { message: "rolled back on purpose" });
        });
      expect(await codeOf(enqueueIn("undone", false))).toBe("FILES_EXISTS");
      await enqueueIn("done", true);
      await until(() => seen.data.length > 0);
      await Bun.sleep(50);
      expect(seen.data).toEqual(["done"]);
    });

    test("takes one job per singleton key while it is queued or running", async () => {
      const { first, second } = get();
      const name = freshName();
      const offers = Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? first : second).enqueue(name, "once", { singletonKey: "a" }),
      );
      expect((await Promise.all(offers)).filter((id) => id !== null)).toHaveLength(1);
      expect(await first.enqueue(name, "other key", { singletonKey: "b" })).toBeString();
      expect(await first.enqueue(name, "no key")).toBeString();
      expect(await first.enqueue(name, "no key")).toBeString();
      const gate = Promise.withResolvers<void>();
      const seen = createQueueTracker(() => gate.promise);
      await first.work(name, { concurrency: 4 }, seen.handler);
      await until(() => seen.data.length === 4);
      expect(await second.enqueue(name, "while running", { singletonKey: "a" })).toBeNull();
      gate.resolve();
      let again: string | null = null;
      await until(async () => {
        again = await second.enqueue(name, "again", { singletonKey: "a" });
        return again !== null;
      });
      await until(() => seen.data.includes("again"));
      expect(seen.data).not.toContain("while running");
    });

    test("holds a job back until its time", async () => {
      const { first } = get();
      const name = freshName();
      const seen = createQueueTracker();
      await first.work(name, { concurrency: 1 }, seen.handler);
      const enqueuedAt = performance.now();
      await first.enqueue(name, "later", { startAfterMs: 300 });
      await first.enqueue(name, "now");
      await until(() => seen.data.length === 2);
      expect(seen.data).toEqual(["now", "later"]);
      expect(performance.now() - enqueuedAt).toBeGreaterThanOrEqual(300);
    });
  });
}

function describeFailures(get: GetFixture): void {
  const fail = () =>
    Promise.reject(new AppError("upstream" as never, "INTERNAL" as never, { message: "on purpose" }));

  describe("a handler that throws", () => {
    test("is run again, counting, until it succeeds", async () => {
      const { first } = get();
      const name = freshName();
      const attempts: number[] = [];
      await first.work(name, { concurrency: 1 }, async ({ attempt }) => {
        attempts.push(attempt);
        if (attempt < 3) await fail();
      });
      await first.enqueue(name, null, { retryMax: 5 });
      await until(() => attempts.length >= 3);
      await Bun.sleep(100);
      expect(attempts).toEqual([1, 2, 3]);
    });

    test("is run no more than its retries allow, and frees its singleton key", async () => {
      const { first } = get();
      const name = freshName();
      const runs: string[] = [];
      await first.work<string>(name, { concurrency: 1 }, async ({ data, attempt }) => {
        runs.push(`${data} ${attempt}`);
        await fail();
      });
      await first.enqueue(name, "never again", { retryMax: 0, singletonKey: "a" });
      await until(() => runs.length >= 1);
      await until(
        async () => (await first.enqueue(name, "once again", { retryMax: 1, singletonKey: "a" })) !== null,
      );
      await until(() => runs.length >= 3);
      await Bun.sleep(100);
      expect(runs).toEqual(["never again 1", "once again 1", "once again 2"]);
    });

    test("for want of room rests, whatever its retries", async () => {
      const { first, fullPauseMs } = get();
      const failures = [
        new AppError("storage_full", "STORAGE_FULL", { message: "full" }),
        { cause: Object.assign(new Error("PostgreSQL's code deep inside"), { code: "53100" }) },
        Object.assign(new Error("the system's code"), { code: "ENOSPC" }),
      ];
      const rest = async (failure: unknown) => {
        const name = freshName();
        const runsAt: number[] = [];
        await first.work(name, { concurrency: 1 }, async () => {
          runsAt.push(performance.now());
          if (runsAt.length <= 2) throw failure;
        });
        await first.enqueue(name, null, { retryMax: 0 });
        await until(() => runsAt.length >= 3);
        await Bun.sleep(100);
        return runsAt;
      };
      for (const runsAt of await Promise.all(failures.map(rest))) {
        const [one = 0, two = 0, three = 0, ...more] = runsAt;
        expect(Math.min(two - one, three - two)).toBeGreaterThanOrEqual(fullPauseMs - 5);
        expect(more).toEqual([]);
      }
    });
  });
}

function describeDepths(get: GetFixture): void {
  test("depths tells what waits and what runs, and forgets what has ended", async () => {
    const { first, second } = get();
    const name = freshName();
    const depthOf = async () => (await second.depths()).find((depth) => depth.name === name);
    expect(await depthOf()).toBeUndefined();
    await first.enqueue(name, 1);
    await first.enqueue(name, 2);
    expect(await depthOf()).toEqual({ name, queuedCount: 2, runningCount: 0 });
    const released = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    await first.work(name, { concurrency: 1 }, async () => {
      begun.resolve();
      await released.promise;
    });
    await begun.promise;
    expect(await depthOf()).toEqual({ name, queuedCount: 1, runningCount: 1 });
    released.resolve();
    await until(async () => (await depthOf()) === undefined, 8_000);
  }, 20_000);
}

function describeSchedules(get: GetFixture): void {
  describe("schedule", () => {
    test("enqueues one job per time over all processes, until it is unscheduled", async () => {
      const { first, second } = get();
      const name = freshName();
      const seen = createQueueTracker();
      await second.work(name, { concurrency: 2 }, seen.handler);
      await first.schedule(name, "0 0 1 1 *", { data: "replaced" });
      await first.schedule(name, "* * * * *", { timeZone: "Asia/Kolkata", data: { full: true } });
      await until(() => seen.data.length > 0, 8_000);
      expect(seen.data[0]).toEqual({ full: true });
      await first.unschedule(name);
      await first.unschedule(name);
      // At most one more when the minute has just turned.
      await Bun.sleep(1_200);
      expect(seen.data.length).toBeLessThanOrEqual(2);
    }, 10_000);

    test.each([
      ["a pattern that is none", "every day", undefined],
      ["a minute that does not exist", "61 * * * *", undefined],
      ["an unknown time zone", "0 3 * * *", "Nowhere/City"],
    ])("refuses %s", async (_name, cron, timeZone) => {
      expect(await codeOf(get().first.schedule(freshName(), cron, { timeZone }))).toBe(
        "QUEUE_SCHEDULE_INVALID",
      );
    });
  });
}
