import { describe, expect, test } from "bun:test";
import { parseFileName } from "./file-name.ts";
import { pairByName } from "./paired-name.ts";

const named = (fileName: string, id = 0) => ({
  id,
  fileName,
  fileNameNoExt: parseFileName(fileName).nameNoExt,
});

describe("pairByName", () => {
  const table: [string, string, readonly string[], string | null][] = [
    ["the whole name", "Game.state1", ["Game.state1.png"], "Game.state1.png"],
    ["the stem", "Game.srm", ["Game.png"], "Game.png"],
    ["the very name", "Game.png", ["Game.png"], "Game.png"],
    ["the whole name before the stem", "Game.state1", ["Game.state1.png", "Game.png"], "Game.state1.png"],
    ["the newest of several", "Game.srm", ["Game.jpg", "Game.png"], "Game.png"],
    ["another name", "Game.srm", ["Game 2.png", "game.png"], null],
    ["nothing", "Game.srm", [], null],
  ];
  test.each(table)("finds %s", (_what, name, candidates, expected) => {
    const find = pairByName(candidates.map((each, index) => named(each, index + 1)));
    expect(find(named(name))?.fileName ?? null).toBe(expected);
  });
});
