import { describe, expect, test } from "bun:test";
import { KNOWN_BIOS_ENTRIES_MAX } from "../limits.ts";
import { isKnownBios, parseKnownBios } from "./rules.ts";

const MD5 = "0cc175b9c0f1b6a831c399e269772661";
const SHA1 = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8";
const CRC = "e8b7be43";

describe("parseKnownBios", () => {
  test("reads sizes as numbers or texts, and digests in any case", () => {
    const text = JSON.stringify({
      "3do:panafz1.bin": { size: "1", crc: CRC.toUpperCase(), md5: ` ${MD5} `, sha1: "", note: "ignored" },
      "gba:gba_bios.bin": { size: 0 },
    });
    const parsed = parseKnownBios(text);
    expect(parsed).toEqual({
      table: new Map([
        ["3do:panafz1.bin", { sizeBytes: 1, crc32: CRC, md5: MD5, sha1: "" }],
        ["gba:gba_bios.bin", { sizeBytes: 0, crc32: "", md5: "", sha1: "" }],
      ]),
    });
  });

  test.each([
    ["", "not a JSON object"],
    ["{", "not a JSON object"],
    ["[]", "not a JSON object"],
    ["null", "not a JSON object"],
    ['{"a:b": 1}', "a:b"],
    ['{"a:b": {"size": -1}}', "size"],
    ['{"a:b": {"size": 1.5}}', "size"],
    ['{"a:b": {"size": "x"}}', "size"],
    ['{"a:b": {"md5": "zz"}}', "md5"],
    [`{"a:b": {"sha1": "${MD5}"}}`, "sha1"],
    ['{"a:b": {"crc": 5}}', "crc"],
  ])("says what is wrong with %p", (text, part) => {
    const parsed = parseKnownBios(text);
    expect("problem" in parsed ? parsed.problem : "").toContain(part);
  });

  test("reads no more entries than stay in memory", () => {
    const entries = Array.from({ length: KNOWN_BIOS_ENTRIES_MAX + 1 }, (_, index) => [`a:${index}`, {}]);
    const parsed = parseKnownBios(JSON.stringify(Object.fromEntries(entries)));
    expect("problem" in parsed ? parsed.problem : "").toContain("20001 entries");
  });
});

describe("isKnownBios", () => {
  const table = new Map([
    ["gba:a.bin", { sizeBytes: 1, crc32: CRC, md5: MD5, sha1: "" }],
    ["gba:empty.bin", { sizeBytes: 0, crc32: "", md5: "", sha1: "" }],
  ]);
  const file = { fileName: "a.bin", sizeBytes: 1, crc32: CRC, md5: MD5, sha1: SHA1 };

  test.each([
    ["of the same size with all digests", file, "gba", true],
    ["with one digest alone", { ...file, crc32: "", md5: MD5, sha1: "" }, "gba", true],
    ["with one of its digests another", { ...file, md5: "f".repeat(32) }, "gba", true],
    ["with no digest the same", { ...file, crc32: "00000000", md5: "f".repeat(32) }, "gba", false],
    ["of another size", { ...file, sizeBytes: 2 }, "gba", false],
    ["of another platform", file, "gbc", false],
    ["of a name in another case", { ...file, fileName: "A.BIN" }, "gba", false],
    [
      "without bytes and digests",
      { fileName: "empty.bin", sizeBytes: 0, crc32: "", md5: "", sha1: "" },
      "gba",
      false,
    ],
  ])("judges a file %s", (_what, given, slug, expected) => {
    expect(isKnownBios(table, slug, given)).toBe(expected);
  });
});
