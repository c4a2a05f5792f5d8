import { describe, expect, test } from "bun:test";
import type { Database } from "@multitap/db";
import type { Context } from "./context.ts";
import { createKeptValues, type KeptValues, recall } from "./kept-values.ts";

/** Gives another number each time, of one byte. */
function createMaker() {
  let calls = 0;
  return async () => {
    calls += 1;
    return { value: calls, sizeBytes: 1 };
  };
}

function createScene(kept: KeptValues | null) {
  const database = {} as Database;
  const transaction = {} as Database;
  const ports = { database, kept } as Context["ports"];
  return { outside: { db: database, ports }, inside: { db: transaction, ports } };
}

const LIMITS = { bytesMax: 10_000, ageMaxMs: 60_000 };

describe("createKeptValues", () => {
  test("keeps values of any type side by side", async () => {
    const kept = createKeptValues(LIMITS);
    const ids = [3, 1];
    expect(await kept.load("ids", async () => ({ value: ids, sizeBytes: 16 }))).toBe(ids);
    expect(await kept.load("total", async () => ({ value: 2, sizeBytes: 8 }))).toBe(2);
    expect(await kept.load<number[]>("ids", async () => ({ value: [], sizeBytes: 0 }))).toBe(ids);
  });

  test("keeps no value that must not be kept, nor one larger than all there is room for", async () => {
    const kept = createKeptValues(LIMITS);
    const make = createMaker();
    for (const sizeBytes of [null, LIMITS.bytesMax]) {
      const once = async () => ({ ...(await make()), sizeBytes });
      expect(await kept.load("a", once)).not.toBe(await kept.load("a", once));
    }
  });
});

describe("recall", () => {
  test("gives what was made before until something is written", async () => {
    const kept = createKeptValues(LIMITS);
    const { outside } = createScene(kept);
    const make = createMaker();
    expect([await recall(outside, "a", make), await recall(outside, "a", make)]).toEqual([1, 1]);
    kept.invalidate();
    expect(await recall(outside, "a", make)).toBe(2);
  });

  test("reads anew inside a transaction, and keeps nothing of it", async () => {
    const { outside, inside } = createScene(createKeptValues(LIMITS));
    const make = createMaker();
    expect([await recall(outside, "a", make), await recall(inside, "a", make)]).toEqual([1, 2]);
    expect(await recall(outside, "a", make)).toBe(1);
  });

  test("makes each anew where nothing is kept", async () => {
    const { outside } = createScene(null);
    const make = createMaker();
    expect([await recall(outside, "a", make), await recall(outside, "a", make)]).toEqual([1, 2]);
  });
});
