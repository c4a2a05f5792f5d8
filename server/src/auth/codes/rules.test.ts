import { describe, expect, test } from "bun:test";
import { createCode, parseCode } from "./rules.ts";

describe("createCode", () => {
  test("makes codes of eight letters that nobody mixes up, each as likely as any other", () => {
    const counts = new Map<string, number>();
    for (let number = 0; number < 4_000; number++) {
      const code = createCode();
      expect(code).toMatch(/^[A-HJKMNP-Z2-9]{8}$/);
      for (const letter of code) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect(counts.size).toBe(31);
    // 32,000 letters over 31: 1,032 each, with a standard deviation of 32.
    for (const [letter, count] of counts)
      expect([letter, Math.abs(count - 1_032) < 250]).toEqual([letter, true]);
  });
});

describe("parseCode", () => {
  test.each([
    ["H26QKDTH", "H26QKDTH"],
    ["h26q-kdth", "H26QKDTH"],
    [" h26q kdth\n", "H26QKDTH"],
    ["H-2-6-Q-K-D-T-H", "H26QKDTH"],
  ])("reads %p", (text, code) => {
    expect(parseCode(text)).toBe(code);
  });
  test.each([
    "",
    "H26QKDT",
    "H26QKDTHH",
    "H26QKDT0",
    "H26QKDT1",
    "H26QKDTI",
    "H26QKDTL",
    "H26QKDTO",
    "H26QKDT\0",
    "Ｈ26QKDTH",
  ])("refuses %p", (text) => {
    expect(parseCode(text)).toBeNull();
  });
});
