import { expect, test } from "bun:test";
import { createHasher } from "@multitap/native/hash";
import { createDigests } from "./digests.ts";

const text = (value: string): Uint8Array => Buffer.from(value);

test("agrees with the hasher", () => {
  const digests = createDigests();
  const hasher = createHasher(["crc32", "md5", "sha1"]);
  for (const part of ["ab", "", "c"]) {
    digests.update(text(part));
    hasher.update(text(part));
  }
  expect(digests.sizeBytes).toBe(3);
  expect(digests.crc32).toBe(0x352441c2);
  expect(digests.finish()).toEqual(hasher.digest());
});

test("has no digest of nothing, and none for a CRC-32 of 0", () => {
  expect(createDigests().finish()).toEqual({ crc32: "", md5: "", sha1: "" });
  const digests = createDigests();
  digests.update(Uint8Array.of(0x9d, 0x0a, 0xd9, 0x6d));
  expect(digests.finish()).toMatchObject({ crc32: "", md5: expect.stringMatching(/^[0-9a-f]{32}$/) });
});

test("forks into two that do not know of each other", () => {
  const one = createDigests();
  one.update(text("a"));
  const other = one.fork();
  one.update(text("b"));
  other.update(text("c"));
  const [ab, ac] = ["ab", "ac"].map((value) => {
    const digests = createDigests();
    digests.update(text(value));
    return digests.finish();
  });
  expect(one.finish()).toEqual(ab ?? one.finish());
  expect(other.finish()).toEqual(ac ?? other.finish());
});
