import { describe, expect, test } from "bun:test";
import { makeBytes } from "../testing/fixtures.ts";
import { createSha1 } from "./sha1.ts";

const expected = (bytes: Uint8Array) => new Bun.CryptoHasher("sha1").update(bytes).digest("hex");

function digest(...pieces: Uint8Array[]): string {
  const sha1 = createSha1();
  for (const piece of pieces) sha1.update(piece);
  return sha1.hex();
}

describe("sha1", () => {
  test.each([
    ["", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["abc", "a9993e364706816aba3e25717850c26c9cd0d89d"],
  ])("of %p is known", (text, hex) => {
    expect(digest(new TextEncoder().encode(text))).toBe(hex);
  });

  test("agrees with the platform at every length around its blocks", () => {
    const bytes = makeBytes(300);
    for (let length = 0; length <= 300; length++) {
      expect(digest(bytes.subarray(0, length))).toBe(expected(bytes.subarray(0, length)));
    }
  });

  test("does not depend on the cuts, nor on where the bytes lie", () => {
    const bytes = makeBytes(1000);
    for (let cut = 0; cut <= 200; cut++) {
      expect(digest(bytes.subarray(3, cut + 3), bytes.subarray(cut + 3))).toBe(expected(bytes.subarray(3)));
    }
    expect(digest(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe(expected(bytes));
  });
});
