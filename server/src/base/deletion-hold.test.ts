import { describe, expect, test } from "bun:test";
import type { KvLock } from "../ports/kv/port.ts";
import { holdDeletions } from "./deletion-hold.ts";

/** A store with one lock that answers as the test says. */
function createStore(extend: KvLock["extend"]) {
  const released = { count: 0 };
  const release = async () => {
    released.count += 1;
  };
  return { released, kv: { lock: async () => ({ extend, release }) } };
}

async function whenLost(signal: AbortSignal): Promise<void> {
  const lost = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => lost.resolve());
  if (signal.aborted) return;
  await lost.promise;
}

describe("holdDeletions", () => {
  test("tells when somebody else has taken the lock", async () => {
    const { kv } = createStore(async () => false);
    const hold = await holdDeletions(kv, { waitMs: 0, renewalMs: 1 });
    if (hold !== null) await whenLost(hold.signal);
    expect(hold?.signal.aborted).toBe(true);
    await hold?.release();
  });

  test("lives through a store that is away for a moment, but not for a whole lease", async () => {
    let askedCount = 0;
    const { kv } = createStore(async () => {
      askedCount += 1;
      throw new TypeError("away");
    });
    const hold = await holdDeletions(kv, { waitMs: 0, renewalMs: 1, leaseMs: 30 });
    if (hold !== null) await whenLost(hold.signal);
    expect(askedCount).toBeGreaterThan(1);
    await hold?.release();
  });

  test("renews nothing once it was released", async () => {
    let askedCount = 0;
    const asked = Promise.withResolvers<void>();
    const { kv, released } = createStore(async () => {
      askedCount += 1;
      asked.resolve();
      return true;
    });
    const hold = await holdDeletions(kv, { waitMs: 0, renewalMs: 1 });
    await asked.promise;
    await hold?.release();
    const countThen = askedCount;
    await new Promise((resolve) => setImmediate(resolve));
    expect([askedCount, released.count]).toEqual([countThen, 1]);
  });

  test("gives nothing while somebody else has it", async () => {
    expect(await holdDeletions({ lock: async () => null }, { waitMs: 0 })).toBeNull();
  });
});
