import { describe, expect, test } from "bun:test";
import { toPatchedName } from "./rules.ts";

const named = (
  romName: string,
  patchName: string,
  wishedName: string | null = null,
  memberName: string | null = null,
) => toPatchedName({ romName, patchName, wishedName, memberName });

describe("toPatchedName", () => {
  test.each([
    ["Star Pilot (USA).z64", "French v1.0.bps", "Star Pilot (USA) (patched-French v1.0).z64"],
    ["rom", "fix", "rom (patched-fix)"],
    [".hidden", "fix.ips", ".hidden (patched-fix)"],
    ["ポケモン.gba", "日本語.ups", "ポケモン (patched-日本語).gba"],
    ["rom.gba", "../../etc/passwd.ips", "rom (patched-passwd).gba"],
    ["rom.gba", "C:\\patches\\fix.ips", "rom (patched-fix).gba"],
    ["rom.gba", "a\r\nb\0.ips", "rom (patched-ab).gba"],
    ["rom.gba", "", "rom (patched-).gba"],
  ])("names %j patched by %j %j", (romName, patchName, expected) => {
    expect(named(romName, patchName)).toBe(expected);
  });

  test.each([
    ["My hack.sfc", "My hack.z64"],
    ["My hack", "My hack.z64"],
    ["v1.2 final.bin", "v1.2 final.z64"],
    ["/roms/My hack.sfc", "My hack.z64"],
    ["", "rom (patched-fix).z64"],
    ["..", "rom (patched-fix).z64"],
    ["a/..", "rom (patched-fix).z64"],
  ])("takes the wish %j with the rom's own extension", (wish, expected) => {
    expect(named("rom.z64", "fix.ips", wish)).toBe(expected);
  });

  test("takes the extension of what an archive holds", () => {
    expect(named("Game (USA).zip", "fix.ips", null, "game.gba")).toBe("Game (USA) (patched-fix).gba");
    expect(named("Game (USA).zip", "fix.ips", "Hack.zip", "game.gba")).toBe("Hack.gba");
  });

  test("keeps a name as short as file systems need it, and its extension", () => {
    const name = named(`${"ü".repeat(120)}.gba`, `${"x".repeat(200)}.ips`);
    expect([Buffer.byteLength(name), name.slice(-4)]).toEqual([255, ".gba"]);
    expect(Buffer.byteLength(named("rom.gba", "fix.ips", "日".repeat(300)))).toBeLessThanOrEqual(255);
  });
});
