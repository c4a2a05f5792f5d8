import { describe, expect, test } from "bun:test";
import type { Baseline } from "../../assets/baselines/contract.ts";
import type { Version } from "../../assets/versions/contract.ts";
import type { NamedSave } from "./contract.ts";
import { decideFound, nameSaves, refuseName, refuseSize, toStem } from "./rules.ts";

const day = (number: number) => new Date(Date.UTC(2026, 0, number));

const version = (more: Partial<Version>): Version =>
  ({
    id: 1,
    slot: "main",
    canonicalName: "Game.srm",
    contentHash: "one",
    md5: "one",
    sha1: "1",
    isBundle: false,
    contentUpdatedAt: day(1),
    ...more,
  }) as Version;

const baseline = (more: Partial<Baseline>): Baseline => ({
  deviceId: "d",
  romId: 7,
  kind: "saves",
  slot: "main",
  canonicalName: "Game.srm",
  assetId: 1,
  contentHash: "one",
  md5: "one",
  sha1: "1",
  contentUpdatedAt: day(1),
  syncedAt: day(1),
  ...more,
});

const NOTHING_KNOWN = { baselines: [], untrackedIds: new Set<number>() };

describe("nameSaves", () => {
  test("takes the newest of all slots under one name, and what the device had last of any", () => {
    const heads = [version({ id: 1 }), version({ id: 2, slot: "other", contentUpdatedAt: day(2) })];
    const baselines = [
      baseline({ syncedAt: day(3) }),
      baseline({ slot: "other", assetId: 9, syncedAt: day(2) }),
    ];
    const named = nameSaves(heads, { baselines, untrackedIds: new Set() }).get("Game.srm");
    expect([named?.head?.id, named?.base?.versionId, named?.isUntracked]).toEqual([2, 1, false]);
  });

  test("leaves out what lies in no slot, folders and states", () => {
    const heads = [version({ slot: null }), version({ isBundle: true })];
    const baselines = [baseline({ slot: null }), baseline({ kind: "states" })];
    expect(nameSaves(heads, { baselines, untrackedIds: new Set() }).size).toBe(0);
  });

  test("knows what is untracked, and what is gone here", () => {
    const untracked = nameSaves([version({ id: 5 })], { baselines: [], untrackedIds: new Set([5]) });
    expect(untracked.get("Game.srm")?.isUntracked).toBe(true);
    const gone = nameSaves([], { ...NOTHING_KNOWN, baselines: [baseline({})] }).get("Game.srm");
    expect([gone?.head, gone?.base?.versionId]).toEqual([null, 1]);
  });
});

const known = (more: Partial<NamedSave>): NamedSave => ({
  name: "Game.srm",
  head: version({}),
  base: { versionId: 1, contentHash: "one", md5: "one", sha1: "1", updatedAt: day(1) },
  isUntracked: false,
  ...more,
});

describe("decideFound", () => {
  const newer = version({ id: 2, contentHash: "two", md5: "two", sha1: "2", contentUpdatedAt: day(2) });
  test.each<[string, string, Date, NamedSave | null, string]>([
    ["nothing is known", "x", day(1), null, "upload"],
    ["both are the same", "one", day(9), known({}), "no_op"],
    ["the device changed", "x", day(1), known({}), "upload"],
    ["the server changed", "one", day(9), known({ head: newer }), "download"],
    ["both changed", "x", day(9), known({ head: newer }), "conflict"],
    ["it is untracked", "x", day(9), known({ isUntracked: true }), "no_op"],
    ["it was removed here and not touched there", "one", day(9), known({ head: null }), "no_op"],
    ["it was removed here and played on there", "x", day(9), known({ head: null }), "upload"],
    ["they never met, and the device's is newer", "x", day(9), known({ base: null }), "upload"],
    ["they never met, and the server's is newer", "x", new Date(0), known({ base: null }), "conflict"],
  ])("when %s", (_when, hash, modifiedAt, saved, verdict) => {
    expect(decideFound({ hash, modifiedAt }, saved, "both").verdict).toBe(verdict as never);
  });

  test("leaves out what the device does not do", () => {
    const copy = { hash: "x", modifiedAt: day(1) };
    expect(decideFound(copy, null, "pull_only").verdict).toBe("no_op");
    expect(decideFound({ ...copy, hash: "one" }, known({ head: newer }), "push_only").verdict).toBe("no_op");
  });
});

test("stems end at the last dot", () => {
  expect(["Game.srm", "Game v1.2.srm", "Game", ".srm"].map(toStem)).toEqual([
    "Game",
    "Game v1.2",
    "Game",
    ".srm",
  ]);
});

test.each([
  "",
  ".",
  "..",
  "a/b",
  "a\\b",
  "a\0b",
  "a\nb",
  " a",
  "x".repeat(256),
  ".hidden",
  "a.state",
  "a.state.auto",
])("refuses the name %j", (name) => {
  expect(refuseName(name)).not.toBeNull();
});

test("refuses sizes outside of what is stored", () => {
  expect([0, 1, 100, 101].map((size) => refuseSize(size, 100) === null)).toEqual([false, true, true, false]);
  expect(refuseName("Game + Extra.srm")).toBeNull();
});
