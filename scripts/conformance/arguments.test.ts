import { describe, expect, test } from "bun:test";
import { parseArguments } from "./arguments.ts";

const needed = ["--openapi", "o.json", "--routes", "r.tsv", "--examples", "e"];

describe("parseArguments", () => {
  test("reads all words in any order", () => {
    expect(parseArguments(["--verbose", "--only", "auth,users", ...needed, "--json", "out.json"])).toEqual({
      openApi: "o.json",
      routes: "r.tsv",
      examples: "e",
      only: ["auth", "users"],
      json: "out.json",
      isVerbose: true,
    });
  });

  test.each([
    ["a lacking file", needed.slice(2)],
    ["an unknown word", [...needed, "--quick"]],
    ["a word without its value", [...needed, "--only"]],
    ["a word given twice", [...needed, "--routes", "other.tsv"]],
  ])("refuses %s", (_, words) => {
    expect(parseArguments(words)).toBeNull();
  });
});
