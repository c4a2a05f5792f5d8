import { describe, expect, test } from "bun:test";
import { compareByCodePoint } from "./code-point-order.ts";

const TEXTS = [
  "",
  "a",
  "a.bin",
  "a/b",
  "ab",
  "B",
  "é",
  "e\u0301",
  "Ｚ",
  "\ufffd",
  "🎮",
  "🎮🎮",
  "a🎮",
  "aＺ",
  "\u{10ffff}",
];

describe("compareByCodePoint", () => {
  test("orders as the bytes of UTF-8 do", () => {
    for (const one of TEXTS) {
      for (const other of TEXTS) {
        const wanted = Buffer.compare(Buffer.from(one), Buffer.from(other));
        expect([one, other, Math.sign(compareByCodePoint(one, other))]).toEqual([one, other, wanted]);
      }
    }
  });
});
