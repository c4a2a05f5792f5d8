import { describe, expect, test } from "bun:test";
import { CONNECT_WINDOW_MS, RELAY_LIMITS } from "../limits.ts";
import { createUse, isForgettable, takeBytes, takeConnection } from "./rules.ts";

const limits = {
  ...RELAY_LIMITS,
  connectionsPerAddressMax: 2,
  connectsPerAddressMax: 3,
  bytesBurst: 1_000,
  bytesPerSecond: 100,
};

describe("an address", () => {
  test("has so many connections at the same time", () => {
    const use = createUse(limits, 0);
    expect([1, 2, 3].map(() => takeConnection(use, limits, 0))).toEqual([true, true, false]);
    use.connections -= 1;
    expect(takeConnection(use, limits, CONNECT_WINDOW_MS)).toBe(true);
  });

  test("makes so many within a minute, refused ones included", () => {
    const use = createUse(limits, 0);
    const come = (nowMs: number) => {
      const isTaken = takeConnection(use, limits, nowMs);
      if (isTaken) use.connections -= 1;
      return isTaken;
    };
    expect([0, 1, 2, 3, CONNECT_WINDOW_MS - 1, CONNECT_WINDOW_MS].map(come)).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  test("sends so much at once, and so much a second after that", () => {
    const use = createUse(limits, 0);
    const take = (bytes: number, nowMs: number) => takeBytes(use, bytes, { limits, nowMs });
    expect([take(1_000, 0), take(100, 1_000), take(1, 1_000)]).toEqual([true, true, false]);
    expect([take(1_000, 60_000), take(1, 60_000)]).toEqual([true, false]);
  });

  test("is forgotten when nothing is left of it", () => {
    const use = createUse(limits, 0);
    takeConnection(use, limits, 0);
    expect(isForgettable(use, CONNECT_WINDOW_MS)).toBe(false);
    use.connections -= 1;
    expect([isForgettable(use, CONNECT_WINDOW_MS - 1), isForgettable(use, CONNECT_WINDOW_MS)]).toEqual([
      false,
      true,
    ]);
  });
});
