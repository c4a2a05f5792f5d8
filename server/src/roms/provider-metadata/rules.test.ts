import { describe, expect, test } from "bun:test";
import type { RomAnswer } from "../../metadata/contract.ts";
import { mayReplace, mergeTexts, type StoredRom } from "./rules.ts";

const rom: StoredRom = {
  id: 1,
  platformId: 1,
  fsName: "Zelda (USA).nes",
  fsNameNoTags: "Zelda",
  name: "Zelda",
  nameSortKey: "zelda",
  summary: null,
  regions: ["USA"],
  languages: [],
  urlCover: "",
  urlManual: "",
  urlScreenshots: [],
  pathCoverSmall: "",
  pathCoverLarge: "",
  pathManual: null,
  pathVideo: null,
  pathScreenshots: [],
  knownBy: [],
};
const answer: RomAnswer = {
  romId: 1,
  providerId: "x",
  name: "The Legend of Zelda",
  sortName: "",
  summary: "Said.",
  regions: ["Europe"],
  languages: ["English"],
  media: [],
  metadata: {},
};

describe("mayReplace", () => {
  test.each([
    ["new", [], true],
    ["all", ["gamelist"], true],
    ["all", ["hltb"], true],
    ["all", ["igdb"], false],
    ["new", ["hltb", "igdb"], false],
    ["known", [], false],
    ["unmatched", [], false],
  ] as const)("%s, known by %p: %p", (mode, knownBy, expected) => {
    const priority = ["igdb", "gamelist", "hltb"] as const;
    expect(mayReplace({ knownBy }, { provider: "gamelist", mode, priority })).toBe(expected);
  });
});

describe("mergeTexts", () => {
  test("takes everything that was said where it may", () => {
    expect(mergeTexts({ ...rom, name: "Old", summary: "Old." }, answer, true)).toEqual({
      name: "The Legend of Zelda",
      nameSortKey: "legend of zelda",
      summary: "Said.",
      regions: ["Europe"],
      languages: ["English"],
    });
  });

  test("fills gaps alone where it may not", () => {
    expect(mergeTexts({ ...rom, name: "Mine", summary: "Mine." }, answer, false)).toEqual({
      name: "Mine",
      nameSortKey: "zelda",
      summary: "Mine.",
      regions: ["USA"],
      languages: ["English"],
    });
  });

  test.each([null, "", "Zelda", "Zelda (USA).nes"])("takes %p for no name", (name) => {
    expect(mergeTexts({ ...rom, name }, answer, false).name).toBe("The Legend of Zelda");
  });

  test("changes nothing where nothing was said", () => {
    const silent = { ...answer, name: "", summary: "", regions: [], languages: [] };
    const { name, nameSortKey, summary, regions, languages } = rom;
    expect(mergeTexts(rom, silent, true)).toEqual({ name, nameSortKey, summary, regions, languages });
  });

  test("sorts by what was said for it", () => {
    expect(mergeTexts(rom, { ...answer, sortName: "Zelda 1" }, true).nameSortKey).toMatch(/^zelda /);
  });
});
