import { expect, test } from "bun:test";
import { isMemberExcluded, toStoredName } from "./member-names.ts";

test.each([
  ["game.nes", false],
  ["thumbs.db", true],
  ["dir/Thumbs.DB", true],
  ["db/game.nes", false],
  ["dir/.DS_Store", true],
  [".ds_store", false],
  ["game.nes:Zone.Identifier", true],
  // Left out of the library's lists, but not a built-in that members are held against.
  ["__MACOSX/._game.nes", false],
  ["lost+found", false],
])("excludes %s: %p", (name, isExcluded) => {
  expect(isMemberExcluded(name)).toBe(isExcluded);
});

test("stores no NUL", () => {
  expect(toStoredName("a\0b\0")).toBe("a\ufffdb\ufffd");
});
