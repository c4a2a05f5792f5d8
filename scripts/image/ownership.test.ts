import { afterAll, expect, test } from "bun:test";
import { lchownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { giveOwnFolders } from "./ownership.ts";

const OWNER = { uid: 54_321, gid: 54_322 };
const isRoot = process.geteuid?.() === 0;
if (!isRoot) console.warn("skipped: giving files away needs root");

const base = mkdtempSync(join(tmpdir(), "multitap-owners-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const ownerOf = (path: string) => lstatSync(join(base, path)).uid;

test.skipIf(!isRoot)("gives what is the server's, and neither the library nor what links point at", () => {
  for (const folder of ["library/roms", "assets/users/1", "secrets", "outside"]) {
    mkdirSync(join(base, folder), { recursive: true });
  }
  for (const file of ["library/roms/game", "assets/users/1/save", "outside/file"])
    writeFileSync(join(base, file), "");
  symlinkSync(join(base, "outside"), join(base, "assets/link"));
  expect(giveOwnFolders(base, OWNER)).toEqual([]);
  const given = [".", "assets", "assets/users/1/save", "assets/link", "secrets"];
  expect(given.map(ownerOf)).toEqual(given.map(() => OWNER.uid));
  const kept = ["library", "library/roms/game", "outside", "outside/file"];
  expect(kept.map(ownerOf)).toEqual(kept.map(() => 0));

  // Nothing is looked at below a folder that is that user's already.
  lchownSync(join(base, "assets/users/1/save"), 7, 7);
  expect(giveOwnFolders(base, OWNER)).toEqual([]);
  expect(ownerOf("assets/users/1/save")).toBe(7);

  // An interrupted run is one whose folder was not given yet.
  lchownSync(join(base, "assets"), 0, 0);
  expect(giveOwnFolders(base, OWNER)).toEqual([]);
  expect(["assets", "assets/users/1/save"].map(ownerOf)).toEqual([OWNER.uid, OWNER.uid]);
});

test("says nothing of a base folder that is not there yet", () => {
  expect(giveOwnFolders(join(base, "none"), OWNER)).toEqual([]);
});
