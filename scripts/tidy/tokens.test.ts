import { describe, expect, test } from "bun:test";
import { type TokenKind, tokenize } from "./tokens.ts";

function kindsOf(text: string): [TokenKind, string][] {
  return tokenize(text).map((token) => [token.kind, token.text]);
}

describe("tokenize", () => {
  test.each<[string, TokenKind, string]>([
    ["a word", "word", "größe"],
    ["a private name", "word", "#inner"],
    ["a dollar name", "word", "$1x"],
    ["a decimal", "number", "1_000.5e-3"],
    ["a hex bigint", "number", "0xffn"],
    ["a double-quoted string with an escaped quote", "string", '"a\\"b"'],
    ["a single-quoted string with a comment's sign", "string", "'// no'"],
    ["a template without holes", "template", "`a // b`"],
    ["a template over two lines", "template", "`a\nb`"],
    ["a template with an escaped hole", "template", "`\\${a}`"],
    ["a line comment", "comment", "// it's any"],
    ["a block comment", "comment", "/* a\n'b */"],
    ["a shebang", "comment", "#!/usr/bin/env bun"],
    ["a regular expression with a slash in a class", "regex", "/[/'\"]+\\//giu"],
    ["a punctuator of three characters", "punct", "..."],
    ["an arrow", "punct", "=>"],
  ])("reads %s as one token", (_name, kind, text) => {
    expect(kindsOf(text)).toEqual([[kind, text]]);
  });

  test("reads what stands in a template's holes, braces included", () => {
    expect(kindsOf("`a${ {b: `c${d}e`} }f`")).toEqual([
      ["template", "`a"],
      ["punct", "${"],
      ["punct", "{"],
      ["word", "b"],
      ["punct", ":"],
      ["template", "`c"],
      ["punct", "${"],
      ["word", "d"],
      ["punct", "}"],
      ["template", "e`"],
      ["punct", "}"],
      ["punct", "}"],
      ["template", "f`"],
    ]);
  });

  test.each([
    ["after a name", "a / b / c", 0],
    ["after a closing parenthesis", "(a) / b / c", 0],
    ["after a number", "4 / 2 / 1", 0],
    ["after an object on the same line", "x = {} / b / c", 0],
    ["after an assignment", "x = /b/g", 1],
    ["after return", "return /b/", 1],
    ["after an opening parenthesis", "f(/b/)", 1],
    ["after a block on the line before", "if (a) {}\n/b/.test(c)", 1],
    ["after a comment that follows a division", "a /* x */ / b / c", 0],
  ])("tells a division from a regular expression %s", (_name, text, regexCount) => {
    expect(tokenize(text).filter((token) => token.kind === "regex")).toHaveLength(regexCount);
  });

  test("keeps angle brackets apart, so that type arguments can be paired", () => {
    expect(kindsOf("A<B<C>>").map(([, text]) => text)).toEqual(["A", "<", "B", "<", "C", ">", ">"]);
  });

  test("counts lines from 1, inside of comments, strings and templates too", () => {
    const tokens = tokenize("a\n/* x\ny */ b\n`c\nd` e");
    expect(tokens.map((token) => [token.text.at(-1), token.line, token.endLine])).toEqual([
      ["a", 1, 1],
      ["/", 2, 3],
      ["b", 3, 3],
      ["`", 4, 5],
      ["e", 5, 5],
    ]);
  });

  test("ends an unclosed string with its line", () => {
    expect(kindsOf('"a\nb')).toEqual([
      ["string", '"a'],
      ["word", "b"],
    ]);
  });

  test("comes to an end on every prefix of a difficult text", () => {
    const text = 'const a = `x${ { b: /[`"]/ } }`; // "c\n/* d';
    for (let length = 0; length <= text.length; length += 1) {
      const tokens = tokenize(text.slice(0, length));
      expect(tokens.map((token) => token.text).join("").length).toBeLessThanOrEqual(length);
      expect(tokens.at(-1)?.end ?? 0).toBeLessThanOrEqual(length);
    }
  });
});
