import { describe, expect, test } from "bun:test";
import { fits, judge } from "./judge.ts";
import type { Finding } from "./types.ts";

const finding: Finding = { where: "auth/29", what: "status", at: "", ours: "401 no", theirs: "500" };
const row = { where: "auth/29", what: "status", ours: "401*", theirs: "500" } as const;

describe("judge", () => {
  test("explains a finding by a row that says all of it", () => {
    const { explained, unexplained, unused } = judge([finding], [row]);
    expect([explained.length, unexplained.length, unused.length]).toEqual([1, 0, 0]);
  });

  test.each([
    ["another place", { ...row, where: "auth/30" }],
    ["another kind", { ...row, what: "value" as const }],
    ["another answer of ours", { ...row, ours: "403*" }],
    ["another answer of theirs", { ...row, theirs: "501" }],
    ["a field", { ...row, at: "detail" }],
  ])("leaves a finding and a row about %s alone", (_, other) => {
    const { unexplained, unused } = judge([finding], [other]);
    expect([unexplained, unused]).toEqual([[finding], [other]]);
  });

  test("lists rows that explain nothing", () => {
    expect(judge([], [row]).unused).toEqual([row]);
  });
});

describe("fits", () => {
  test("takes every character but the star by its word", () => {
    expect(fits("items[].a*", "items[].abc")).toBe(true);
    expect(fits("items[].a*", "itemsx.abc")).toBe(false);
    expect(fits("a+(b)", "a+(b)")).toBe(true);
    expect(fits("*", "two\nlines")).toBe(true);
    expect(fits("a", "ab")).toBe(false);
  });
});
