import { describe, expect, test } from "bun:test";
import { readFileName } from "./content.ts";
import { isPacked } from "./packed.ts";

describe("readFileName", () => {
  test.each([
    [`attachment; filename="a b.sfc"`, "a b.sfc"],
    ["attachment; filename=plain.sfc", "plain.sfc"],
    [`attachment; filename*=UTF-8''Pok%C3%A9mon.gb; filename="Pok.gb"`, "Pokémon.gb"],
    [`attachment; filename="x"; filename*=utf-8''y`, "y"],
    [`attachment; filename*=UTF-8''%E0%A4%A`, "%E0%A4%A"],
    [`attachment; filename="../../etc/passwd"`, "passwd"],
    [`attachment; filename*=UTF-8''..%2F..%2Fx`, "x"],
    [`attachment; filename="C:\\roms\\a.sfc"`, "a.sfc"],
    [`attachment; filename=".."`, null],
    [`attachment; filename="a/"`, null],
    ["inline", null],
    ["", null],
  ])("of %p is %p", (header, name) => {
    const headers = new Headers(header === "" ? {} : { "content-disposition": header });
    expect(readFileName(headers)).toBe(name);
  });
});

describe("isPacked", () => {
  const bytes = (hex: string) => Uint8Array.fromHex(hex.padEnd(64, "0"));
  test.each([
    ["a.zip", "", true],
    ["a.TAR.GZ", "", true],
    ["a.sfc", "504b0304", true],
    ["a.bin", "377abcaf271c", true],
    ["a.bin", "1f8b08", true],
    ["a.bin", "526172211a0700", true],
    ["a.sfc", "504b0102", false],
    ["a.sfc", "", false],
  ])("of %p beginning with %p is %p", (name, hex, expected) => {
    expect(isPacked(name, bytes(hex))).toBe(expected);
  });

  test("knows a tar by its mark", () => {
    const head = new Uint8Array(512);
    head.set(new TextEncoder().encode("ustar"), 257);
    expect(isPacked("a.bin", head)).toBe(true);
    expect(isPacked("a.bin", head.subarray(0, 260))).toBe(false);
  });
});
