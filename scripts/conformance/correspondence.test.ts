import { describe, expect, test } from "bun:test";
import { createCorrespondence } from "./correspondence.ts";

describe("createCorrespondence", () => {
  test("tells ids of different kinds apart, and leaves ids of nobody alone", () => {
    const known = createCorrespondence();
    known.learnId("rom", 25, 37);
    expect(known.findId("rom", 25)).toBe(37);
    expect(known.findId("platform", 25)).toBeNull();
    expect(known.findId(null, 25)).toBe(25);
    known.learnId("rom", -1, 5);
    expect(known.findId("rom", -1)).toBe(-1);
  });

  test("asks for nothing rather than for something else", () => {
    const known = createCorrespondence();
    known.learnId("rom", 25, 30);
    expect(known.toOurs("rom", 25)).toBe(30);
    expect(known.toOurs("rom", 9999)).toBe(9999);
    // 30 was never learned, and is another rom here.
    expect(known.toOurs("rom", 30)).toBeGreaterThan(1_000_000);
  });

  test("knows a code as people type it", () => {
    const known = createCorrespondence();
    known.learnText("H26QKDTH", "ABCDEFGH");
    expect(known.translate("h26q-kdth")).toBe("abcd-efgh");
    expect(known.translate("h26qkdth")).toBe("abcdefgh");
    expect(known.translate("ZZZZZZZZ")).toBe("ZZZZZZZZ");
  });

  test("replaces learned texts inside of others, the longest first, and never short words", () => {
    const known = createCorrespondence();
    known.learnText("tokentoken", "A");
    known.learnText("tokentoken-more", "B");
    known.learnText("gba", "xxx");
    expect(known.translate("Bearer tokentoken-more")).toBe("Bearer B");
    expect(known.translate("roms/gba/tokentoken")).toBe("roms/gba/A");
  });
});
