import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import {
  createConfigReader,
  listOf,
  mapOf,
  oneOf,
  PROBLEMS_LISTED_MAX,
  recordOf,
  scalar,
} from "./config-reader.ts";

const NUMBER = scalar(v.number(), "a number");
const COLOUR = oneOf(["red", "blue"]);

describe("createConfigReader", () => {
  test.each([undefined, null, {}, { a: null }, { a: {} }, { a: { b: null } }])(
    "gives the default without a problem for %p",
    (root) => {
      const reader = createConfigReader(root);
      expect(reader.read("a.b", NUMBER, 7)).toBe(7);
      expect(reader.problem()).toBeNull();
    },
  );

  test("reads a nested key", () => {
    const reader = createConfigReader({ a: { b: 3 } });
    expect(reader.read("a.b", NUMBER, 7)).toBe(3);
    expect(reader.problem()).toBeNull();
  });

  test.each([
    ["text", "the file: expected a mapping, found a text"],
    [["a"], "the file: expected a mapping, found a list"],
    [{ a: 5 }, "a: expected a mapping, found a number"],
    [{ a: [] }, "a: expected a mapping, found a list"],
    [{ a: { b: "x" } }, "a.b: expected a number, found a text"],
    [{ a: { b: true } }, "a.b: expected a number, found true"],
    [{ a: { b: {} } }, "a.b: expected a number, found a mapping"],
    [{ a: { b: "" } }, "a.b: expected a number, found nothing"],
  ])("gives the default and names the place for %p", (root, problem) => {
    const reader = createConfigReader(root);
    expect(reader.read("a.b", NUMBER, 7)).toBe(7);
    expect(reader.problem()).toBe(problem);
  });

  test("names a wrong section once however many keys it holds", () => {
    const reader = createConfigReader({ a: 5 });
    reader.read("a.b", NUMBER, 7);
    reader.read("a.c", NUMBER, 7);
    expect(reader.problem()).toBe("a: expected a mapping, found a number");
  });

  test("does not find inherited properties", () => {
    const reader = createConfigReader({});
    expect(reader.read("constructor.name", NUMBER, 7)).toBe(7);
    expect(reader.problem()).toBeNull();
  });

  test("lists a bounded number of problems and counts the rest", () => {
    const reader = createConfigReader({ a: Array.from({ length: PROBLEMS_LISTED_MAX + 5 }, () => "x") });
    expect(reader.read("a", listOf(NUMBER), [1])).toEqual([1]);
    const problems = reader.problem()?.split("; ") ?? [];
    expect(problems).toHaveLength(PROBLEMS_LISTED_MAX + 1);
    expect(problems.at(-1)).toBe("and 5 more");
  });
});

describe("listOf", () => {
  test.each([
    [[], [], null],
    [[1, 2, 1], [1, 2], null],
    [[1, "x", 2], [1, 2], "a[1]: expected a number, found a text"],
    [[null], [9], "a[0]: expected a number, found nothing"],
    ["x", [9], "a: expected a list, found a text"],
    [{}, [9], "a: expected a list, found a mapping"],
  ])("reads %p as %p", (value, items, problem) => {
    const reader = createConfigReader({ a: value });
    expect(reader.read("a", listOf(NUMBER), [9])).toEqual(items);
    expect(reader.problem()).toBe(problem);
  });
});

describe("oneOf", () => {
  test("names the unknown word and the known ones", () => {
    const reader = createConfigReader({ a: "pink" });
    expect(reader.read("a", COLOUR, "red")).toBe("red");
    expect(reader.problem()).toBe('a: expected one of red, blue; found "pink"');
  });

  test("shortens a long word", () => {
    const reader = createConfigReader({ a: "x".repeat(500) });
    reader.read("a", COLOUR, "red");
    expect(reader.problem()?.length).toBeLessThan(100);
  });

  test("tells the kind of what is no word", () => {
    const reader = createConfigReader({ a: [1] });
    reader.read("a", COLOUR, "red");
    expect(reader.problem()).toBe("a: expected one of red, blue; found a list");
  });
});

describe("mapOf and recordOf", () => {
  test("drop unusable entries and skip empty ones", () => {
    const reader = createConfigReader({ a: { x: 1, y: "no", z: null } });
    expect(reader.read("a", mapOf(NUMBER), new Map())).toEqual(new Map([["x", 1]]));
    expect(reader.problem()).toBe("a.y: expected a number, found a text");
  });

  test("keep hostile keys as data", () => {
    const root = { a: JSON.parse('{"__proto__": 1, "constructor": 2}') as unknown };
    const record = createConfigReader(root).read("a", recordOf(NUMBER), {});
    expect(Object.entries(record)).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  });

  test("give the default for a list", () => {
    const reader = createConfigReader({ a: [] });
    expect(reader.read("a", recordOf(NUMBER), { d: 1 })).toEqual({ d: 1 });
    expect(reader.problem()).toBe("a: expected a mapping, found a list");
  });
});
