import { describe, expect, test } from "bun:test";
import { createCipheriv, createHash } from "node:crypto";
import { be16, be32, filled, join, le32, put } from "../../../vectors/ra/bytes.ts";
import { seeded } from "../../../vectors/ra/case.ts";
import { create3dsx, createCia, createCounter, createNcch } from "../../../vectors/ra/nintendo-3ds.ts";
import { createGameCube, createWad, createWiiDisc } from "../../../vectors/ra/nintendo-discs.ts";
import { answerOf, hashFile, md5Of } from "../rahash.testing.ts";
import { scramble } from "../three-ds/keys.ts";
import type { ThreeDsKeys } from "../types.ts";

const answer = async (consoleId: number, bytes: Uint8Array, threeDsKeys?: ThreeDsKeys): Promise<string> =>
  answerOf(await hashFile("game", bytes, consoleId, { threeDsKeys }));

describe("GameCube", () => {
  const disc = createGameCube(seeded("gc-bounds"));

  test("the smallest disc is its header and an empty program", async () => {
    const smallest = put(filled(0x2460 + 0xd8), 0x1c, [0xc2, 0x33, 0x9f, 0x3d]);
    put(smallest, 0x420, be32(0x2460));
    expect(await answer(16, smallest)).toBe(md5Of(smallest.slice(0, 0x2460)));
  });

  test.each([
    ["the header", 0x2457],
    ["the apploader", 0x2460 + 0x340],
    ["the program's header", 0x8000 + 0xd7],
    ["a segment", 0x9000 + 0x6ff],
  ])("a disc that ends inside %s has no hash", async (_, length) => {
    expect(await answer(16, disc.slice(0, length))).toBe("damaged");
  });

  test("a segment of 4 GiB has no hash", async () => {
    expect(await answer(16, put(disc.slice(), 0x8090, be32(0xffffffff)))).toBe("damaged");
  });
});

describe("Wii", () => {
  const disc = createWiiDisc(seeded("wii-bounds"));
  const wad = createWad(seeded("wad-bounds"));

  test.each([
    ["no partitions", put(disc.slice(), 0x40000, be32(0)), "damaged"],
    ["partitions without number", put(disc.slice(), 0x40000, be32(0xffffffff)), "over_limit"],
    ["a table outside of the disc", put(disc.slice(), 0x40004, be32(0xffffffff)), "damaged"],
    ["a partition outside of the disc", put(disc.slice(), 0x40020, be32(0xffffffff)), "damaged"],
    ["data outside of the disc", put(disc.slice(), 0x502b8, be32(0xffffffff)), "damaged"],
    ["a title outside of the disc", put(disc.slice(), 0x502a8, be32(0xffffffff)), "damaged"],
    ["its last cluster cut off", disc.slice(0, 0x60000 + 0x17fff), "damaged"],
    ["its region cut off", disc.slice(0, 0x4e003), "damaged"],
    ["its header cut off", disc.slice(0, 0x7f), "damaged"],
  ])("a disc with %s has no hash", async (_, bytes, expected) => {
    expect(await answer(19, bytes)).toBe(expected);
  });

  test("the smallest WAD holds no contents", async () => {
    const empty = createWad(seeded("wad-empty"), { contents: [], certificateBytes: 0, ticketBytes: 0 });
    const padded = join(empty, filled(Math.max(0, 0x40 + 0x200 - empty.length)));
    expect(await answer(19, padded)).toBe(md5Of(padded.slice(0x40, 0x40 + 0x200)));
  });

  test("a WAD has no hash wherever it is cut off", async () => {
    const last = wad.length - (64 - (0x4000 % 64 || 64));
    for (let length = 0; length < last; length += 97)
      expect(["damaged", "unrecognized"]).toContain(await answer(19, wad.slice(0, length)));
  });
});

const KEY_X = new Map([
  [0x2c, seeded("key-2c").bytes(16)],
  [0x25, seeded("key-25").bytes(16)],
  [0x3d, seeded("key-3d").bytes(16)],
]);
const COMMON_KEY_Y = seeded("common").bytes(16);
const SEED = seeded("seed").bytes(16);
const TITLE_ID = "0011223344556677";
/** Keys of nobody's console. */
const keys: ThreeDsKeys = {
  findKeyX: (slot) => KEY_X.get(slot) ?? null,
  findCommonKeyY: (index) => (index === 1 ? COMMON_KEY_Y : null),
  findSeed: (titleId) => (titleId === TITLE_ID ? SEED : null),
};

const ctr = (key: Uint8Array, counter: Uint8Array, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createCipheriv("aes-128-ctr", key, counter).update(bytes));

const EXEFS_AT = 0x800;
const EXEFS_BYTES = 0x1200;
const CODE_BYTES = 0x7a5;

/** Encrypts an executable's file system as the console stores it. */
function encrypted(plain: Uint8Array, method: number, hasSeed: boolean): Uint8Array {
  const out = plain.slice();
  out[0x18b] = method;
  out[0x18f] = hasSeed ? 0x20 : 0;
  put(out, 0x118, Uint8Array.from(Buffer.from(TITLE_ID, "hex")).reverse());
  const keyY = out.subarray(0, 16);
  const seeded16 = new Uint8Array(createHash("sha256").update(join(keyY, SEED)).digest()).subarray(0, 16);
  const primary = scramble(KEY_X.get(0x2c) ?? filled(16), keyY);
  const slot = method === 1 ? 0x25 : 0x2c;
  const secondary = scramble(KEY_X.get(slot) ?? filled(16), hasSeed ? seeded16 : keyY);
  const exefs = plain.slice(EXEFS_AT, EXEFS_AT + EXEFS_BYTES);
  const whole = ctr(primary, createCounter(out), exefs);
  // The code lies first, so its key stream starts behind the header's.
  const code = ctr(secondary, createCounter(out), exefs).subarray(0x200, 0x200 + CODE_BYTES);
  return put(out, EXEFS_AT, put(whole, 0x200, code));
}

describe("an encrypted Nintendo 3DS executable", () => {
  const plain = createNcch(seeded("keyed"));
  /** The twin has the same title, which is not encrypted. */
  const twin = put(plain.slice(), 0x118, Uint8Array.from(Buffer.from(TITLE_ID, "hex")).reverse());

  test.each([
    ["under one key", 0, false],
    ["under two keys", 1, false],
    ["under two keys and a seed", 1, true],
    ["under one key and a seed", 0, true],
  ])("%s hashes as its decrypted twin", async (_, method, hasSeed) => {
    const bytes = encrypted(plain, method, hasSeed);
    expect(bytes).not.toEqual(twin);
    expect(await answer(62, bytes, keys)).toBe(await answer(62, twin));
  });

  test.each([
    ["no keys", encrypted(plain, 1, false), undefined, "keys_missing"],
    ["no key of its slot", put(encrypted(plain, 1, false), 0x18b, [0x0a]), keys, "keys_missing"],
    ["no seed of its title", put(encrypted(plain, 1, true), 0x118, [0]), keys, "keys_missing"],
    ["a method that is not known", put(encrypted(plain, 1, false), 0x18b, [2]), keys, "unsupported"],
    ["a version that is not known", put(encrypted(plain, 1, false), 0x112, [3]), keys, "unsupported"],
    ["its program cut off", encrypted(plain, 1, false).slice(0, EXEFS_AT + EXEFS_BYTES - 1), keys, "damaged"],
  ])("with %s has no hash", async (_, bytes, given, expected) => {
    expect(await answer(62, bytes, given)).toBe(expected);
  });
});

describe("a Nintendo 3DS executable under the fixed key", () => {
  const plain = createNcch(seeded("fixed"));
  const fixed = (change: (exefs: Uint8Array) => void): Uint8Array => {
    const out = plain.slice();
    out[0x18f] = 1;
    const exefs = plain.slice(EXEFS_AT, EXEFS_AT + EXEFS_BYTES);
    change(exefs);
    return put(out, EXEFS_AT, ctr(filled(16), createCounter(out), exefs));
  };

  test("has no hash where its files lie askew, outside, or over one another", async () => {
    expect(
      await answer(
        62,
        fixed((exefs) => put(exefs, 8, le32(0x10))),
      ),
    ).toBe("damaged");
    expect(
      await answer(
        62,
        fixed((exefs) => put(exefs, 12, le32(0xffffffff))),
      ),
    ).toBe("damaged");
    expect(
      await answer(
        62,
        fixed((exefs) => put(exefs, 24, le32(0))),
      ),
    ).toBe("damaged");
  });

  test("has a hash where it holds no files", async () => {
    expect(
      await answer(
        62,
        fixed((exefs) => exefs.fill(0, 0, 0x80)),
      ),
    ).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("a CIA", () => {
  const content = createNcch(seeded("cia-content"));
  const cia = createCia(seeded("cia"), content);
  const contentAt = cia.length - content.length;
  const ticketBodyAt = 0x2040 + 0xa00 + 4 + 0x13c;

  test("with an encrypted content hashes as its decrypted twin", async () => {
    const titleKey = seeded("title-key").bytes(16);
    const bytes = cia.slice();
    const titleId = bytes.slice(ticketBodyAt + 0x9c, ticketBodyAt + 0xa4);
    const commonKey = scramble(KEY_X.get(0x3d) ?? filled(16), COMMON_KEY_Y);
    const cbc = (key: Uint8Array, iv: Uint8Array, plain: Uint8Array) =>
      new Uint8Array(createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false).update(plain));
    put(bytes, ticketBodyAt + 0x7f, cbc(commonKey, put(filled(16), 0, titleId), titleKey));
    bytes[ticketBodyAt + 0xb1] = 1;
    put(bytes, contentAt, cbc(titleKey, filled(16), content));
    bytes[flagAt(bytes) + 1] = 1;
    expect(await answer(62, bytes, keys)).toBe(await answer(62, content));
    expect(await answer(62, bytes)).toBe("keys_missing");
    bytes[ticketBodyAt + 0xb1] = 2;
    expect(await answer(62, bytes, keys)).toBe("keys_missing");
    bytes[ticketBodyAt + 0xb1] = 6;
    expect(await answer(62, bytes, keys)).toBe("damaged");
  });

  /** Finds the flags of the only content's record. */
  function flagAt(bytes: Uint8Array): number {
    const tmdAt = 0x2040 + 0xa00 + 0x380;
    expect(bytes.slice(tmdAt, tmdAt + 4)).toEqual(Uint8Array.from(be32(0x10004)));
    return tmdAt + 4 + 0x13c + 0x9c4 + 6;
  }

  test("without a content of index 0, or with a signature of no kind, has no hash", async () => {
    const bytes = cia.slice();
    put(bytes, flagAt(bytes) - 2, be16(1));
    expect(await answer(62, bytes)).toBe("unrecognized");
    expect(await answer(62, put(cia.slice(), 0x2040 + 0xa00 + 0x380, be32(0x20000)))).toBe("damaged");
    expect(await answer(62, cia.slice(0, contentAt))).toBe("damaged");
  });
});

test("a homebrew program that is cut off has no hash", async () => {
  const program = create3dsx(seeded("3dsx-cut"));
  expect(await answer(62, program)).toMatch(/^[0-9a-f]{32}$/);
  expect(await answer(62, program.slice(0, 0x800))).toBe("damaged");
});
