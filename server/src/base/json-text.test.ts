import { describe, expect, test } from "bun:test";
import { formatJson, toJsonText } from "./json-text.ts";

describe("formatJson", () => {
  test("leaves finished JSON as it is", () => {
    expect(formatJson(toJsonText('{"ids": [1,2]}'))).toBe('{"ids": [1,2]}');
  });

  test.each([
    [{ ids: [1] }, '{"ids":[1]}'],
    [undefined, "null"],
    [null, "null"],
    ["text", '"text"'],
    [0, "0"],
  ])("makes JSON of %j", (value, text) => {
    expect(formatJson(value)).toBe(text);
  });
});
