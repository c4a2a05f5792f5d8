import { afterAll, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { createPlace, createRawZip, type RawZipMember, type RawZipOptions } from "../testing/archives.ts";
import { ArchiveRefusal } from "./archive.ts";
import { readZipDirectory, type ZipMember } from "./zip-directory.ts";
import { decodeZipName } from "./zip-names.ts";

const place = createPlace();
afterAll(place.remove);

function read(bytes: Uint8Array): ZipMember[] {
  const path = place.store("directory.zip", bytes);
  const handle = fs.openSync(path, "r");
  try {
    return readZipDirectory({ path, handle, sizeBytes: bytes.length });
  } finally {
    fs.closeSync(handle);
  }
}

/** The reason why a directory is refused; anything else thrown is no answer. */
function refusalOf(bytes: Uint8Array): string {
  try {
    return `${read(bytes).length} members`;
  } catch (error) {
    if (error instanceof ArchiveRefusal) return error.reason;
    throw error;
  }
}

const MEMBERS: readonly RawZipMember[] = [
  { name: "b.nes", content: "abc" },
  { name: "a.nes", content: "de", method: 0 },
];

describe("readZipDirectory", () => {
  const FORMS: readonly (readonly [what: string, options: RawZipOptions])[] = [
    ["an ordinary zip", {}],
    ["a zip64", { isZip64: true }],
    ["a zip with a comment", { comment: "PK\x05\x06 is a mark that a comment may hold" }],
    ["a zip behind a program", { prefix: new Uint8Array(5000).fill(0x90) }],
    ["a zip64 behind a program", { prefix: new Uint8Array(5000).fill(0x90), isZip64: true }],
  ];
  test.each(FORMS)("lists the members of %s in their order", (_, options) => {
    const shift = options.prefix?.length ?? 0;
    const members = read(createRawZip(MEMBERS, options));
    expect(members.map(({ name, sizeBytes, method }) => [name, sizeBytes, method])).toEqual([
      ["b.nes", 3, 8],
      ["a.nes", 2, 0],
    ]);
    expect(members[0]).toMatchObject({
      crc32: 0x352441c2,
      offset: shift,
      isRegular: true,
      isEncrypted: false,
    });
  });

  test("tells folders, links and encrypted members", () => {
    const members = read(
      createRawZip([
        { name: "folder/" },
        { name: "link", attributes: 0o120_777 << 16 },
        { name: "file", attributes: 0o100_644 << 16 },
        { name: "locked", flags: 1 },
        { name: "from a pipe", attributes: 0o010_600 << 16 },
      ]),
    );
    expect(members.map(({ isRegular }) => isRegular)).toEqual([false, false, true, true, true]);
    expect(members.map(({ isEncrypted }) => isEncrypted)).toEqual([false, false, false, true, false]);
  });

  test.each([false, true])("never reads outside, wherever it breaks off (zip64: %p)", (isZip64) => {
    const whole = createRawZip(MEMBERS, { isZip64 });
    for (let length = 0; length < whole.length; length += 1) {
      expect(refusalOf(whole.subarray(0, length))).toBe("damaged");
    }
    expect(refusalOf(whole)).toBe("2 members");
  });

  const END_FIELDS = [
    ["first disk", 4, 2, 1, "unsupported"],
    ["count", 10, 2, 3, "damaged"],
    ["size", 12, 4, 0x7fff_ffff, "damaged"],
    ["offset", 16, 4, 0x7fff_ffff, "damaged"],
  ] as const;
  test.each(END_FIELDS)("refuses a wrong %s at the end", (_, at, width, value, reason) => {
    const bytes = Buffer.from(createRawZip(MEMBERS));
    bytes.writeUIntLE(value, bytes.length - 22 + at, width);
    expect(refusalOf(bytes)).toBe(reason);
  });

  test("refuses more bytes than numbers hold exactly", () => {
    const bytes = Buffer.from(createRawZip(MEMBERS, { isZip64: true }));
    const field = bytes.indexOf(Buffer.from([1, 0, 24, 0])) + 4;
    bytes.writeBigUInt64LE(2n ** 60n, field);
    expect(refusalOf(bytes)).toBe("damaged");
  });
});

describe("decodeZipName", () => {
  test.each([
    ["plain.nes", "plain.nes", false],
    ["Pok\u00e9mon.gb", "Pokémon.gb", true],
    ["Pok\u00e9mon.gb", "Pokémon.gb", false],
  ])("reads %s", (written, expected, isUtf8) => {
    expect(decodeZipName(Buffer.from(written), isUtf8)).toBe(expected);
  });

  test("reads what is no UTF-8 as code page 437", () => {
    expect(decodeZipName(Uint8Array.from([0x50, 0x82, 0xe1, 0xff]), false)).toBe("Péß\u00a0");
  });

  test("has a character for every byte", () => {
    const names = Array.from({ length: 256 }, (_, byte) =>
      decodeZipName(Uint8Array.from([0xff, byte]), false),
    );
    expect(new Set(names).size).toBe(256);
    expect(names.every((name) => name.length === 2)).toBe(true);
  });
});
