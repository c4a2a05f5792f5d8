import { describe, expect, test } from "bun:test";
import { hashPassword, isOldHash, toPasswordMark, verifyPassword } from "./service.ts";

/** Enough for a test of what is right and wrong; the real cost is not the point here. */
const CHEAP = { memoryKib: 8, passes: 1 };
/** bcrypt of cost 4, the least there is. */
const bcrypt = (password: string) => Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });

/** Of the right form, with parameters of choice. */
const argon2 = (parameters: string) =>
  `$argon2id$v=19$${parameters}$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI`;

describe("verifyPassword", () => {
  test("knows a password by its argon2id hash", async () => {
    const hash = await hashPassword("correct horse", CHEAP);
    expect(hash).toStartWith("$argon2id$");
    expect(await verifyPassword("correct horse", hash)).toBe(true);
    expect(await verifyPassword("correct horsf", hash)).toBe(false);
  });

  test.each(["$2a$", "$2b$", "$2y$"])(
    "knows a password by an imported hash that begins with %s",
    async (prefix) => {
      const hash = prefix + (await bcrypt("adminpass")).slice(4);
      expect(await verifyPassword("adminpass", hash)).toBe(true);
      expect(await verifyPassword("adminpasS", hash)).toBe(false);
    },
  );

  test("looks at the first 72 bytes for an imported hash", async () => {
    const hash = await bcrypt("a".repeat(72));
    expect(await verifyPassword(`${"a".repeat(72)}anything`, hash)).toBe(true);
    expect(await verifyPassword("a".repeat(71), hash)).toBe(false);
  });

  /** Made by crypt(3) of libxcrypt with cost 4; all prefixes give the same text there. */
  const foreign: [string, string, string][] = [
    ["of letters", "correct horse", "jydOTSfIH/d5oUHpsygqV5X9xJLQc6e"],
    ["with umlauts", "pässwörd", "yx2n0Zzopyr9QuYTMCfOJJOj526QVoC"],
    ["of 72 bytes", "a".repeat(72), "BzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe"],
    ["of 81 bytes", `${"b".repeat(72)}tail-tail`, "UJf9qAIqFFWObw4K4AvdtuO.PaE5J/W"],
    ["of 40 letters in 76 bytes", `${"é".repeat(36)}rest`, "KiIlCeXB6chNXkLyAo8C7XcLPzh6zUe"],
    ["cut in the middle of a letter", `${"c".repeat(71)}éd`, "askDQu.F9VqMcLUXcfoTkUQgtck6tVq"],
  ];
  test.each(foreign)("knows a password %s by a hash of another library", async (_name, password, digest) => {
    for (const prefix of ["$2a$", "$2b$", "$2y$"]) {
      const hash = `${prefix}04$abcdefghijklmnopqrstuu${digest}`;
      expect([prefix, await verifyPassword(password, hash)]).toEqual([prefix, true]);
      expect([prefix, await verifyPassword(`x${password}`, hash)]).toEqual([prefix, false]);
    }
  });

  test("does not know a long password by the hash of a library that shortens it in another way", async () => {
    // The runtime's own one digests what is longer than 72 bytes first.
    const hash = await bcrypt("a".repeat(80));
    expect(await verifyPassword("a".repeat(80), hash)).toBe(false);
  });

  test("looks at all of a long password for a hash of our own", async () => {
    const hash = await hashPassword("a".repeat(200), CHEAP);
    expect(await verifyPassword("a".repeat(200), hash)).toBe(true);
    expect(await verifyPassword("a".repeat(199), hash)).toBe(false);
  });

  const unusable: [string, string | null][] = [
    ["none", null],
    ["empty text", ""],
    ["the random id of an account made by single sign-on", "0f8fad5b-d9cb-469f-a165-70867728950e"],
    ["a truncated argon2id hash", "$argon2id$v=19$m=8,t=1,p=1$M7ar+hCZ"],
    ["a truncated bcrypt hash", "$2b$10$BisrKYl.qmGDtitMcrCeDO"],
    ["a bcrypt cost that would take hours", `$2b$31$${"a".repeat(53)}`],
    ["bcrypt with bits that no library writes", `$2b$04$${"/".repeat(53)}`],
    ["argon2id that would take a gigabyte", argon2("m=999999,t=1,p=1")],
    ["argon2id that would take minutes", argon2("m=131072,t=99,p=1")],
    ["argon2id with more lanes than memory", argon2("m=8,t=1,p=16")],
    ["argon2id with a crowd of lanes", argon2("m=131072,t=1,p=99")],
    ["argon2id without passes", argon2("m=19456,t=0,p=1")],
    ["argon2id without memory and lanes", argon2("m=0,t=1,p=0")],
    [
      "argon2id with a salt that ends in the middle of a byte",
      "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRab$MTIzNDU2Nzg5MDEyMzQ1Njc4",
    ],
    ["argon2i, which no import brings", argon2("m=19456,t=2,p=1").replace("argon2id", "argon2i")],
  ];
  test.each(unusable)("refuses every password when the hash is %s", async (_name, hash) => {
    expect(await verifyPassword("adminpass", hash)).toBe(false);
  });

  test("refuses an empty and an endless password", async () => {
    const hash = await hashPassword("x".repeat(1025), CHEAP);
    expect(await verifyPassword("", hash)).toBe(false);
    expect(await verifyPassword("x".repeat(1025), hash)).toBe(false);
  });
});

describe("isOldHash", () => {
  test("tells imported hashes from ours", async () => {
    expect(isOldHash(await bcrypt("adminpass"))).toBe(true);
    expect(isOldHash(await hashPassword("adminpass", CHEAP))).toBe(false);
  });
});

describe("toPasswordMark", () => {
  test("changes with the hash and holds nothing of it", () => {
    const marks = [null, "one", "two"].map(toPasswordMark);
    expect(new Set(marks).size).toBe(3);
    for (const mark of marks) expect(mark).toMatch(/^[0-9a-f]{32}$/);
    expect(toPasswordMark("one")).toBe(toPasswordMark("one"));
  });
});
