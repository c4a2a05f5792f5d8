import { describe, expect, test } from "bun:test";
import type { DiscoveredRom, KnownRom } from "../discovery/contract.ts";
import { findConverted } from "./rules.ts";

const file = { modifiedAtMs: 1, category: null };
const found: DiscoveredRom = {
  fsName: "Solo (USA)",
  fsPath: "roms/gba",
  isFolder: true,
  sizeBytes: 12,
  files: [
    { ...file, fileName: "Solo (USA).gba", filePath: "roms/gba/Solo (USA)", sizeBytes: 10 },
    { ...file, fileName: "Solo (USA).sav", filePath: "roms/gba/Solo (USA)/deep", sizeBytes: 2 },
  ],
};
const known: KnownRom = {
  romId: 1,
  fsName: "Solo (USA).gba",
  fsPath: "roms/gba",
  sizeBytes: 10,
  modifiedAtMs: 1,
  isHashed: true,
  isMissing: false,
  isFolder: false,
};

describe("findConverted", () => {
  test("finds the rom whose file lies in the folder that has its name", () => {
    expect(findConverted(found, [{ ...known, romId: 2, fsName: "Other.gba" }, known])).toBe(known);
  });

  const others: [string, Partial<KnownRom>][] = [
    ["of another size", { sizeBytes: 11 }],
    ["of another folder", { fsPath: "roms/gb" }],
    ["of another name", { fsName: "Solo.gba" }],
    ["that is a folder itself", { isFolder: true }],
    ["whose file lies deeper", { fsName: "Solo (USA).sav", sizeBytes: 2 }],
  ];
  test.each(others)("takes no rom %s for it", (_what, change) => {
    expect(findConverted(found, [{ ...known, ...change }])).toBeNull();
  });

  test("takes nothing for a rom that is a file", () => {
    expect(findConverted({ ...found, isFolder: false }, [known])).toBeNull();
  });

  test("does not guess between several, such as a cue sheet and its track", () => {
    const files = [
      { ...file, fileName: "Disc.cue", filePath: "roms/psx/Disc", sizeBytes: 1 },
      { ...file, fileName: "Disc.bin", filePath: "roms/psx/Disc", sizeBytes: 9 },
    ];
    const disc = { ...found, fsName: "Disc", fsPath: "roms/psx", files };
    const gone = files.map(({ fileName, sizeBytes }, index) => ({
      ...known,
      romId: index + 1,
      fsName: fileName,
      fsPath: "roms/psx",
      sizeBytes,
    }));
    expect(findConverted(disc, gone)).toBeNull();
  });
});
