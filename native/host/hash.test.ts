import { describe, expect, test } from "bun:test";
import { createHasher, type HashName } from "./hash.ts";

const ALL = ["crc32", "md5", "sha1"] as const;
const MEBIBYTE = 1 << 20;

/** 1 MiB of a pattern with no short period. */
const pattern = Uint8Array.from({ length: MEBIBYTE }, (_, index) => (index * 7 + (index >> 8)) & 0xff);

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Answers of md5sum, sha1sum and Python's zlib, not of the code under test. */
const VECTORS = [
  {
    name: "no bytes",
    bytes: new Uint8Array(0),
    crc32: "00000000",
    md5: "d41d8cd98f00b204e9800998ecf8427e",
    sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
  },
  {
    name: "abc",
    bytes: encode("abc"),
    crc32: "352441c2",
    md5: "900150983cd24fb0d6963f7d28e17f72",
    sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
  },
  {
    name: "a CRC-32 with a leading zero",
    bytes: encode("multitap 137"),
    crc32: "007db021",
    md5: "073d088fc2b1f96621a7efa2f25968cb",
    sha1: "de4beacaf5d5a52e32c3f011441ce7013e48d1ff",
  },
  {
    name: "1 MiB of a pattern",
    bytes: pattern,
    crc32: "a2dcf263",
    md5: "85bfb9943e6f0cb09f0f52679e9eac2b",
    sha1: "a7ccc30ac12dc8d83d6f612100bc4fc6ed0c5a12",
  },
] as const;

describe("createHasher", () => {
  test.each(VECTORS)("gives the known digests of $name", ({ bytes, crc32, md5, sha1 }) => {
    const hasher = createHasher(ALL);
    hasher.update(bytes);
    expect(hasher.digest()).toEqual({ crc32, md5, sha1 });
  });

  // 64 bytes is the block of md5 and sha1; 55 and 56 are where their padding takes another block.
  test.each([1, 7, 55, 56, 63, 64, 65, 4096, 65_537, MEBIBYTE - 1])(
    "gives the same digests when the bytes come in chunks of %d",
    (chunkBytes) => {
      const bytes = chunkBytes < 64 ? pattern.subarray(0, 4099) : pattern;
      const whole = createHasher(ALL);
      whole.update(bytes);
      const chunked = createHasher(ALL);
      for (let at = 0; at < bytes.length; at += chunkBytes)
        chunked.update(bytes.subarray(at, at + chunkBytes));
      expect(chunked.digest()).toEqual(whole.digest());
    },
  );

  test("reads the bytes at once, so one buffer serves all chunks", () => {
    const buffer = new Uint8Array(3);
    const hasher = createHasher(ALL);
    for (const letter of ["a", "b", "c"]) {
      buffer.set(encode(letter));
      hasher.update(buffer.subarray(0, 1));
      buffer.fill(0);
    }
    expect(hasher.digest().md5).toBe(VECTORS[1].md5);
  });

  test("starts over after a digest", () => {
    const hasher = createHasher(ALL);
    hasher.update(pattern);
    hasher.digest();
    expect(hasher.digest().sha1).toBe(VECTORS[0].sha1);
    hasher.update(encode("abc"));
    const { crc32, md5, sha1 } = VECTORS[1];
    expect(hasher.digest()).toEqual({ crc32, md5, sha1 });
  });

  const CHOICES: readonly (readonly HashName[])[] = [[], ["crc32"], ["sha1", "md5"], ["md5", "md5"]];
  test.each(CHOICES.map((names) => [names]))("answers exactly the chosen names: %p", (names) => {
    const hasher = createHasher(names);
    hasher.update(encode("abc"));
    expect(Object.keys(hasher.digest()).sort()).toEqual([...new Set(names)].sort());
  });
});
