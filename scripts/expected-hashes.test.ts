import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectedHashes } from "./expected-hashes.ts";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "multitap-expected-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const store = (name: string, content: string): string => {
  const path = join(folder, name);
  fs.writeFileSync(path, content);
  return path;
};

/** Known since the algorithms were published. */
const ABC = {
  md5: "900150983cd24fb0d6963f7d28e17f72",
  sha1: "a9993e364706816aba3e25717850c26c9cd0d89d",
  crc32: "352441c2",
};
const hasCrc32 = Bun.which("python3") !== null || Bun.which("perl") !== null;

describe("expectedHashes", () => {
  test("gives what the algorithms' authors say", async () => {
    const path = store("abc", "abc");
    const hashes = (await expectedHashes([path])).get(path);
    expect(hashes).toEqual({ ...ABC, crc32: hasCrc32 ? ABC.crc32 : null });
  });

  test("takes any name and keeps the paths apart", async () => {
    const names = ["-n", "two\nlines", "back\\slash", 'a "b" $c `d`', "*", "ポケモン", " lead and trail "];
    const paths = names.map((name, index) => store(name, `content ${index}`));
    const all = await expectedHashes(paths);
    expect([...all.keys()]).toEqual(paths);
    for (const path of paths) {
      expect((await expectedHashes([path])).get(path)).toEqual(all.get(path));
    }
    expect(new Set([...all.values()].map((hashes) => hashes.md5)).size).toBe(names.length);
  });

  test("gives the digests of the empty input for an empty file", async () => {
    const path = store("empty", "");
    const hashes = (await expectedHashes([path])).get(path);
    expect(hashes?.md5).toBe("d41d8cd98f00b204e9800998ecf8427e");
    expect(hashes?.crc32).toBe(hasCrc32 ? "00000000" : null);
  });

  test("goes through more names than one run of the tools takes", async () => {
    const paths = Array.from({ length: 1003 }, (_, index) => store(`many-${index}`, `file ${index}`));
    const all = await expectedHashes(paths);
    const last = paths.at(-1) ?? "";
    expect(all.size).toBe(1003);
    expect((await expectedHashes([last])).get(last)).toEqual(all.get(last));
  });

  test("answers no names with nothing", async () => {
    expect(await expectedHashes([])).toEqual(new Map());
  });

  test("throws when a file is not there", async () => {
    await expect(expectedHashes([join(folder, "absent")])).rejects.toThrow("for 1 files");
  });
});
