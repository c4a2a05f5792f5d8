import { describe, expect, test } from "bun:test";
import { failureOf } from "../testing/failure-of.ts";
import { settle } from "../testing/manual-environment.ts";
import { createTransferQueue } from "./queue.ts";

function setUp(concurrency: number) {
  const queue = createTransferQueue(concurrency);
  const begun: number[] = [];
  const gates = new Map<number, PromiseWithResolvers<number>>();
  const run = (id: number, signal?: AbortSignal) =>
    queue.run([signal], () => {
      begun.push(id);
      const gate = Promise.withResolvers<number>();
      gates.set(id, gate);
      return gate.promise;
    });
  return { queue, begun, gates, run };
}

describe("the transfer queue", () => {
  test("lets so many run at once, first come first served", async () => {
    const { begun, gates, run } = setUp(2);
    const all = Promise.allSettled([1, 2, 3, 4].map((id) => run(id)));
    await settle();
    expect(begun).toEqual([1, 2]);
    gates.get(2)?.resolve(2);
    await settle();
    expect(begun).toEqual([1, 2, 3]);
    gates.get(1)?.reject(new Error("lost"));
    await settle();
    expect(begun).toEqual([1, 2, 3, 4]);
    for (const gate of gates.values()) gate.resolve(0);
    const ends = await all;
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled"]);
  });

  test("forgets one that is aborted while it waits", async () => {
    const { begun, gates, run } = setUp(1);
    const controller = new AbortController();
    void run(1);
    const aborted = failureOf(run(2, controller.signal));
    void run(3);
    await settle();
    controller.abort("no");
    expect(await aborted).toMatchObject({ kind: "aborted", cause: "no" });
    gates.get(1)?.resolve(1);
    await settle();
    expect(begun).toEqual([1, 3]);
  });

  test("refuses more than it can remember", async () => {
    const { run } = setUp(1);
    for (let id = 0; id <= 10_000; id++) void run(id);
    expect(await failureOf(run(-1))).toMatchObject({ kind: "unavailable", code: "TRANSFERS_FULL" });
  });

  test("is settled once nothing runs", async () => {
    const { queue, gates, run } = setUp(2);
    await queue.settled();
    const one = run(1);
    await settle();
    let isSettled = false;
    const settled = queue.settled().then(() => {
      isSettled = true;
    });
    await settle();
    expect(isSettled).toBe(false);
    gates.get(1)?.resolve(1);
    await one;
    await settled;
  });
});
