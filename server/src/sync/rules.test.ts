import { describe, expect, test } from "bun:test";
import { AppError } from "../base/errors.ts";
import {
  compare,
  decideAbsent,
  direct,
  isOutage,
  isStateName,
  readDirection,
  type ServerFile,
  type SyncedFile,
} from "./rules.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const content = (text: string) => ({ contentHash: `c-${text}`, md5: `m-${text}`, sha1: `s-${text}` });
const server = (text: string, seconds: number, versionId = 1): ServerFile => ({
  ...content(text),
  versionId,
  updatedAt: at(seconds),
});
const base: SyncedFile = { ...content("base"), versionId: 1, updatedAt: at(10) };
const device = (hash: string | null, seconds: number) => ({ hash, updatedAt: at(seconds) });

describe("compare", () => {
  test.each([
    ["equal content hashes", device("c-new", 1), server("new", 99), base, "no_op", "Content is identical"],
    [
      "an equal SHA-1 in upper case",
      device("S-NEW", 1),
      server("new", 99),
      null,
      "no_op",
      "Content is identical",
    ],
    ["nothing changed", device("c-base", 99), server("base", 10), base, "no_op", "Content is identical"],
    [
      "nothing changed, without hash",
      device(null, 10),
      server("base", 10),
      base,
      "no_op",
      "No changes since last sync",
    ],
    [
      "only the device changed",
      device("c-x", 1),
      server("base", 10),
      base,
      "upload",
      "Client save is newer than last sync",
    ],
    [
      "only the server changed",
      device("m-base", 99),
      server("new", 20, 2),
      base,
      "download",
      "Server save is newer than last sync",
    ],
    [
      "the same row got other bytes",
      device("c-base", 5),
      server("new", 20, 1),
      base,
      "download",
      "Server save is newer than last sync",
    ],
    [
      "another row with the bytes of the base",
      device("c-x", 1),
      server("base", 30, 7),
      base,
      "upload",
      "Client save is newer than last sync",
    ],
    [
      "both changed",
      device("c-x", 1),
      server("new", 20, 2),
      base,
      "conflict",
      "Both sides changed since last sync",
    ],
    [
      "both changed, without hash",
      device(null, 11),
      server("new", 20, 2),
      base,
      "conflict",
      "Both sides changed since last sync",
    ],
    [
      "no history, device newer",
      device("c-x", 30),
      server("new", 20),
      null,
      "upload",
      "Client save is newer (no sync history)",
    ],
    [
      "no history, server newer",
      device("c-x", 10),
      server("new", 20),
      null,
      "conflict",
      "Server save is newer (no sync history)",
    ],
    [
      "no history nor hash, server newer",
      device(null, 10),
      server("new", 20),
      null,
      "download",
      "Server save is newer (no sync history)",
    ],
    [
      "no history, same time",
      device("c-x", 20),
      server("new", 20),
      null,
      "conflict",
      "Same timestamp but different content",
    ],
    [
      "no history, same time, one hash",
      device(null, 20),
      server("new", 20),
      null,
      "conflict",
      "Same timestamp but different content",
    ],
  ] as const)("of %s", (_what, mine, theirs, common, verdict, reason) => {
    const decision = compare(mine, theirs, common);
    expect([decision.verdict, decision.reason]).toEqual([verdict, reason]);
  });

  test("takes two files without any hash at one time for the same", () => {
    const unhashed = { contentHash: null, md5: "", sha1: "", versionId: 1, updatedAt: at(1) };
    expect(compare(device(null, 1), unhashed, null).reason).toBe("Saves appear identical");
  });
});

describe("decideAbsent", () => {
  test.each([
    ["what it never had", server("new", 20), null, "Save exists on server but not on client"],
    [
      "what changed since",
      server("new", 20, 2),
      base,
      "Server save updated since last sync, not present on client",
    ],
    ["what it removed on purpose", server("base", 10), base, null],
    ["what it removed, uploaded again unchanged", server("base", 30, 9), base, null],
  ] as const)("of %s", (_what, theirs, common, reason) => {
    expect(decideAbsent(theirs, common)?.reason ?? null).toBe(reason);
  });
});

test("direct leaves out what a device does not do", () => {
  const upload = compare(device("c-x", 1), server("base", 10), base);
  expect(direct(upload, "pull_only").verdict).toBe("no_op");
  expect(direct(upload, "push_only").verdict).toBe("upload");
  expect(readDirection({ direction: "push_only" })).toBe("push_only");
  expect(readDirection(null)).toBe("both");
});

test.each([
  ["a database that is away", new Error("query", { cause: { code: "57P01" } }), true],
  ["a full disk", Object.assign(new Error("write"), { code: "ENOSPC" }), true],
  ["a store that is away", new AppError("unavailable", "DATABASE_AWAY", { message: "away" }), true],
  ["a device that is away", new AppError("upstream", "SYNC_SSH_UNREACHABLE", { message: "away" }), false],
  ["a bug", new TypeError("no function"), false],
])("isOutage of %s", (_what, error, expected) => {
  expect(isOutage(error)).toBe(expected);
});

test.each([
  ["Game.state", true],
  ["Game.state12", true],
  ["Game.state.auto", true],
  ["Game.srm", false],
  ["Game.state.png", false],
])("isStateName of %s", (name, expected) => {
  expect(isStateName(name)).toBe(expected);
});
