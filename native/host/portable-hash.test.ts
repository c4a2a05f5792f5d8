import { beforeAll, describe, expect, test } from "bun:test";
import { ensureBuilt } from "../build.ts";
import { createHasher } from "./hash.ts";
import { createPortableHasher, hashBytes } from "./portable-hash.ts";

const ALL = ["crc32", "md5", "sha1"] as const;
const pattern = Uint8Array.from({ length: 3 << 16 }, (_, index) => (index * 7 + (index >> 8)) & 0xff);

beforeAll(async () => {
  await ensureBuilt();
});

/** The answers of the runtime's own hashers. */
function expected(bytes: Uint8Array) {
  const hasher = createHasher(ALL);
  hasher.update(bytes);
  return hasher.digest();
}

describe("createPortableHasher", () => {
  // 64 bytes is the block, 55 and 56 are where the padding takes another one, 65536 is the chunk's buffer.
  test.each([0, 1, 7, 15, 16, 17, 55, 56, 63, 64, 65, 119, 128, 4096, 65_535, 65_536, 65_537, 3 << 16])(
    "gives what the runtime gives for %d bytes",
    async (length) => {
      const hasher = await createPortableHasher(ALL);
      hasher.update(pattern.subarray(0, length));
      expect(hasher.digest()).toEqual(expected(pattern.subarray(0, length)));
    },
  );

  test.each([1, 3, 63, 64, 65, 1000])("takes bytes in pieces of %d", async (pieceBytes) => {
    const bytes = pattern.subarray(0, 5003);
    const hasher = await createPortableHasher(ALL);
    for (let at = 0; at < bytes.length; at += pieceBytes) hasher.update(bytes.subarray(at, at + pieceBytes));
    expect(hasher.digest()).toEqual(expected(bytes));
  });

  test("keeps messages apart that are hashed in turns", async () => {
    const [one, two] = [await createPortableHasher(ALL), await createPortableHasher(ALL)];
    for (let at = 0; at < 1000; at += 100) {
      one.update(pattern.subarray(at, at + 100));
      two.update(pattern.subarray(at + 1000, at + 1100));
    }
    expect(one.digest()).toEqual(expected(pattern.subarray(0, 1000)));
    expect(two.digest()).toEqual(expected(pattern.subarray(1000, 2000)));
  });

  test("starts over after a digest and answers the chosen names only", async () => {
    const hasher = await createPortableHasher(["sha1"]);
    hasher.update(pattern);
    hasher.digest();
    expect(hasher.digest()).toEqual({ sha1: expected(new Uint8Array(0)).sha1 });
  });
});

describe("hashBytes", () => {
  test("hashes blobs, bytes and sources alike, and tells how far it is", async () => {
    const seen: number[] = [];
    const digests = await hashBytes(new Blob([pattern]), ALL, {
      onProgress: (at) => seen.push(at.doneBytes),
    });
    expect(digests).toEqual(expected(pattern));
    expect(await hashBytes(pattern, ALL)).toEqual(digests);
    expect(seen).toEqual([pattern.length]);
  });

  test("ends with the signal's reason after an abort", async () => {
    const reason = { name: "enough" };
    const run = hashBytes(pattern, ALL, { signal: AbortSignal.abort(reason) });
    expect(await run.catch((error: unknown) => error)).toBe(reason);
  });
});
