import { describe, expect, test } from "bun:test";
import { formatAge, formatCount, formatSize } from "./format.ts";

describe("formatSize", () => {
  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 KB"],
    [1_536_000, "1.54 MB"],
    [2 ** 50, "1,130 TB"],
  ])("writes %p as %p", (sizeBytes, text) => {
    expect(formatSize(sizeBytes)).toBe(text);
  });
});

test("formatCount chooses the noun", () => {
  expect(formatCount(1, "game")).toBe("1 game");
  expect(formatCount(0, "game")).toBe("0 games");
  expect(formatCount(1_200, "entry", "entries")).toBe("1,200 entries");
});

describe("formatAge", () => {
  const now = Date.parse("2026-05-02T12:00:00Z");
  test.each([
    ["2026-05-02T11:59:30Z", "just now"],
    ["2026-05-02T12:00:30Z", "just now"],
    ["2026-05-02T11:59:00Z", "1 minute ago"],
    ["2026-05-02T09:01:00Z", "2 hours ago"],
    ["2026-04-01T12:00:00Z", "31 days ago"],
  ])("says of %p: %p", (at, text) => {
    expect(formatAge(at, now)).toBe(text);
  });
});
