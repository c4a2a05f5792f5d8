import { describe, expect, test } from "bun:test";
import { deflateRawSync, deflateSync } from "node:zlib";
import { be32, filled, join, le16, le32, put } from "../../../vectors/ra/bytes.ts";
import { seeded } from "../../../vectors/ra/case.ts";
import { createCiso, createDax, createGameCubeRvz, formatRvz } from "../../../vectors/ra/containers.ts";
import { createPspDisc } from "../../../vectors/ra/disc-systems.ts";
import { createGameCube } from "../../../vectors/ra/nintendo-discs.ts";
import { createEncryptedWiiDisc, createWiiRvz } from "../../../vectors/ra/wii-rvz.ts";
import { bytesSource } from "../../byte-source.ts";
import { createContext } from "../context.ts";
import { answerOf, createMd5, hash, hashFile } from "../rahash.testing.ts";
import type { RaHashOptions } from "../types.ts";
import { unpackLz4Block } from "./lz4.ts";
import { openPlainImage } from "./plain-image.ts";
import { fillJunk } from "./rvz-junk.ts";

const zstd = (bytes: Uint8Array): Uint8Array => new Uint8Array(Bun.zstdCompressSync(bytes));

async function unpack(bytes: Uint8Array, options: Partial<RaHashOptions> = {}): Promise<Uint8Array> {
  const context = createContext({ createMd5, ...options });
  const plain = await openPlainImage(context, bytesSource(bytes));
  return plain.read(0, plain.sizeBytes);
}

const answer = async (consoleId: number, bytes: Uint8Array, options: Partial<RaHashOptions> = {}) =>
  answerOf(await hashFile("image", bytes, consoleId, options));

/** Packs runs of one byte as matches and everything else as it is. */
function packLz4(plain: Uint8Array): Uint8Array {
  const out: number[] = [];
  const addLength = (length: number) => {
    for (let left = length - 15; left >= 0; left -= 255) out.push(Math.min(left, 255));
  };
  let from = 0;
  for (let at = 1; at < plain.length; ) {
    let end = at;
    while (end < plain.length - 5 && plain[end] === plain[at - 1]) end += 1;
    if (end - at < 4) {
      at += 1;
      continue;
    }
    const [literals, match] = [at - from, end - at - 4];
    out.push((Math.min(literals, 15) << 4) | Math.min(match, 15));
    addLength(literals);
    out.push(...plain.subarray(from, at), ...le16(1));
    addLength(match);
    from = at = end;
  }
  const literals = plain.length - from;
  out.push(Math.min(literals, 15) << 4);
  addLength(literals);
  out.push(...plain.subarray(from));
  return Uint8Array.from(out);
}

describe("unpackLz4Block", () => {
  test.each([
    ["literals only", [0x30, 1, 2, 3], [1, 2, 3]],
    ["a match that runs into itself", [0x13, 7, 1, 0, 0x10, 9], [7, 7, 7, 7, 7, 7, 7, 7, 9]],
    ["a long run", [0x1f, 7, 1, 0, 2, 0x10, 9], [...filled(22, 7), 9]],
  ])("reads %s", (_, block, expected) => {
    expect([...(unpackLz4Block(Uint8Array.from(block), expected.length) ?? [])]).toEqual(expected);
  });

  test.each([
    ["literals that are cut off", [0x30, 1, 2]],
    ["a match before the start", [0x10, 7, 2, 0]],
    ["a match at no distance", [0x10, 7, 0, 0]],
    ["more than there may be", [0x1f, 7, 1, 0, 255, 255]],
  ])("gives null for %s", (_, block) => {
    expect(unpackLz4Block(Uint8Array.from(block), 64)).toBeNull();
  });
});

describe("CISO, ZISO and DAX", () => {
  const disc = createPspDisc(seeded("blocks"));
  const deflate = (block: Uint8Array) => new Uint8Array(deflateRawSync(block));
  const deflateZlib = (block: Uint8Array) => new Uint8Array(deflateSync(block));

  test.each([
    ["CISO", createCiso(disc)],
    ["CISO, aligned", createCiso(disc, { shift: 3 })],
    ["CISO as zlib wraps it", createCiso(disc, { pack: deflateZlib })],
    ["CISO, stored", createCiso(disc, { pack: () => filled(4096) })],
    ["ZISO", createCiso(disc, { mark: "ZISO", pack: packLz4 })],
    ["ZISO, aligned", createCiso(disc, { mark: "ZISO", pack: packLz4, shift: 2 })],
    ["DAX", createDax(disc, deflateZlib)],
    ["DAX with raw blocks", createDax(disc, deflate)],
    [
      "DAX with stored areas",
      createDax(disc, deflateZlib, [
        [0, 2],
        [4, 1],
      ]),
    ],
  ])("%s holds the plain image", async (_, bytes) => {
    expect(await unpack(bytes)).toEqual(disc);
    expect(await answer(41, bytes)).toBe(await answer(41, disc));
  });

  test("a source is read in any order", async () => {
    const plain = await openPlainImage(createContext({ createMd5 }), bytesSource(createCiso(disc)));
    for (const [start, end] of [
      [5000, 5001],
      [0, 10],
      [2047, 6145],
      [disc.length - 1, disc.length],
    ] as const)
      expect(await plain.read(start, end)).toEqual(disc.slice(start, end));
  });

  test.each([
    ["blocks without size", put(createCiso(disc), 16, le32(0))],
    ["blocks beyond measure", put(createCiso(disc), 16, le32(1 << 30))],
    ["a size beyond measure", put(createCiso(disc), 8, filled(8, 0xff))],
    ["an index that runs backwards", put(createCiso(disc), 24 + 16 * 4, le32(0x7fffffff))],
    ["its index cut off", createCiso(disc).slice(0, 80)],
    ["damaged blocks", createCiso(disc).fill(0xff, 24 + 4 * (disc.length / 2048 + 1))],
    ["areas beyond measure", put(createDax(disc, deflateZlib), 8, [...le32(1), ...le32(0xffffffff)])],
    ["only a mark", join([0x43, 0x49, 0x53, 0x4f])],
  ])("an image with %s has no hash", async (_, bytes) => {
    expect(["damaged", "over_limit", "unrecognized"]).toContain(await answer(41, bytes));
  });
});

describe("RVZ and WIA of a GameCube disc", () => {
  const disc = createGameCube(seeded("rvz"));

  test.each([
    ["RVZ", createGameCubeRvz(disc)],
    ["RVZ with zstd", createGameCubeRvz(disc, { zstd })],
    ["RVZ with small chunks", createGameCubeRvz(disc, { zstd, chunkBytes: 0x8000 })],
    ["WIA", createGameCubeRvz(disc, { isWia: true, chunkBytes: 0x200000 })],
    ["WIA with zstd", createGameCubeRvz(disc, { isWia: true, zstd, chunkBytes: 0x200000 })],
  ])("%s holds the plain image", async (_, bytes) => {
    expect(await unpack(bytes)).toEqual(disc);
    expect(await answer(16, bytes)).toBe(await answer(16, disc));
  });

  test("hands parts to the decoder that is given, with the encoder's properties", async () => {
    const bytes = createGameCubeRvz(disc, { zstd });
    put(bytes, 0x48 + 4, be32(3));
    put(bytes, 0x48 + 0xd4, [2, 93, 7]);
    const seen = new Set<string>();
    const result = await answer(16, bytes, {
      decompress: async (part) => {
        seen.add(`${part.codec} ${[...part.properties]}`);
        return new Uint8Array(Bun.zstdDecompressSync(part.bytes));
      },
    });
    expect(result).toBe(await answer(16, disc));
    expect([...seen]).toEqual(["lzma 93,7"]);
    expect(await answer(16, bytes)).toBe("unsupported");
    expect(await answer(16, bytes, { decompress: async () => null })).toBe("unsupported");
    const tooLong = async () => filled(1 << 22);
    expect(await answer(16, bytes, { decompress: tooLong })).toBe("damaged");
  });

  test.each([
    ["chunks without size", put(createGameCubeRvz(disc), 0x48 + 0x0c, be32(0)), "damaged"],
    ["chunks beyond measure", put(createGameCubeRvz(disc), 0x48 + 0x0c, be32(0x8000000)), "over_limit"],
    ["groups beyond measure", put(createGameCubeRvz(disc), 0x48 + 0xc4, be32(0xffffffff)), "over_limit"],
    ["more groups than stored", put(createGameCubeRvz(disc), 0x48 + 0xc4, be32(90)), "damaged"],
    ["areas beyond measure", put(createGameCubeRvz(disc), 0x48 + 0xb4, be32(0xffffffff)), "over_limit"],
    ["no areas", put(createGameCubeRvz(disc), 0x48 + 0xb4, be32(0)), "damaged"],
    ["partitions beyond measure", put(createGameCubeRvz(disc), 0x48 + 0x90, be32(0xffffffff)), "over_limit"],
    ["purged groups", put(createGameCubeRvz(disc), 0x48 + 4, be32(1)), "unsupported"],
    ["its groups cut off", createGameCubeRvz(disc).slice(0, 0x20000), "damaged"],
    ["damaged groups", put(createGameCubeRvz(disc, { zstd }), 0x300, filled(64, 0xff)), "damaged"],
  ])("an image with %s has no hash", async (_, bytes, expected) => {
    expect(await answer(16, bytes)).toBe(expected);
  });
});

describe("padding that RVZ replaced by seeds", () => {
  const seed = seeded("junk").bytes(68);

  /** The generator written out plainly, word by word. */
  function generate(length: number): Uint8Array {
    let words = Array.from({ length: 17 }, (_, index) => new DataView(seed.buffer).getUint32(index * 4));
    for (let at = 17; at < 521; at += 1)
      words.push(
        (((words[at - 17] ?? 0) << 23) ^ ((words[at - 16] ?? 0) >>> 9) ^ (words[at - 1] ?? 0)) >>> 0,
      );
    words = words.map((word) => ((word & 0xff00ffff) | ((word >>> 2) & 0x00ff0000)) >>> 0);
    // Each word of the endless series is made of those 521 and 32 before it.
    while (words.length < 521 * 5 + length / 4 + 1)
      words.push(((words.at(-521) ?? 0) ^ (words.at(-32) ?? 0)) >>> 0);
    return Uint8Array.from(words.slice(521 * 4).flatMap(be32)).slice(0, length);
  }

  test("comes back from any place in a sector", () => {
    const whole = generate(0x3000);
    for (const place of [0, 1, 2083, 2084, 2085, 0x2345]) {
      const out = filled(500);
      fillJunk(out, seed, place);
      expect(out).toEqual(whole.slice(place, place + 500));
    }
  });

  test("is put between what is stored, by its place on the disc", async () => {
    const disc = createGameCube(seeded("packed"));
    const junk = generate(0x4000);
    put(disc, 0x12000, junk.slice(0x2000, 0x4000));
    const packed = join(
      be32(0x12000),
      disc.slice(0, 0x12000),
      be32(0x80002000),
      seed,
      be32(disc.length - 0x14000),
      disc.slice(0x14000),
    );
    const image = (data: Uint8Array) =>
      formatRvz({
        chunkBytes: 0x20000,
        discBytes: disc.length,
        discHeader: disc,
        discType: 1,
        groups: [{ data, packedBytes: data.length }],
        areas: [[0x80, disc.length - 0x80, 0, 1]],
      });
    expect(await unpack(image(packed))).toEqual(disc);
    expect(await answer(16, image(put(packed.slice(), 0, be32(0))))).toBe("damaged");
    expect(await answer(16, image(packed.slice(0, -1)))).toBe("damaged");
  });
});

describe("RVZ and WIA of an encrypted Wii disc", () => {
  const parts = createEncryptedWiiDisc(seeded("wii-rvz"));

  test.each([
    ["RVZ with chunks of 128 KiB", { chunkBytes: 0x20000, zstd }],
    ["RVZ with chunks of 2 MiB", { chunkBytes: 0x200000, zstd }],
    ["RVZ without compression", { chunkBytes: 0x200000 }],
    ["WIA without compression", { chunkBytes: 0x200000, isWia: true }],
  ])("%s holds the plain image, hashes and all", async (_, options) => {
    const image = createWiiRvz(parts, options);
    expect(Buffer.compare(await unpack(image), parts.image)).toBe(0);
    const { raHash } = await hash(bytesSource(image, "g.rvz"), 19);
    expect(raHash).toBe(await answer(19, parts.image));
  });
});
