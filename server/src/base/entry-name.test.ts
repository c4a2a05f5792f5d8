import { describe, expect, test } from "bun:test";
import { ENTRY_NAME_BYTES_MAX, isEntryName } from "./entry-name.ts";

describe("isEntryName", () => {
  test.each(["a", "scph5501.bin", ".hidden", "a..b", "Ünïcödé 日本.rom", "a b", "x".repeat(255)])(
    "takes %p",
    (name) => {
      expect(isEntryName(name)).toBe(true);
    },
  );

  test.each([
    "",
    ".",
    "..",
    "...",
    "a/b",
    "../a",
    "/a",
    "a\\b",
    "a\0",
    "a\nb",
    "a\u007f",
    " a",
    "a ",
    "\ud800",
    "x".repeat(ENTRY_NAME_BYTES_MAX + 1),
    "ü".repeat(128),
  ])("refuses %p", (name) => {
    expect(isEntryName(name)).toBe(false);
  });
});
