import { describe, expect, test } from "bun:test";
import { SEARCH_WORDS_MAX } from "../limits.ts";
import { parseSearch } from "./rules.ts";

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
