import { describe, expect, test } from "bun:test";
import { EMPTY_MARK, indexFirstCharacters, NULL_MARK } from "./rules.ts";

describe("indexFirstCharacters", () => {
  test.each([
    ["", {}],
    ["aab", { a: 0, b: 2 }],
    [`${EMPTY_MARK}${EMPTY_MARK}a`, { "": 0, a: 2 }],
    ["bab", { b: 0, a: 1 }],
    [`${NULL_MARK}a`, { a: 1 }],
    [`a${NULL_MARK}a`, { a: 0 }],
    ["🎮🎮a", { "🎮": 0, a: 2 }],
    ["日日本", { 日: 0, 本: 2 }],
  ])("indexes %j", (firsts, index) => {
    expect(indexFirstCharacters(firsts)).toEqual(index as Record<string, number>);
  });
});
