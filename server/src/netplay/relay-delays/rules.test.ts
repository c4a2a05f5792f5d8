import { describe, expect, test } from "bun:test";
import { DELAYS_KEPT } from "../relay-rooms/limits.ts";
import { createDelays, startPing, summarizeDelays, takePong } from "./rules.ts";

/** Pings at each second, which are answered after so many milliseconds. */
function measure(roundTripsMs: readonly number[]) {
  const delays = createDelays(0);
  for (const [at, roundTripMs] of roundTripsMs.entries()) {
    takePong(delays, startPing(delays, at * 1_000), at * 1_000 + roundTripMs);
  }
  return delays;
}

describe("the delay of a member", () => {
  test("is not known before the first answer", () => {
    expect(summarizeDelays(createDelays(0))).toBeNull();
  });

  test("is the median of the last round trips, and what 99 of 100 keep below", () => {
    expect(summarizeDelays(measure([30, 10.04, 20]))).toEqual({ medianMs: 20, p99Ms: 30 });
    const many = measure([900, ...Array.from({ length: DELAYS_KEPT }, (_, at) => at)]);
    expect(summarizeDelays(many)).toEqual({ medianMs: 64, p99Ms: 126 });
  });

  test("takes an answer once, and only one to the open ping", () => {
    const delays = createDelays(0);
    const first = startPing(delays, 5_000);
    takePong(delays, first + 1, 5_001);
    takePong(delays, first, 5_007);
    takePong(delays, first, 9_000);
    expect([delays.count, summarizeDelays(delays)?.medianMs]).toEqual([1, 7]);
  });

  test("survives the end of the clock's 32 bits", () => {
    const delays = createDelays(0);
    const last = 0x1_0000_0000 - 3;
    expect([startPing(delays, last), startPing(delays, last + 3)]).toEqual([0xffff_fffd, 0]);
    takePong(delays, 0, last + 8);
    expect(summarizeDelays(delays)?.medianMs).toBe(5);
  });
});
