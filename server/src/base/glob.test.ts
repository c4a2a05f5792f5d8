import { describe, expect, test } from "bun:test";
import { countSteps } from "./counted-text.testing.ts";
import { compileGlobs, matchesGlob } from "./glob.ts";

describe("matchesGlob", () => {
  test.each([
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
    ["*", "any\nthing", true],
    ["?", "", false],
    ["?", "\n", true],
    ["?", "\u{1f600}", true],
    ["??", "\u{1f600}", false],
    ["a", "A", false],
    ["*.bak", ".bak", true],
    ["*.bak", "a.bak.zip", false],
    [".Trash-*", ".Trash-1000", true],
    [".Trash-*", ".Trash", false],
    ["*:Zone.Identifier", "Game.nes:Zone.Identifier", true],
    ["a*b*c", "aXbXbc", true],
    ["a*b*c", "aXcXb", false],
    ["**a**", "bab", true],
    ["*?", "", false],
    ["*\u{1f600}", "x\u{1f600}\u{1f600}", true],
    ["[abc]", "b", true],
    ["[abc]", "d", false],
    ["[!abc]", "d", true],
    ["[!abc]", "", false],
    ["[a-c]x", "bx", true],
    ["[A-C]", "b", false],
    ["[c-a]", "b", false],
    ["[!c-a]", "b", true],
    ["[a-]", "-", true],
    ["[-a]", "-", true],
    ["[a-c-e]", "d", false],
    ["[a-c-e]", "-", true],
    ["[]]", "]", true],
    ["[]-a]", "^", true],
    ["[!]]", "]", false],
    ["[!]]", "a", true],
    ["[^a]", "^", true],
    ["[^a]", "b", false],
    ["[", "[", true],
    ["[!", "[!", true],
    ["[]", "[]", true],
    ["[a", "[a", true],
    ["[*]", "*", true],
    ["[*]", "a", false],
    ["\\*", "\\a", true],
    ["\\*", "*", false],
    ["[\\]]", "\\]", true],
    ["Game (USA).*", "Game (USA).zip", true],
    ["a.c", "abc", false],
    ["[é-ü]", "ö", true],
    ["[\u{1f600}]", "\u{1f600}", true],
  ])("with %p for %p says %p", (pattern, name, isMatch) => {
    expect(matchesGlob(pattern, name)).toBe(isMatch);
  });

  test.each([
    ["stars between letters", `${"a*".repeat(50)}b`, "a".repeat(2_000)],
    ["stars and any", `${"*?".repeat(50)}b`, "a".repeat(2_000)],
    ["stars and sets", `${"*[ab]".repeat(20)}[!ab]`, "ab".repeat(1_000)],
    ["one star on a long name", "*aab", "a".repeat(100_000)],
  ])("never costs more steps than pattern times name: %s", (_, pattern, name) => {
    const counted = countSteps(name);
    expect(matchesGlob(pattern, counted.text)).toBe(false);
    expect(counted.readStepCount()).toBeLessThan(3 * pattern.length * name.length);
  });

  test("compiles a hostile pattern", () => {
    expect(matchesGlob("[".repeat(100_000), "[")).toBe(false);
    expect(matchesGlob(`${"[".repeat(50_000)}]`, "[")).toBe(true);
    expect(matchesGlob("*".repeat(100_000), "name")).toBe(true);
  });
});

describe("compileGlobs", () => {
  test("matches nothing when empty", () => {
    expect(compileGlobs([])("")).toBe(false);
  });

  test.each([
    [["a", "b"], "b", true],
    [["a", "b"], "B", false],
    [["*.tmp", "b"], "x.tmp", true],
    [["._*"], "._x", true],
    [["._*"], "x._", false],
    [["*"], "", true],
    [["a*b*"], "aXbX", true],
    [["*[0-9]"], "x1", true],
    [["*[0-9]"], "x", false],
  ])("with %p for %p says %p", (patterns, name, isMatch) => {
    expect(compileGlobs(patterns)(name)).toBe(isMatch);
  });

  test("takes a name that looks like a pattern also literally", () => {
    const isMatch = compileGlobs(["Game [USA]"]);
    expect(isMatch("Game [USA]")).toBe(true);
    expect(isMatch("Game U")).toBe(true);
    expect(isMatch("Game X")).toBe(false);
  });
});
