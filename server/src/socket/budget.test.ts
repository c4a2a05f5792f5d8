import { describe, expect, test } from "bun:test";
import { createBudget } from "./budget.ts";

describe("createBudget", () => {
  test("gives all it holds at once, and no more", () => {
    const budget = createBudget({ amount: 3, windowMs: 1_000 });
    expect([1, 2, 3, 4].map(() => budget.take(1, 0))).toEqual([true, true, true, false]);
  });

  test("fills up evenly and never beyond its size", () => {
    const budget = createBudget({ amount: 10, windowMs: 1_000 });
    expect(budget.take(10, 0)).toBe(true);
    expect(budget.take(5, 499)).toBe(false);
    expect(budget.take(5, 510)).toBe(true);
    expect(budget.take(11, 1_000_000)).toBe(false);
    expect(budget.take(10, 1_000_000)).toBe(true);
  });

  test("takes nothing when it refuses, and does not mind a clock that goes back", () => {
    const budget = createBudget({ amount: 4, windowMs: 1_000 });
    expect(budget.take(5, 100)).toBe(false);
    expect(budget.take(4, 0)).toBe(true);
    expect(budget.take(1, 0)).toBe(false);
  });
});
