import { describe, expect, test } from "bun:test";
import { isAppError } from "../base/errors.ts";
import {
  checkEmulator,
  isStoredName,
  sanitizeFileName,
  toAssetFolder,
  toCanonicalName,
  toSlotName,
  toStoredName,
} from "./rules.ts";

describe("sanitizeFileName", () => {
  test.each([
    ["Game.srm", "Game.srm"],
    ["a/b/../Game.srm", "Game.srm"],
    ["a\\b:c|d.srm", "a-b-c-d.srm"],
    ['G*a?m"e<>+.srm', "Game.srm"],
    ["Ga\0me\n.srm", "Game.srm"],
    ["  Käse.srm ", "Käse.srm"],
    ["CON.srm", "CON.srm"],
    ["...", "..."],
  ])("makes %p %p", (sent, name) => {
    expect(sanitizeFileName(sent, "saves")).toBe(name);
  });

  test.each(["", ".", "..", "a/", "???", "a/..", "\0", "x".repeat(451), "ü".repeat(200)])(
    "refuses %p",
    (sent) => {
      expect(() => sanitizeFileName(sent, "states")).toThrow("Invalid state filename: Filename");
    },
  );
});

describe("checkEmulator", () => {
  test.each([
    [null, null],
    ["", null],
    ["mupen64plus-next", "mupen64plus-next"],
    ["PPSSPP (beta)", "PPSSPP (beta)"],
  ])("takes %p", (sent, name) => {
    expect(checkEmulator(sent)).toBe(name);
  });

  test.each(["..", ".", "a/b", "a\\b", "a\0", " a", "a\n", "x".repeat(51)])("refuses %p", (sent) => {
    try {
      checkEmulator(sent);
      expect.unreachable();
    } catch (error) {
      expect(isAppError(error) && error.message).toBe("Invalid emulator name");
    }
  });
});

describe("names in slots", () => {
  const at = new Date("2026-08-22T12:04:22.999Z");
  test.each([
    ["Game.srm", "Game [2026-08-22_12-04-22].srm"],
    ["Game.state.auto", "Game.state [2026-08-22_12-04-22].auto"],
    ["Game", "Game [2026-08-22_12-04-22]"],
    [".hidden", ".hidden [2026-08-22_12-04-22]"],
  ])("of %p is %p, and back", (name, slotName) => {
    expect(toSlotName(name, at)).toBe(slotName);
    expect(toCanonicalName(slotName)).toBe(name);
  });

  test("lose every moment that they had", () => {
    expect(toCanonicalName("A [2020-01-01_00-00-00] [2021-01-01_00-00-00].srm")).toBe("A.srm");
    expect(toCanonicalName("A [2020-01-01].srm")).toBe("A [2020-01-01].srm");
  });
});

describe("stored names", () => {
  const mark = "0123456789abcdef";
  test.each([
    ["Game.srm", "Game~0123456789abcdef.srm"],
    ["Game", "Game~0123456789abcdef"],
    [".hidden", ".hidden~0123456789abcdef"],
    [`a.${"x".repeat(40)}`, `a~0123456789abcdef`],
  ])("of %p is %p", (name, stored) => {
    expect(toStoredName(name, mark)).toBe(stored);
    expect(isStoredName(stored)).toBe(true);
    expect(isStoredName(name)).toBe(false);
  });

  test("fit into every file system", () => {
    const stored = toStoredName(`${"ü".repeat(125)}.srm`, mark);
    expect(Buffer.byteLength(stored)).toBeLessThanOrEqual(255);
    expect(stored).toEndWith(`~${mark}.srm`);
  });
});

test("toAssetFolder is compatible", () => {
  const home = { kind: "saves", userId: 1, romId: 25, platformFolder: "n64", emulator: "mgba" } as const;
  expect(toAssetFolder(home)).toBe("users/557365723a31/saves/n64/25/mgba");
  expect(toAssetFolder({ ...home, emulator: null })).toBe("users/557365723a31/saves/n64/25");
});
