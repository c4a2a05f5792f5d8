import { describe, expect, test } from "bun:test";
import { formatNumber, formatSummary, formatTable, judge } from "./report.ts";

describe("formatTable", () => {
  test("sets the first column left and the others right", () => {
    const table = formatTable(
      ["what", "ms"],
      [
        ["a", "1,000"],
        ["longer", "2"],
      ],
    );
    expect(table.split("\n")).toEqual(["what       ms", "------  -----", "a       1,000", "longer      2"]);
  });
  test("leaves a missing cell empty", () => {
    expect(
      formatTable(["a", "b"], [["x"]])
        .split("\n")
        .at(-1),
    ).toBe("x");
  });
});

describe("formatNumber", () => {
  test.each([
    [0.1234, "0.12"],
    [12.34, "12.3"],
    [99.96, "100"],
    [1234.5, "1,235"],
  ])("writes %p as %p", (value, expected) => {
    expect(formatNumber(value)).toBe(expected);
  });
});

test("formatSummary counts one run in the singular", () => {
  expect(formatSummary({ median: 1, least: 1, most: 1, runs: 1 }, "s", 1)).toBe("1.0 s (1.0..1.0, 1 run)");
});

test("judge names a missed budget so that it can be searched for", () => {
  expect([judge(true), judge(false)]).toEqual(["ok", "MISS"]);
});
