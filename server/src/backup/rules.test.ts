import { describe, expect, test } from "bun:test";
import type { Manifest } from "./contract.ts";
import {
  chooseExpiredNightly,
  chooseExpiredUpgrades,
  countLines,
  findReason,
  formatListLine,
  formatManifest,
  isPartialBackup,
  parseListLine,
  parseManifest,
  toBackupName,
} from "./rules.ts";

const AT = new Date("2026-03-04T05:06:07.890Z");
const SHA256 = "0123456789abcdef".repeat(4);

describe("names of backups", () => {
  test.each([
    ["manual", "manual-20260304T050607Z"],
    ["nightly", "nightly-20260304T050607Z"],
    [{ from: 13, to: 15 }, "pre-13-15-20260304T050607Z"],
  ] as const)("of %p", (reason, name) => {
    expect(toBackupName(reason, AT, new Set())).toBe(name);
    expect(findReason(name)).toBe(typeof reason === "string" ? reason : "upgrade");
    expect(toBackupName(reason, AT, new Set([name]))).toBe(`${name}-2`);
    expect(toBackupName(reason, AT, new Set([`${name}.partial`]))).toBe(`${name}-2`);
    expect(isPartialBackup(`${name}.partial`)).toBe(true);
  });

  test.each(["", "mine", "nightly", "manual-2026", "nightly-20260304T050607Z.partial", "mine.partial"])(
    "%p is none",
    (name) => {
      expect(findReason(name)).toBeNull();
    },
  );
});

describe("chooseExpiredNightly", () => {
  const names = ["nightly-20260102T030000Z", "nightly-20260101T030000Z", "nightly-20260101T030000Z-2"];
  test("takes the oldest, and no other kind", () => {
    const all = [...names, "manual-20200101T000000Z", "pre-1-2-20200101T000000Z", "mine"];
    expect(chooseExpiredNightly(all, 1)).toEqual(["nightly-20260101T030000Z", "nightly-20260101T030000Z-2"]);
    expect(chooseExpiredNightly(all, 3)).toEqual([]);
    expect(chooseExpiredNightly([], 3)).toEqual([]);
  });
});

test("chooseExpiredUpgrades keeps all of the newest three versions", () => {
  const nameOf = (from: number, day: number) =>
    `pre-${from}-${from + 1}-202601${String(day).padStart(2, "0")}T000000Z`;
  const names = [nameOf(9, 1), nameOf(10, 2), nameOf(11, 3), nameOf(12, 4), nameOf(12, 5), "mine"];
  expect(chooseExpiredUpgrades(names)).toEqual([nameOf(9, 1)]);
  expect(chooseExpiredUpgrades(names.slice(1))).toEqual([]);
});

describe("the list of files", () => {
  test.each(["a/b", "with  two spaces", "back\\slash", "line\nend", "return\rend", "\\n", "é 🎮"])(
    "gives %p back",
    (path) => {
      const line = formatListLine({ path, sha256: SHA256 });
      expect(line.split("\n")).toHaveLength(2);
      expect(parseListLine(line.slice(0, -1))).toEqual({ path, sha256: SHA256 });
    },
  );

  test("writes what sha256sum writes", () => {
    expect(formatListLine({ path: "a\\b", sha256: SHA256 })).toBe(`\\${SHA256}  a\\\\b\n`);
    expect(formatListLine({ path: "a", sha256: SHA256 })).toBe(`${SHA256}  a\n`);
  });

  test.each([
    "",
    SHA256,
    `${SHA256} a`,
    `${SHA256.slice(1)}  a`,
    `${SHA256}  /etc/passwd`,
    `${SHA256}  a/../../b`,
    `${SHA256}  a//b`,
    `${SHA256}  .`,
    `\\${SHA256}  a/\\n/../b`,
  ])("refuses %p", (line) => {
    expect(() => parseListLine(line)).toThrow("damaged");
  });
});

describe("a manifest", () => {
  const part = { fileCount: 1, sizeBytes: 2 };
  const manifest: Manifest = {
    kind: "multitap-backup",
    format: 1,
    appVersion: "1.0.0",
    createdAt: AT.toISOString(),
    reason: "manual",
    database: { serverVersion: "18.4", level: 0, history: [], tables: [], sequences: [] },
    parts: {
      database: part,
      config: part,
      secrets: { ...part, isEncrypted: false },
      assets: { ...part, missingCount: 0 },
      resources: null,
    },
    filesSha256: SHA256,
    sha256: "",
  };
  const text = formatManifest(manifest);

  test("is read as it was written", () => {
    expect({ ...parseManifest(text), sha256: "" }).toEqual(manifest);
  });

  test("is refused with any one letter changed, or cut off anywhere", () => {
    for (let at = 0; at < text.length; at += 7) {
      const changed = `${text.slice(0, at)}${text[at] === "0" ? "1" : "0"}${text.slice(at + 1)}`;
      expect(() => parseManifest(changed)).toThrow(/damaged|format/);
      expect(() => parseManifest(text.slice(0, at))).toThrow("damaged");
    }
  });
});

test("countLines counts ends of lines", () => {
  expect([
    countLines(Buffer.from("")),
    countLines(Buffer.from("a")),
    countLines(Buffer.from("a\n\nb\n")),
  ]).toEqual([0, 0, 3]);
});
