import { describe, expect, test } from "bun:test";
import { createExpiringCache, createThrottle } from "./expiring-cache.ts";

function createClock() {
  let nowMs = 1_000_000;
  return {
    now: () => new Date(nowMs),
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe("createExpiringCache", () => {
  test("makes a value once until it is too old", async () => {
    const clock = createClock();
    const cache = createExpiringCache<string, number>({ ttlMs: 100, entriesMax: 10, clock });
    let made = 0;
    const make = async () => ++made;
    expect(await Promise.all([cache.load("a", make), cache.load("a", make)])).toEqual([1, 1]);
    clock.advance(99);
    expect(await cache.load("a", make)).toBe(1);
    clock.advance(1);
    expect(await cache.load("a", make)).toBe(2);
  });

  test("does not remember a failure", async () => {
    const cache = createExpiringCache<string, number>({ ttlMs: 100, entriesMax: 10, clock: createClock() });
    await expect(cache.load("a", () => Promise.reject(new RangeError("down")))).rejects.toThrow("down");
    expect(await cache.load("a", async () => 7)).toBe(7);
  });

  test("forgets a value that was dropped while it was being made", async () => {
    const cache = createExpiringCache<string, string>({ ttlMs: 100, entriesMax: 10, clock: createClock() });
    const making = Promise.withResolvers<string>();
    const first = cache.load("a", () => making.promise);
    cache.drop("a");
    making.resolve("old");
    expect(await first).toBe("old");
    expect(await cache.load("a", async () => "new")).toBe("new");
  });

  test("keeps at most entriesMax keys", async () => {
    const cache = createExpiringCache<number, number>({ ttlMs: 100, entriesMax: 2, clock: createClock() });
    for (const key of [1, 2, 3]) await cache.load(key, async () => key);
    expect(await cache.load(3, async () => 30)).toBe(3);
    expect(await cache.load(1, async () => 10)).toBe(10);
  });
});

describe("createThrottle", () => {
  test("says yes once per interval and key", () => {
    const clock = createClock();
    const throttle = createThrottle<string>({ intervalMs: 60, entriesMax: 10, clock });
    expect([throttle.isDue("a"), throttle.isDue("a"), throttle.isDue("b")]).toEqual([true, false, true]);
    clock.advance(60);
    expect(throttle.isDue("a")).toBe(true);
    throttle.forget("a");
    expect(throttle.isDue("a")).toBe(true);
  });
});
