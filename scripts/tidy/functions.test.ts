import { describe, expect, test } from "bun:test";
import { findFunctions } from "./functions.ts";
import { readSource } from "./source.ts";

/** Name, lines and parameters of each function in the text, in the order they are found. */
function listOf(text: string): [string, number, number][] {
  return findFunctions(readSource("x.ts", text)).map((facts) => [
    facts.name,
    facts.lineCount,
    facts.parameterCount,
  ]);
}

describe("findFunctions", () => {
  test.each<[string, string, [string, number, number][]]>([
    ["a declaration", "function f(a: A, b: B): C {\n}", [["f", 2, 2]]],
    ["an async generator", "async function* g(a) {\n\n}", [["g", 3, 1]]],
    ["an unnamed function", "x = function (a) { return a; }", [["(function)", 1, 1]]],
    ["type parameters", "function f<A extends { b: C<D> }>(a: A) {}", [["f", 1, 1]]],
    ["an overload without a body", "function f(a: A, b: B): C;", [["f", 0, 2]]],
    ["an object type as the answer", "function f(): { a: A } {\n}", [["f", 2, 0]]],
    ["an object inside a type argument", "function f(): Promise<{ a: A }[]> {\n}", [["f", 2, 0]]],
    ["a type guard", "function f(a: unknown): a is { b: B } {\n}", [["f", 2, 1]]],
    ["an imported type as the answer", 'function f(): import("x").Y<Z> {\n}', [["f", 2, 0]]],
    ["a template type as the answer", "function f(): `a${string}b` {\n}", [["f", 2, 0]]],
    ["a method", "class A {\n  m(a: A): B {\n  }\n}", [["m", 2, 1]]],
    ["a method of an object", "x = { async m(a, b) {\n} };", [["m", 2, 2]]],
    ["an accessor", "class A { get a(): B {\n} }", [["a", 2, 0]]],
    ["a computed method", "class A { async [Symbol.asyncDispose]() {\n} }", [["]", 2, 0]]],
    ["an arrow with a block", "const f = (a: A, b: B) => {\n};", [["(arrow)", 2, 2]]],
    ["an arrow with a type", "const f = async (a: A): Promise<{ b: B }> => {\n};", [["(arrow)", 2, 1]]],
    ["an arrow with type parameters", "const f = <T,>(a: T) => a;", [["(arrow)", 1, 1]]],
    ["an arrow with one bare name", "list.map(a => {\n});", [["(arrow)", 2, 1]]],
    ["an arrow whose body is an expression", "f(() => ({\n  a,\n}), b);", [["(arrow)", 3, 0]]],
    [
      "an arrow that answers an arrow",
      "const f = (a) => (b, c) => a;",
      [
        ["(arrow)", 1, 1],
        ["(arrow)", 1, 2],
      ],
    ],
  ])("finds %s", (_name, text, expected) => {
    expect(listOf(text)).toEqual(expected);
  });

  test("ends an arrow-shaped type where the body of the function that answers it begins", () => {
    const text = "function f(a: A): (b: B) => boolean {\n  x();\n}\n".padEnd(200, "\n");
    expect(listOf(text)).toEqual([
      ["f", 3, 1],
      ["(arrow)", 1, 1],
    ]);
  });

  test.each([
    ["a condition", "if (a) {\n}"],
    ["a loop", "for (const a of b) {\n}"],
    ["a switch", "switch (a) {\n}"],
    ["a catch", "try {\n} catch (error) {\n}"],
    ["a call", "f(a, b, c, d);"],
    ["a call of a member that is a control word", "promise.catch(f);"],
    ["a class that extends a call", "class A extends mixin(B) {\n}"],
    ["a ternary of calls", "const a = b ? c(d) : { e: f };"],
    ["a case before a block", "switch (a) {\n  case f(b): {\n  }\n}"],
  ])("takes %s for no function", (_name, text) => {
    expect(listOf(text)).toEqual([]);
  });

  test.each<[string, string, number]>([
    ["nothing", "", 0],
    ["a trailing comma", "a, b,", 2],
    ["a destructured parameter", "{ a, b }: { a: A; b: B }, [c, d]", 2],
    ["a comma in type arguments", "a: Map<string, Map<A, B>>, b", 2],
    ["a comma in a default value", "a = f(1, 2), b = [3, 4]", 2],
    ["a rest parameter", "a, ...rest", 2],
    ["a leading this", "this: Map<A, B>, a: A", 1],
    ["only this", "this: A", 0],
    ["an arrow-shaped type", "a: (b: B, c: C) => void, d: D", 2],
    ["parameter properties", "private readonly a: A, public b: B", 2],
  ])("counts parameters of %s", (_name, parameters, count) => {
    expect(listOf(`function f(${parameters}) {}`)[0]).toEqual(["f", 1, count]);
  });
});
