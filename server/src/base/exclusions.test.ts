import { describe, expect, test } from "bun:test";
import { compileExclusions, type Exclusions } from "./exclusions.ts";
import { DEFAULT_LIBRARY_CONFIG, parseLibraryConfig } from "./library-config.ts";

const byDefault = compileExclusions(DEFAULT_LIBRARY_CONFIG);

const own = compileExclusions(
  parseLibraryConfig(`
exclude:
  platforms: [downloads, "old-*"]
  roms:
    single_file:
      extensions: [TXT, tar.gz]
      names: ["info.*", "Game [USA].nes"]
    multi_file:
      names: [" Final Fantasy XII ", "HACKS*"]
      parts:
        extensions: [nfo]
        names: [data.xml]
`).config,
);

type Row = readonly [name: string, isExcluded: boolean];

function expectRows(isExcluded: (name: string) => boolean, rows: readonly Row[]): void {
  expect(rows.map(([name]) => [name, isExcluded(name)])).toEqual(rows.map((row) => [...row]));
}

describe("isPlatformExcluded", () => {
  test("knows the built-ins, counting case", () => {
    expectRows(byDefault.isPlatformExcluded, [
      ["assets", true],
      ["Assets", false],
      [" assets", false],
      [".Trash-1000", true],
      [".trash-1000", false],
      ["$RECYCLE.BIN", true],
      ["__MACOSX", true],
      ["nes", false],
      ["gamelist.xml", false],
      ["", false],
    ]);
  });

  test("knows the operator's names and patterns", () => {
    expectRows(own.isPlatformExcluded, [
      ["downloads", true],
      ["Downloads", false],
      ["old-nes", true],
      ["assets", true],
      ["nes", false],
    ]);
  });
});

describe("isRomFileExcluded", () => {
  test("knows the built-in extensions in any case", () => {
    expectRows(byDefault.isRomFileExcluded, [
      ["thumbs.db", true],
      ["Thumbs.DB", true],
      [".db", true],
      ["db", false],
      ["game.dbx", false],
      ["game.db.zip", false],
      ["game.crdownload", true],
      ["game.nes.tmp", true],
    ]);
  });

  test("knows the built-in names, counting case", () => {
    expectRows(byDefault.isRomFileExcluded, [
      [".DS_Store", true],
      [".ds_store", false],
      ["gamelist.xml", true],
      ["Gamelist.xml", false],
      ["game.nes:Zone.Identifier", true],
      ["game.nes", false],
      ["assets", false],
    ]);
  });

  test("knows the operator's extensions, names and patterns", () => {
    expectRows(own.isRomFileExcluded, [
      ["readme.txt", true],
      ["README.TXT", true],
      ["set.tar.gz", true],
      ["set.TAR.GZ", true],
      ["set.gz", false],
      ["tar.gz", false],
      [".tar.gz", true],
      ["info.md", true],
      ["Info.md", false],
      ["Game [USA].nes", true],
      ["Game U.nes", true],
      ["Game [EUR].nes", false],
      ["game.nfo", false],
    ]);
  });
});

describe("isRomFolderExcluded", () => {
  test("ignores case and surrounding spaces on both sides", () => {
    expectRows(own.isRomFolderExcluded, [
      ["Final Fantasy XII", true],
      ["final fantasy xii", true],
      ["  FINAL FANTASY XII  ", true],
      ["Final Fantasy XIII", false],
      ["Hacks", true],
      ["hacks and more", true],
      ["ASSETS", true],
      [".TRASH-1", true],
      ["downloads", false],
    ]);
  });

  test("does not look at extensions or file names", () => {
    expectRows(byDefault.isRomFolderExcluded, [
      ["game.db", false],
      ["gamelist.xml", false],
    ]);
  });
});

describe("isPartExcluded", () => {
  test("has its own lists", () => {
    expectRows(own.isPartExcluded, [
      ["readme.nfo", true],
      ["data.xml", true],
      ["Data.xml", false],
      ["readme.txt", false],
      ["thumbs.db", true],
      ["gamelist.xml", true],
      ["assets", false],
    ]);
  });
});

describe("names that file servers leave behind", () => {
  const names = [
    ".nfs000123",
    "._Game.nes",
    "@eaDir",
    "#recycle",
    ".snapshot",
    ".zfs",
    "lost+found",
    "System Volume Information",
  ];
  const tests = (exclusions: Exclusions) => [
    exclusions.isPlatformExcluded,
    exclusions.isRomFileExcluded,
    exclusions.isRomFolderExcluded,
    exclusions.isPartExcluded,
  ];

  test.each(names)("are ignored everywhere: %s", (name) => {
    expect(tests(byDefault).map((isExcluded) => isExcluded(name))).toEqual([true, true, true, true]);
  });

  test("come back when the operator disables them", () => {
    const { config } = parseLibraryConfig('exclude: { disable_defaults: ["._*", assets, ini] }');
    const exclusions = compileExclusions(config);
    expect(tests(exclusions).map((isExcluded) => isExcluded("._Game.nes"))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(exclusions.isPlatformExcluded("assets")).toBe(false);
    expect(exclusions.isRomFileExcluded("settings.ini")).toBe(false);
    expect(exclusions.isRomFileExcluded("thumbs.db")).toBe(true);
    expect(exclusions.isRomFileExcluded(".nfs1")).toBe(true);
  });
});

describe("files of ours that are not whole yet", () => {
  test("are excluded whatever the operator disables, and nothing that only looks like one", () => {
    const { config } = parseLibraryConfig('exclude: { disable_defaults: [".multitap-*.partial"] }');
    const exclusions = compileExclusions(config);
    const name = ".multitap-0123456789abcdef.partial";
    expect([exclusions.isRomFileExcluded(name), exclusions.isPartExcluded(name)]).toEqual([true, true]);
    expect(exclusions.isRomFileExcluded("multitap-0123456789abcdef.partial.nes")).toBe(false);
  });
});

describe("hostile names", () => {
  test.each([".".repeat(100_000), "a".repeat(100_000), "*".repeat(100_000), `${".db".repeat(30_000)}x`])(
    "are just not excluded",
    (name) => {
      expect(own.isRomFileExcluded(name)).toBe(false);
      expect(own.isRomFolderExcluded(name)).toBe(false);
    },
  );

  test("an empty list excludes nothing, not even a name ending in a dot", () => {
    const empty = compileExclusions({
      excludePlatforms: [],
      excludeSingleFileExtensions: [],
      excludeSingleFileNames: [],
      excludeMultiFileNames: [],
      excludeMultiFilePartExtensions: [],
      excludeMultiFilePartNames: [],
      excludeDisabledDefaults: [],
    });
    expect(empty.isRomFileExcluded("name.")).toBe(false);
    expect(empty.isPartExcluded("name.")).toBe(false);
  });
});
