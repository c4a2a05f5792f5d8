import { describe, expect, test } from "bun:test";
import { SEARCH_WORDS_MAX } from "../limits.ts";
import { indexFirstCharacters, parseSearch } from "./rules.ts";

describe("parseSearch", () => {
  test.each([
    ["", []],
    ["  ", []],
    ["|", []],
    ["star pilot", [{ words: ["star", "pilot"], hash: null }]],
    [
      "a b|c",
      [
        { words: ["a", "b"], hash: null },
        { words: ["c"], hash: null },
      ],
    ],
    ["DEADBEEF", [{ words: ["DEADBEEF"], hash: "deadbeef" }]],
    [" deadbeef ", [{ words: ["deadbeef"], hash: "deadbeef" }]],
    ["deadbee", [{ words: ["deadbee"], hash: null }]],
    ["deadbeeg", [{ words: ["deadbeeg"], hash: null }]],
    ["f".repeat(32), [{ words: ["f".repeat(32)], hash: "f".repeat(32) }]],
    ["f".repeat(40), [{ words: ["f".repeat(40)], hash: "f".repeat(40) }]],
    ["f".repeat(64), [{ words: ["f".repeat(64)], hash: null }]],
  ])("reads %p", (text, alternatives) => {
    expect(parseSearch(text)).toEqual(alternatives);
  });

  test("looks at no more words than its limit", () => {
    const words = parseSearch("a ".repeat(100)).flatMap((alternative) => alternative.words);
    expect(words).toHaveLength(SEARCH_WORDS_MAX);
    expect(parseSearch("a|".repeat(100))).toHaveLength(SEARCH_WORDS_MAX);
  });
});

describe("indexFirstCharacters", () => {
  test.each([
    [[], {}],
    [["a", "a", "b"], { a: 0, b: 2 }],
    [["", "", "a"], { "": 0, a: 2 }],
    [["b", "a", "b"], { b: 0, a: 1 }],
    [[null, "a"], { a: 1 }],
    [["a", null], { a: 0 }],
    [["🎮x", "🎮"], { "🎮": 0 }],
    [["日本", "日"], { 日: 0 }],
  ])("indexes %j", (keys, index) => {
    expect(indexFirstCharacters(keys)).toEqual(index as Record<string, number>);
  });
});
