import { describe, expect, test } from "bun:test";
import { SMART_VALUES_MAX } from "../limits.ts";
import { checkCriteria } from "./rules.ts";

describe("checkCriteria", () => {
  test("takes what is a filter", () => {
    expect(() => checkCriteria({ regions: ["USA"] }, { unsupported: [], valueCount: 1 })).not.toThrow();
    expect(() => checkCriteria({}, { unsupported: [], valueCount: SMART_VALUES_MAX })).not.toThrow();
  });

  test("refuses filters that do not exist, naming them", () => {
    const check = () => checkCriteria({ a: 1, b: 2 }, { unsupported: ["a", "b"], valueCount: null });
    expect(check).toThrow("Filters that smart collections do not support: a, b");
  });

  test.each([
    [{ missing: "yes" }, null],
    [{ genres: ["a"] }, SMART_VALUES_MAX + 1],
    [{ order_by: "x".repeat(20_000) }, 0],
    [{ order_by: "a\0b" }, 0],
  ])("refuses what is none, too much, or cannot be stored", (criteria, valueCount) => {
    const check = () => checkCriteria(criteria, { unsupported: [], valueCount });
    expect(check).toThrow("Filter criteria hold a value");
  });
});
