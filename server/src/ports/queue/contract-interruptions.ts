import { describe, expect, test } from "bun:test";
import { codeOf, createQueueTracker, freshName, type GetFixture, until } from "./contract-kit.ts";
import type { Job } from "./port.ts";

/** Rejects once the signal is aborted, as a well-behaved handler does. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** Never settles, as a handler that does not listen to its signal. */
const forEver = () => new Promise<never>(() => undefined);

/** The part of the queue contract on cancelling, stopping and dying. */
export function describeInterruptions(get: GetFixture): void {
  describeCancel(get);
  describeStop(get);
  describeDeath(get);
}

function describeCancel(get: GetFixture): void {
  describe("cancel", () => {
    test("takes a queued job out, also from another process", async () => {
      const { first, second } = get();
      const name = freshName();
      const id = await first.enqueue(name, "cancelled", { singletonKey: "a" });
      await second.cancel(String(id));
      expect(await first.enqueue(name, "next", { singletonKey: "a" })).toBeString();
      const seen = createQueueTracker();
      await first.work(name, { concurrency: 2 }, seen.handler);
      await until(() => seen.data.length > 0);
      await Bun.sleep(50);
      expect(seen.data).toEqual(["next"]);
    });

    test.each([
      ["this", "first"],
      ["another", "second"],
    ] as const)("aborts a running job in %s process, which is not run again", async (_where, canceller) => {
      const { first } = get();
      const name = freshName();
      const runs: Job<unknown>[] = [];
      await first.work(name, { concurrency: 1 }, async (job) => {
        runs.push(job);
        await untilAborted(job.signal);
      });
      const id = await first.enqueue(name, null);
      await until(() => runs.length === 1);
      await get()[canceller].cancel(String(id));
      await until(() => runs[0]?.signal.aborted === true);
      expect(runs[0]?.signal.aborted).toBe(true);
      await Bun.sleep(100);
      expect(runs).toHaveLength(1);
    });

    test("ignores ids it does not know", async () => {
      const { first } = get();
      const name = freshName();
      const seen = createQueueTracker();
      await first.work(name, { concurrency: 1 }, seen.handler);
      const id = await first.enqueue(name, "done");
      await until(() => seen.data.length === 1);
      for (const unknown of [String(id), crypto.randomUUID(), "", "no id at all"]) {
        expect(await codeOf(first.cancel(unknown))).toBe("no failure");
      }
    });
  });
}

function describeStop(get: GetFixture): void {
  describe("stop", () => {
    test("lets running jobs end, takes no others, and refuses everything afterwards", async () => {
      const { open, first } = get();
      const stopped = await open();
      const name = freshName();
      const gate = Promise.withResolvers<void>();
      const seen = createQueueTracker(() => gate.promise);
      await stopped.work(name, { concurrency: 1 }, seen.handler);
      await first.enqueue(name, "running");
      await until(() => seen.data.length === 1);
      await first.enqueue(name, "queued");
      const stopping = stopped.stop({ drainMs: 5_000 });
      setTimeout(gate.resolve, 60);
      await stopping;
      await stopped.stop({ drainMs: 0 });
      expect(seen.data).toEqual(["running"]);
      expect(await codeOf(stopped.enqueue(name, "late"))).toBe("QUEUE_UNAVAILABLE");
      expect(await codeOf(stopped.work(name, { concurrency: 1 }, seen.handler))).toBe("QUEUE_UNAVAILABLE");
      const rest = createQueueTracker();
      await first.work(name, { concurrency: 1 }, rest.handler);
      await until(() => rest.data.length > 0);
      await Bun.sleep(50);
      expect(rest.data).toEqual(["queued"]);
    });

    test.each<[string, (signal: AbortSignal) => Promise<never>]>([
      ["one that listens to its signal", untilAborted],
      ["one that does not", forEver],
    ])("hands back what does not end in time, uncounted: %s", async (_name, hang) => {
      const { open, first } = get();
      const stopped = await open();
      const name = freshName();
      const signals: AbortSignal[] = [];
      await stopped.work(name, { concurrency: 1 }, async ({ signal }) => {
        signals.push(signal);
        await hang(signal);
      });
      const id = await first.enqueue(name, null, { retryMax: 0 });
      await until(() => signals.length === 1);
      const startedAt = performance.now();
      await stopped.stop({ drainMs: 50 });
      expect(performance.now() - startedAt).toBeLessThan(1_500);
      expect(signals[0]?.aborted).toBe(true);
      const runs: Job<unknown>[] = [];
      await first.work(name, { concurrency: 1 }, async (job) => void runs.push(job));
      await until(() => runs.length === 1);
      expect(runs[0]).toMatchObject({ id: String(id), attempt: 2 });
      await Bun.sleep(50);
      expect(runs).toHaveLength(1);
    });

    test("counts a job as done that ends well after its signal", async () => {
      const { open, first } = get();
      const stopped = await open();
      const name = freshName();
      const runs: string[] = [];
      await stopped.work(name, { concurrency: 1 }, async ({ signal }) => {
        runs.push("stopped");
        await untilAborted(signal).catch(() => Bun.sleep(20));
      });
      await first.enqueue(name, null);
      await until(() => runs.length === 1);
      await stopped.stop({ drainMs: 20 });
      await first.work(name, { concurrency: 1 }, async () => void runs.push("again"));
      await Bun.sleep(150);
      expect(runs).toEqual(["stopped"]);
    });
  });
}

function describeDeath(get: GetFixture): void {
  test("a job whose process was killed is run again elsewhere, uncounted", async () => {
    const { first, startDoomedProcess } = get();
    const name = freshName();
    const doomed = await startDoomedProcess(name);
    const id = await first.enqueue(name, { precious: true }, { retryMax: 0, singletonKey: "a" });
    await doomed.waitForJob();
    expect(await first.enqueue(name, null, { singletonKey: "a" })).toBeNull();
    const runs: Job<unknown>[] = [];
    await first.work(name, { concurrency: 1 }, async (job) => void runs.push(job));
    await Bun.sleep(100);
    expect(runs).toHaveLength(0);
    await doomed.kill();
    await until(() => runs.length > 0, 8_000);
    expect(runs[0]).toMatchObject({ id: String(id), attempt: 2, data: { precious: true } });
  }, 20_000);

  test("a job that outlives a lease is not taken for lost", async () => {
    const { first, second } = get();
    const name = freshName();
    const runs: number[] = [];
    const work = async (job: Job<unknown>) => {
      runs.push(job.attempt);
      await Bun.sleep(2_000);
    };
    await first.work(name, { concurrency: 1 }, work);
    await second.work(name, { concurrency: 1 }, work);
    await first.enqueue(name, null);
    await Bun.sleep(2_200);
    expect(runs).toEqual([1]);
  });
}
