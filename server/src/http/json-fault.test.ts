import { describe, expect, test } from "bun:test";
import { findJsonFault } from "./json-fault.ts";

describe("findJsonFault", () => {
  test.each([
    ["", 0, "Expecting value"],
    ["  ", 2, "Expecting value"],
    ["{bad}", 1, "Expecting property name enclosed in double quotes"],
    ["{", 1, "Expecting property name enclosed in double quotes"],
    ["{ 'a': 1}", 2, "Expecting property name enclosed in double quotes"],
    ['{"a":1,}', 7, "Expecting property name enclosed in double quotes"],
    ['{"a" 1}', 5, "Expecting ':' delimiter"],
    ['{"a"', 4, "Expecting ':' delimiter"],
    ['{"a":}', 5, "Expecting value"],
    ['{"a":1 "b":2}', 7, "Expecting ',' delimiter"],
    ['{"a":1', 6, "Expecting ',' delimiter"],
    ["[1 2]", 3, "Expecting ',' delimiter"],
    ["[1,]", 3, "Expecting value"],
    ["[", 1, "Expecting value"],
    ["[1}", 2, "Expecting ',' delimiter"],
    ["undefined", 0, "Expecting value"],
    ["NaN", 0, "Expecting value"],
    ["nul", 0, "Expecting value"],
    ["-", 0, "Expecting value"],
    ["01", 1, "Extra data"],
    ["1.", 1, "Extra data"],
    ["{} {}", 3, "Extra data"],
    ['"abc', 0, "Unterminated string starting at"],
    ['["a', 1, "Unterminated string starting at"],
    ['"a\nb"', 2, "Invalid control character at"],
    ['"a\\x"', 2, "Invalid \\escape"],
    ['"\\u12G4"', 1, "Invalid \\escape"],
    ['{"日本":x}', 6, "Expecting value"],
  ])("finds the fault of %p", (text, position, reason) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(findJsonFault(text)).toEqual({ position, reason });
  });

  test("walks past everything that is right", () => {
    const right = ' {"a": [1, -2.5e+3, true, false, null, "x\\n\\u00e9\\"", {}, []], "b": {"c": {}}} ';
    expect(JSON.parse(right)).toBeObject();
    expect(findJsonFault(`${right}!`)).toEqual({ position: right.length, reason: "Extra data" });
  });

  test("comes to an end for every truncation of a text", () => {
    const text = '{"a":[1,{"b":"\\u0041"}],"c":null}';
    for (let length = 0; length < text.length; length += 1) {
      const { position } = findJsonFault(text.slice(0, length));
      expect(position).toBeLessThanOrEqual(length);
    }
  });

  test("needs no stack for deep nesting", () => {
    const depth = 1_000_000;
    expect(findJsonFault("[".repeat(depth))).toEqual({ position: depth, reason: "Expecting value" });
  });
});
