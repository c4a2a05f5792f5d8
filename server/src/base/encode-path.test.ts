import { describe, expect, test } from "bun:test";
import { encodePath } from "./encode-path.ts";

describe("encodePath", () => {
  test.each([
    [
      "Name with 'quotes' & more, 100% #1 (USA).gba",
      "Name%20with%20%27quotes%27%20%26%20more%2C%20100%25%20%231%20%28USA%29.gba",
    ],
    ["日本語 [!]*~_-.gb", "%E6%97%A5%E6%9C%AC%E8%AA%9E%20%5B%21%5D%2A~_-.gb"],
    ["a/b?c", "a/b%3Fc"],
    ["%20", "%2520"],
    ["\ud800", "%EF%BF%BD"],
  ])("writes %p as %p", (name, expected) => {
    expect(encodePath(name)).toBe(expected);
    expect(decodeURIComponent(expected)).toBe(name.toWellFormed());
  });
});
