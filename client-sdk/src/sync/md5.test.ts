import { describe, expect, test } from "bun:test";
import { md5 } from "./md5.ts";

const reference = (bytes: Uint8Array) => new Bun.CryptoHasher("md5").update(bytes).digest("hex");

describe("md5", () => {
  test.each([
    ["", "d41d8cd98f00b204e9800998ecf8427e"],
    ["abc", "900150983cd24fb0d6963f7d28e17f72"],
    ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
  ])("gives the RFC's answer for %p", (text, expected) => {
    expect(md5(new TextEncoder().encode(text))).toBe(expected);
  });

  test("agrees with the platform's at every length around its blocks, also inside of a larger buffer", () => {
    const buffer = Uint8Array.from({ length: 400 }, (_, index) => (index * 7 + 3) & 0xff);
    for (let length = 0; length < 270; length++) {
      const bytes = buffer.subarray(5, 5 + length);
      expect([length, md5(bytes)]).toEqual([length, reference(bytes)]);
    }
  });
});
