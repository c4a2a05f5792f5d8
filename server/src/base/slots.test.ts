import { describe, expect, test } from "bun:test";
import { AppError } from "./errors.ts";
import { createSlots } from "./slots.ts";

const limits = {
  runningMax: 2,
  waitingMax: 1,
  refuse: () => new AppError("unavailable", "AUTH_BUSY", { message: "full", retryAfterMs: 5 }),
};

describe("createSlots", () => {
  test("runs at most runningMax tasks, lets waitingMax wait and refuses the rest", async () => {
    const slots = createSlots(limits);
    const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
    const started: number[] = [];
    const runs = gates.map((gate, index) =>
      slots.run(async () => {
        started.push(index);
        await gate.promise;
      }),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    await expect(slots.run(async () => 1)).rejects.toMatchObject({ code: "AUTH_BUSY", retryAfterMs: 5 });
    gates[0]?.resolve();
    await runs[0];
    await Promise.resolve();
    expect(started).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve();
    await Promise.all(runs);
    expect(await slots.run(async () => 2)).toBe(2);
  });

  test("frees the slot of a task that fails", async () => {
    const slots = createSlots({ ...limits, runningMax: 1, waitingMax: 0 });
    await expect(slots.run(() => Promise.reject(new RangeError("no")))).rejects.toThrow("no");
    expect(await slots.run(async () => 3)).toBe(3);
  });
});
