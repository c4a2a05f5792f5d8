import { describe, expect, test } from "bun:test";
import type { FeedFile, FeedRom } from "./contract.ts";
import {
  formatContentId,
  formatCoverUrl,
  formatRow,
  isPackageOf,
  isTopLevel,
  lastExtension,
  toHeaderWord,
} from "./rules.ts";

const rom: FeedRom = {
  id: 1,
  platformId: 1,
  title: "Game",
  summary: null,
  fsName: "Game",
  fsPath: "roms/ps3",
  sizeBytes: 0,
  region: "",
  revision: "",
  coverSmall: "",
  coverLarge: "",
  firstReleaseDateMs: null,
  updatedAtMs: 5,
};

const fileOf = (change: Partial<FeedFile>): FeedFile => ({
  id: 7,
  rom,
  fileName: "Game.pkg",
  filePath: "roms/ps3/Game",
  sizeBytes: 1,
  sha1: "",
  category: null,
  isArchive: false,
  isMissing: false,
  updatedAtMs: 0,
  ...change,
});

describe("formatRow", () => {
  test.each([
    [["a", 1, ""], ",", "a,1,"],
    [["", "b", ""], "\t", "\tb\t"],
    [["a,b", "c\td"], ",", '"a,b",c\td'],
    [["a,b", "c\td"], "\t", 'a,b\t"c\td"'],
    [['say "hi"', "two\nlines", "cr\r"], ",", '"say ""hi""","two\nlines","cr\r"'],
    [[" padded "], ",", " padded "],
  ] as const)("writes %p", (fields, delimiter, expected) => {
    expect(formatRow(fields, delimiter)).toBe(expected);
  });
});

describe("lastExtension", () => {
  test.each([
    ["a.pkg", "pkg"],
    ["a.v1.PKG", "PKG"],
    ["none", ""],
    ["dot.", ""],
    [".rap", "rap"],
  ])("of %p is %p", (name, expected) => expect(lastExtension(name)).toBe(expected));
});

describe("formatContentId", () => {
  test.each([
    ["Game [NPUB-30001].pkg", "UP9644-NPUB30001_00-0000000000000000"],
    ["x BLES-12345 NPUB-30001.pkg", "UP9644-BLES12345_00-0000000000000000"],
    ["NPUB30001.pkg", "UP9644-000000007_00-0000000000000000"],
    ["Game.pkg", "UP9644-000000007_00-0000000000000000"],
  ])("of %p is %p", (fileName, expected) => expect(formatContentId({ id: 7, fileName })).toBe(expected));
});

describe("isTopLevel", () => {
  test.each([
    ["the rom itself", { filePath: "roms/ps3", fileName: "Game" }, true],
    ["directly in the rom's folder", { filePath: "roms/ps3/Game" }, true],
    ["deeper", { filePath: "roms/ps3/Game/dlc" }, false],
    ["beside the rom", { filePath: "roms/ps3", fileName: "Other" }, false],
  ])("%s: %p", (_where, change, expected) => expect(isTopLevel(fileOf(change))).toBe(expected));
});

describe("isPackageOf", () => {
  const deep = "roms/ps3/Game/dlc";
  test.each([
    ["a package at the top", {}, "game", true],
    ["one in capitals", { fileName: "GAME.PKG" }, "game", true],
    ["an archive by its name", { fileName: "Game.TXZ" }, "game", true],
    ["an archive by its content", { fileName: "Game.bin", isArchive: true }, "game", true],
    ["another file", { fileName: "Game.bin" }, "game", false],
    ["a key", { fileName: "Game.rap" }, "game", false],
    ["a package further down", { filePath: deep }, "game", false],
    ["a package of the category", { filePath: deep, category: "dlc" }, "dlc", true],
    ["an archive of the category", { filePath: deep, category: "dlc", fileName: "x.zip" }, "dlc", false],
    ["a package of another category", { filePath: deep, category: "update" }, "dlc", false],
    ["a package of no category", {}, "dlc", false],
  ] as const)("%s for %p", (_what, change, contentType, expected) => {
    expect(isPackageOf(fileOf(change), contentType)).toBe(expected);
  });
});

describe("formatCoverUrl", () => {
  test("changes with the rom, and is null without a cover", () => {
    expect(formatCoverUrl("http://a/b", "roms/1/2/cover/big.png", rom)).toBe(
      "http://a/b/assets/romm/resources/roms/1/2/cover/big.png?ts=5",
    );
    expect(formatCoverUrl("http://a", "", rom)).toBeNull();
  });
});

describe("toHeaderWord", () => {
  test("leaves nothing that a header could stumble over", () => {
    expect(toHeaderWord('a/b ";é\r\n')).toBe("a%2Fb%20%22%3B%C3%A9%0D%0A");
  });
});
