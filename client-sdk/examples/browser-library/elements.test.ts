import { describe, expect, test } from "bun:test";
import { formatSize } from "./elements.ts";

describe("formatSize", () => {
  test.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1 KB"],
    [1_536_000, "1.54 MB"],
    [2 ** 50, "1,130 TB"],
  ])("writes %p as %p", (sizeBytes, text) => {
    expect(formatSize(sizeBytes)).toBe(text);
  });
});
