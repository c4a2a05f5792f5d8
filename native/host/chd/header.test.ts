import { describe, expect, test } from "bun:test";
import { parseHeader } from "./header.ts";

/** A header with its fields set; numbers are written as 32 bits, big-endian. */
function header(version: number, fields: Readonly<Record<number, number | string>>): Uint8Array {
  const length = [124, 76, 80, 120, 108][version] ?? 124;
  const bytes = new Uint8Array(124);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("MComprHD"));
  view.setUint32(8, length);
  view.setUint32(12, version);
  for (const [at, value] of Object.entries(fields)) {
    if (typeof value === "string") bytes.set(new TextEncoder().encode(value), Number(at));
    else view.setUint32(Number(at), value);
  }
  return bytes.subarray(0, length);
}

/** Sound fields of each version: 16 hunks of 4096 bytes (version 1 and 2: of 8 sectors). */
const SOUND: Readonly<Record<number, Readonly<Record<number, number | string>>>> = {
  1: { 20: 1, 24: 8, 28: 16, 32: 4, 36: 4, 40: 8 },
  2: { 20: 1, 24: 8, 28: 16, 32: 4, 36: 4, 40: 8, 76: 512 },
  3: { 20: 1, 24: 16, 32: 65_536, 40: 500, 76: 4096 },
  4: { 20: 1, 24: 16, 32: 65_536, 40: 500, 44: 4096 },
  5: { 16: "lzma", 20: "zlib", 36: 65_536, 44: 200, 52: 500, 56: 4096, 60: 512 },
};
const versions = [1, 2, 3, 4, 5];

const codeOf = (bytes: Uint8Array): string => {
  try {
    parseHeader(bytes);
    return "sound";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("parseHeader", () => {
  test.each(versions)("reads version %d", (version) => {
    const parsed = parseHeader(header(version, SOUND[version] ?? {}));
    expect(parsed).toMatchObject({ version, hunkBytes: 4096, hunkCount: 16, logicalBytes: 65_536 });
    expect(parsed).toMatchObject({ hasParent: false, sha1: null, rawSha1: null, md5: null });
    expect(parsed.codecs.filter((name) => name !== "")).toEqual(version === 5 ? ["lzma", "zlib"] : ["zlib"]);
    expect(parsed.geometry).toBe(version < 3 ? "CYLS:4,HEADS:4,SECS:8,BPS:512" : null);
    expect(parsed.unitBytes).toBe(version < 3 || version === 5 ? 512 : null);
  });

  test.each(versions)("refuses version %d cut at every byte", (version) => {
    const bytes = header(version, SOUND[version] ?? {});
    for (let length = 0; length < bytes.length; length += 1) {
      expect(codeOf(bytes.subarray(0, length))).toBe("CHD_NOT_A_CHD");
    }
  });

  test.each([
    ["another tag", 5, { 0: "MComprHX" }, "CHD_NOT_A_CHD"],
    ["version 0", 0, {}, "CHD_UNSUPPORTED"],
    ["version 6", 6, {}, "CHD_UNSUPPORTED"],
    ["another length", 5, { 8: 108 }, "CHD_HEADER_INVALID"],
    ["a length of 4 GB", 3, { 8: 0xffffffff }, "CHD_HEADER_INVALID"],
    ["an unknown flag", 3, { 16: 4 }, "CHD_HEADER_INVALID"],
    ["a parent that is not named", 4, { 16: 1 }, "CHD_HEADER_INVALID"],
    ["laserdisc compression", 3, { 20: 3 }, "CHD_UNSUPPORTED"],
    ["unknown compression", 4, { 20: 77 }, "CHD_UNSUPPORTED"],
    ["no hunks", 3, { 24: 0 }, "CHD_HEADER_INVALID"],
    ["hunks of no bytes", 4, { 44: 0 }, "CHD_HEADER_INVALID"],
    ["hunks of 16 MiB", 4, { 44: 1 << 24 }, "CHD_HEADER_INVALID"],
    ["fewer hunks than the content needs", 3, { 24: 15 }, "CHD_HEADER_INVALID"],
    ["more content than 1 TiB", 3, { 28: 256 }, "CHD_TOO_LARGE"],
    ["more hunks than 1 TiB", 3, { 24: 0xffffffff }, "CHD_TOO_LARGE"],
    ["no cylinders", 1, { 32: 0 }, "CHD_HEADER_INVALID"],
    ["no heads", 2, { 36: 0 }, "CHD_HEADER_INVALID"],
    ["no sectors", 1, { 40: 0 }, "CHD_HEADER_INVALID"],
    ["sectors of no bytes", 2, { 76: 0 }, "CHD_HEADER_INVALID"],
    ["sectors of 4 GB", 2, { 76: 0xffffffff }, "CHD_HEADER_INVALID"],
    ["hunks of no sectors", 1, { 24: 0 }, "CHD_HEADER_INVALID"],
    ["hunks of no bytes", 5, { 56: 0 }, "CHD_HEADER_INVALID"],
    ["units of no bytes", 5, { 60: 0 }, "CHD_HEADER_INVALID"],
    ["hunks of 16 MiB", 5, { 56: 1 << 24 }, "CHD_TOO_LARGE"],
    ["content of 2^63 bytes", 5, { 32: 0x80000000 }, "CHD_TOO_LARGE"],
    ["an unknown codec", 5, { 20: "abcd" }, "CHD_UNSUPPORTED"],
    ["the laserdisc codec", 5, { 16: "avhu" }, "CHD_UNSUPPORTED"],
    ["a CD codec with hunks of no whole frames", 5, { 24: "cdzl" }, "CHD_HEADER_INVALID"],
  ] as const)("refuses %s (version %d)", (_, version, change, code) => {
    expect(codeOf(header(version, { ...SOUND[version], ...change }))).toBe(code);
  });

  test("takes a parent's digest as the sign of a parent in version 5", () => {
    const parsed = parseHeader(header(5, { ...SOUND[5], 104: 0x01020304 }));
    expect(parsed).toMatchObject({ hasParent: true, parentSha1: `01020304${"0".repeat(32)}` });
  });

  test("accepts content of no bytes in version 5", () => {
    expect(parseHeader(header(5, { ...SOUND[5], 36: 0 }))).toMatchObject({ hunkCount: 0, logicalBytes: 0 });
  });
});
