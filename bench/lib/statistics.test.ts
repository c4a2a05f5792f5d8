import { describe, expect, test } from "bun:test";
import { percentile, summarize } from "./statistics.ts";

describe("summarize", () => {
  test("gives the middle of an odd number of runs, whatever their order", () => {
    expect(summarize([9, 1, 5])).toEqual({ median: 5, least: 1, most: 9, runs: 3 });
  });
  test("lies between the two middle ones of an even number", () => {
    expect(summarize([4, 1, 2, 10]).median).toBe(3);
  });
  test("is zero without runs", () => {
    expect(summarize([])).toEqual({ median: 0, least: 0, most: 0, runs: 0 });
  });
});

describe("percentile", () => {
  const hundred = Array.from({ length: 101 }, (_, index) => index);
  test.each([
    [0, 0],
    [0.5, 50],
    [0.95, 95],
    [1, 100],
  ])("share %p of 0 to 100 is %p", (share, expected) => {
    expect(percentile(hundred, share)).toBeCloseTo(expected);
  });
});
