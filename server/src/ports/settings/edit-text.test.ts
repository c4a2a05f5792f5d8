import { describe, expect, test } from "bun:test";
import { isAppError } from "../../base/errors.ts";
import { LIBRARY_CONFIG_BYTES_MAX } from "../../base/library-config.ts";
import { editSettingsText } from "./edit-text.ts";
import type { SettingsEdit } from "./port.ts";

const FILE = `# my library
exclude:
    platforms: [downloads, 007]     # not games
    roms:   # files
        single_file:
            extensions:
            - TXT
            # of the scanner
            - " nfo "


system:
  platforms: { 2600: atari2600 }
  versions:   # none yet
unknown: {  keep: yes }   # for another program
emulatorjs:
  cache_limit: 1_000
`;

const add = (path: string, item: string): SettingsEdit => ({ kind: "addItem", path: path.split("."), item });
const take = (path: string, item: string): SettingsEdit => ({
  kind: "removeItem",
  path: path.split("."),
  item,
  isFolded: true,
});
const set = (path: readonly string[], value: string | boolean | readonly string[]): SettingsEdit => ({
  kind: "set",
  path,
  value,
});
const EXTENSIONS = "exclude.roms.single_file.extensions";

/** What an edit makes of the file, as the lines that went (-) and came (+). */
function difference(before: string, after: string): readonly string[] {
  const [own, changed] = [before.split("\n"), after.split("\n")];
  const gone = own.filter((line) => !changed.includes(line)).map((line) => `-${line}`);
  return [...gone, ...changed.filter((line) => !own.includes(line)).map((line) => `+${line}`)];
}

describe("editSettingsText", () => {
  const cases: [string, SettingsEdit, readonly string[]][] = [
    ["takes an item out", take(EXTENSIONS, "txt"), ["-            - TXT"]],
    [
      "adds a key where there was none",
      set(["system", "versions", "a.b"], "gba"),
      ["-  versions:   # none yet", "+  versions:", "+    # none yet", '+    "a.b": gba'],
    ],
    [
      "replaces one value",
      set(["system", "platforms", "2600"], "a7800"),
      ["-  platforms: { 2600: atari2600 }", "+  platforms: { 2600: a7800 }"],
    ],
    [
      "makes a new section at the end",
      set(["scan", "gamelist", "export"], true),
      ["+scan:", "+  gamelist:", "+    export: true"],
    ],
    [
      "quotes what another reader could take for something else",
      set(["system", "platforms", "007"], "no"),
      ["-  platforms: { 2600: atari2600 }", '+  platforms: { 2600: atari2600, "007": "no" }'],
    ],
  ];
  test.each(cases)("%s and touches no other line", (_name, edit, lines) => {
    expect(difference(FILE, editSettingsText(FILE, [edit]))).toEqual([...lines]);
  });

  test("keeps the comment of a list that it changes", () => {
    const after = editSettingsText(FILE, [add("exclude.platforms", "x y")]);
    expect(difference(FILE, after)).toEqual([
      "-    platforms: [downloads, 007]     # not games",
      '+    platforms: [ downloads, 007, "x y" ] # not games',
    ]);
    expect(after).toContain("\n\n\nsystem:");
  });

  test("applies several edits one after the other", () => {
    const after = editSettingsText("", [
      add("exclude.platforms", "a"),
      add("exclude.platforms", "b"),
      take("exclude.platforms", "a"),
      set(["scan", "media"], []),
    ]);
    expect(after).toBe("exclude:\n  platforms:\n    - b\nscan:\n  media: []\n");
    expect(editSettingsText(after, [take("exclude.platforms", "b")])).toContain("platforms: []");
  });

  test.each([
    add("exclude.platforms", "downloads"),
    take("exclude.platforms", "absent"),
    take("scan.absent", "absent"),
    { kind: "unset", path: ["system", "platforms", "absent"] } as const,
    { kind: "unset", path: ["absent", "absent"] } as const,
  ])("answers the same text when nothing changes (case %#)", (edit) => {
    expect(editSettingsText(FILE, [edit])).toBe(FILE);
  });

  test("keeps the line ends of Windows", () => {
    const after = editSettingsText("a: 1\r\n", [set(["b"], "c")]);
    expect(after).toBe("a: 1\r\nb: c\r\n");
  });

  test("keeps a file of comments", () => {
    expect(editSettingsText("# one\n\n# two\n", [set(["b"], "c")])).toBe("# one\n\n# two\n\nb: c\n");
  });

  test("keeps names of object members as data", () => {
    const after = editSettingsText("", [set(["system", "platforms", "__proto__"], "nes")]);
    expect(after).toBe("system:\n  platforms:\n    __proto__: nes\n");
  });

  test.each([
    "exclude: [",
    "a: 1\n---\nb: 2\n",
    "a: 1\n...\nb: 2\n",
    "- a\n",
    "only text\n",
    "exclude: 5\n",
    "exclude: { platforms: text }\n",
    "other: &o { platforms: [a] }\nexclude: *o\n",
    "exclude: { platforms: [a] }\nexclude: { platforms: [b] }\n",
    `a: &a [x]\nb: [${"*a,".repeat(200)}]\n`,
    `#${" ".repeat(LIBRARY_CONFIG_BYTES_MAX - 2)}\n`,
    "\u0000",
  ])("refuses to change what it cannot read or trust (case %#)", (text) => {
    let failure: unknown = null;
    try {
      editSettingsText(text, [add("exclude.platforms", "x")]);
    } catch (thrown) {
      failure = thrown;
    }
    expect(isAppError(failure) && failure.code).toBe("CONFIG_NOT_WRITABLE");
  });
});
