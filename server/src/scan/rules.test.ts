import { describe, expect, test } from "bun:test";
import type { DirectoryEntry } from "../ports/files/port.ts";
import type { KnownRom } from "../roms/discovery/contract.ts";
import {
  compareFolder,
  emptyStats,
  formatPath,
  formatRawName,
  judgeEntry,
  needsConfirmation,
  resumedStats,
} from "./rules.ts";

function known(romId: number, fsName: string): KnownRom {
  return {
    romId,
    fsName,
    fsPath: "roms/nes",
    sizeBytes: 1,
    modifiedAtMs: 1,
    isHashed: true,
    isMissing: false,
    isFolder: false,
  };
}

function entry(name: string | null, over: Partial<DirectoryEntry> = {}): DirectoryEntry {
  const rawName = name === null ? new Uint8Array([0x61, 0xff, 0x5c]) : new TextEncoder().encode(name);
  return { name, rawName, kind: "file", isLink: false, ...over };
}

describe("compareFolder", () => {
  test("tells added, kept and gone names apart", () => {
    const diff = compareFolder(["b.nes", "a.nes", "c.nes"], [known(1, "b.nes"), known(2, "z.nes")]);
    expect(diff.added).toEqual(["a.nes", "c.nes"]);
    expect(diff.kept.map(({ known: rom }) => rom.romId)).toEqual([1]);
    expect(diff.gone.map((rom) => rom.romId)).toEqual([2]);
  });

  test("keeps the row when a share hands the same name out in another Unicode form", () => {
    const composed = "Pokémon.gb";
    const decomposed = composed.normalize("NFD");
    expect(decomposed).not.toBe(composed);
    const diff = compareFolder([decomposed], [known(1, composed)]);
    expect(diff).toMatchObject({ added: [], gone: [], kept: [{ name: decomposed, known: { romId: 1 } }] });
  });

  test("keeps both rows when a disk really holds both forms", () => {
    const composed = "é.gb";
    const decomposed = composed.normalize("NFD");
    const diff = compareFolder([composed, decomposed], [known(1, composed), known(2, decomposed)]);
    expect(diff.kept.map(({ name, known: rom }) => [name, rom.romId]).sort()).toEqual([
      [decomposed, 2],
      [composed, 1],
    ]);
    expect(compareFolder([composed, decomposed], [known(1, composed)])).toMatchObject({
      added: [decomposed],
      gone: [],
    });
  });
});

describe("needsConfirmation", () => {
  test.each([
    [50, 50, false],
    [51, 51, true],
    [51, 1000, false],
    [200, 1000, false],
    [201, 1000, true],
    [1, 1, false],
  ])("%d gone of %d: %p", (gone, total, expected) => {
    expect(needsConfirmation(gone, total)).toBe(expected);
  });
});

describe("judgeEntry", () => {
  test("has nothing to say about plain files and folders", () => {
    expect(judgeEntry(entry("a.nes"))).toBeNull();
    expect(judgeEntry(entry("folder", { kind: "folder" }))).toBeNull();
  });
  test.each([
    [entry(null), "name_not_utf8"],
    [entry("gone.nes", { kind: "other", isLink: true }), "link_broken"],
    [entry("pipe", { kind: "other" }), "not_a_file"],
    [entry("two\nlines.nes"), "name_control_character"],
  ] as const)("names what is wrong (%#)", (each, code) => {
    expect(judgeEntry(each)?.code).toBe(code);
  });
});

test("formatRawName shows bytes that are no text", () => {
  expect(formatRawName(new Uint8Array([0x61, 0x20, 0xff, 0x0a, 0x5c]))).toBe("a \\xff\\x0a\\x5c");
});

test("formatPath keeps a path on one line", () => {
  expect(formatPath("roms/nes/two\nlines")).toBe("roms/nes/two\\x0alines");
});

test("resumedStats keeps what is stored and forgets what is counted again", () => {
  const stats = { ...emptyStats(), romsNew: 5, filesHashed: 3, romsTotal: 9, problems: 2 };
  expect(resumedStats(stats)).toEqual({ ...emptyStats(), romsNew: 5, filesHashed: 3 });
});
