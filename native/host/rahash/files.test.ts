import { describe, expect, test } from "bun:test";
import { decodeText, extensionOf, filesOfSources, findPath, findRaEntry } from "./files.ts";
import { findFirstEntry } from "./playlist.ts";
import { fileOf } from "./rahash.testing.ts";

describe("extensionOf", () => {
  test.each([
    ["a.GBA", "gba"],
    ["a.b.c", "c"],
    ["a.dir/b", ""],
    ["noext", ""],
    [".hidden", "hidden"],
    ["", ""],
  ])("%s: %j", (path, expected) => {
    expect(extensionOf(path)).toBe(expected);
  });
});

describe("findPath", () => {
  test.each([
    ["", "a.bin", "a.bin"],
    ["x/y", "a.bin", "x/y/a.bin"],
    ["x/y", "../a.bin", "x/a.bin"],
    ["x", "./z\\a.bin", "x/z/a.bin"],
    ["x", "a: b.bin", "x/a: b.bin"],
    ["x", "../../a.bin", null],
    ["", "..", null],
    ["x", "/a.bin", null],
    ["x", "\\a.bin", null],
    ["x", "C:\\a.bin", null],
    ["x", "http://host/a.bin", null],
    ["", "", null],
  ])("in %j, %j is %j", (folder, name, expected) => {
    expect(findPath(folder, name)).toBe(expected);
  });
});

describe("findRaEntry", () => {
  const entry = (...names: readonly string[]) =>
    findRaEntry(names.map((name, index) => ({ name, sizeBytes: index })));

  test.each([
    [["a.bin", "b.cue", "c.chd", "d.chd"], "d.chd"],
    [["a.cue", "b.zip", "c.7z", "d.bin"], "c.7z"],
    [["a.cue", "b.cue", "c.gdi", "d.m3u", "e.bin"], "b.cue"],
    [["a.gdi", "d.m3u", "e.bin"], "a.gdi"],
    [["d.M3U", "e.bin"], "d.M3U"],
    [["a.rom", "e.bin"], "e.bin"],
  ])("of %j starts at %s", (names, expected) => {
    expect(entry(...names)).toBe(expected);
  });

  test("of files of one size takes the first, and of none nothing", () => {
    expect(
      findRaEntry([
        { name: "a", sizeBytes: 1 },
        { name: "b", sizeBytes: 1 },
      ]),
    ).toBe("a");
    expect(entry()).toBeNull();
  });
});

describe("filesOfSources", () => {
  test("finds a name in another case only where the exact one is missing", async () => {
    const files = filesOfSources(
      [fileOf("A.bin", Uint8Array.of(1)), fileOf("a.bin", Uint8Array.of(2))],
      "a.bin",
    );
    expect((await files.find("a.bin"))?.name).toBe("a.bin");
    expect((await files.find("A.BIN"))?.name).toBe("A.bin");
    expect(await files.find("b.bin")).toBeNull();
  });
});

describe("findFirstEntry", () => {
  test.each([
    ["a.cue\nb.cue", "a.cue"],
    ["# x\n\n  \t\n  a.cue \r\nb", "  a.cue"],
    ["#only", null],
    ["", null],
  ])("of %j is %j", (text, expected) => {
    expect(findFirstEntry(text)).toBe(expected);
  });
});

describe("decodeText", () => {
  test("reads UTF-8, leaves out a character that is cut off, and takes anything else byte for byte", () => {
    const bytes = new TextEncoder().encode("\ufeffポケ.bin");
    expect(decodeText(bytes)).toBe("ポケ.bin");
    expect(decodeText(bytes.slice(0, 8))).toBe("ポ");
    expect(decodeText(Uint8Array.of(0xc4, 0x2e))).toBe("\xc4.");
  });
});
