import { describe, expect, test } from "bun:test";
import type { PlannedAction } from "@multitap/server/contract/sync/plans";
import { makeRemote } from "../testing/sync-fixtures.ts";
import { emptyMemory, type Lane } from "./memory.ts";
import { nameVersion } from "./naming.ts";
import { type HashedSave, reconcile, type Scene, type Step, toEntries } from "./reconcile.ts";

const AT = "2026-01-01T00:00:00.000Z";
const LATER = "2026-01-02T00:00:00.000Z";

function localOf(key: string, changes: Partial<HashedSave> = {}): HashedSave {
  const entries = [{ path: "game.srm", sizeBytes: 3, modifiedAt: AT }];
  const save = { key, rom: 1, kind: "save", slot: "main", entries } as const;
  return { save, hash: `hash of ${key}`, sizeBytes: 3, modifiedAtMs: Date.parse(AT), ...changes };
}

const laneOfKey = (changes: Partial<Lane>): Lane => ({
  romId: 1,
  kind: "save",
  slot: "main",
  name: "game.srm",
  isBundle: false,
  versionId: 1,
  remoteHash: "remote hash",
  localHash: "hash of k",
  updatedAt: AT,
  ...changes,
});

const remote = makeRemote({ id: 1, updatedAt: AT });
const other = makeRemote({ id: 2, name: "game.zip", isBundle: true, updatedAt: LATER });

function planOf(action: PlannedAction["action"], changes: Partial<PlannedAction> = {}): PlannedAction {
  return { key: "k", action, reason: "because", romId: 1, remote, base: null, ...changes };
}
const absent = (version = other) => planOf("download", { key: null, remote: version });

interface Case {
  readonly planned: readonly PlannedAction[];
  readonly locals?: readonly HashedSave[];
  readonly lane?: Lane;
  readonly place?: string | null;
  readonly deletions?: "keep" | "trash";
}

function steps({
  planned,
  locals = [localOf("k")],
  lane,
  place = "k",
  deletions = "keep",
}: Case): readonly Step[] {
  const byKey = new Map(locals.map((local) => [local.save.key, local]));
  const memory = { ...emptyMemory(), lanes: lane === undefined ? {} : { k: lane } };
  const scene: Scene = {
    locals: byKey,
    sent: toEntries(byKey, memory),
    planned,
    memory,
    deletions,
    findPlace: () => place,
    describe: (served) => ({ ...remote, ...served }),
  };
  return reconcile(scene);
}

const show = (all: readonly Step[]) =>
  all.map(
    (step) =>
      `${step.kind} ${step.key}${"remote" in step && step.remote !== null ? ` ${step.remote.id}` : ""}`,
  );

describe("reconcile", () => {
  const table: [string, Case, readonly string[]][] = [
    ["an upload goes on top of what is there", { planned: [planOf("upload")] }, ["upload k 1"]],
    [
      "a save of no rom is left alone",
      { planned: [planOf("none", { romId: null, remote: null })] },
      ["none k"],
    ],
    ["what was removed on the server stays", { planned: [planOf("trash", { remote: null })] }, ["none k"]],
    ["or goes", { planned: [planOf("trash", { remote: null })], deletions: "trash" }, ["trash k"]],
    ["what is not here comes", { planned: [absent()], locals: [] }, ["download k 2"]],
    ["what is not wanted does not", { planned: [absent()], locals: [], place: null }, []],
    [
      "of two versions for one place the later comes",
      { planned: [absent(), absent(remote)], locals: [] },
      ["download k 2"],
    ],
    [
      "a later version of another name takes the place of what the server has already",
      {
        planned: [
          planOf("none", { remote: makeRemote({ contentHash: "hash of k", updatedAt: AT }) }),
          absent(),
        ],
      },
      ["download k 2"],
    ],
    [
      "an earlier one does not",
      {
        planned: [
          planOf("none", { remote: makeRemote({ contentHash: "hash of k", updatedAt: LATER }) }),
          absent(remote),
        ],
      },
      ["none k"],
    ],
    ["it stands against what changed here", { planned: [planOf("upload"), absent()] }, ["conflict k 2"]],
    [
      "and against what the server does not know",
      { planned: [planOf("none", { romId: null, remote: null }), absent()] },
      ["conflict k 2"],
    ],
    [
      "also where the device does not upload what changed",
      { planned: [planOf("none"), absent()], lane: laneOfKey({ localHash: "before" }) },
      ["conflict k 2"],
    ],
    [
      "but not against what did not change since the last sync",
      { planned: [planOf("none"), absent()], lane: laneOfKey({}) },
      ["download k 2"],
    ],
    [
      "of two planned downloads for one place the later comes",
      { planned: [planOf("download"), absent()] },
      ["download k 2"],
    ],
    [
      "of two files that are versions of one save the one written last takes part",
      {
        planned: [planOf("upload"), planOf("conflict", { key: "l" })],
        locals: [localOf("k"), localOf("l", { modifiedAtMs: Date.parse(LATER) })],
      },
      ["none k", "conflict l 1"],
    ],
  ];
  test.each(table)("%s", (_name, scene, expected) => {
    expect(show(steps(scene))).toEqual([...expected]);
  });
});

describe("toEntries", () => {
  test("says of what did not change here what the server says of it", () => {
    const locals = new Map([["k", localOf("k")]]);
    const memory = { ...emptyMemory(), lanes: { k: laneOfKey({ name: "theirs.srm" }) } };
    expect(toEntries(locals, memory).get("k")).toMatchObject({ name: "theirs.srm", hash: "remote hash" });
    const changed = new Map([["k", localOf("k", { hash: "other" })]]);
    expect(toEntries(changed, memory).get("k")).toMatchObject({ name: "theirs.srm", hash: "other" });
    expect(toEntries(locals, emptyMemory()).get("k")).toMatchObject({ name: "game.srm", hash: "hash of k" });
  });
});

describe("nameVersion", () => {
  const of = (...paths: readonly string[]) => ({
    entries: paths.map((path) => ({ path, sizeBytes: 1, modifiedAt: AT })),
  });
  test.each([
    ["one file", of("game.srm"), null, "game.srm", false],
    [
      "one file of a known lane",
      of("game.srm"),
      { name: "theirs.sav", isBundle: false },
      "theirs.sav",
      false,
    ],
    ["several files", of("game.srm", "game.rtc"), null, "game.zip", true],
    ["a folder", of("SLOT1/a.bin", "SLOT1/b.bin"), null, "SLOT1.zip", true],
    ["a folder with one file", of("SLOT1/a.bin"), null, "SLOT1.zip", true],
    ["files of no common name", of("a.bin", "b.bin"), null, "save.zip", true],
    [
      "what became several",
      of("game.srm", "game.rtc"),
      { name: "game.srm", isBundle: false },
      "game.zip",
      true,
    ],
    ["what became one again", of("game.srm"), { name: "game.zip", isBundle: true }, "game.zip", true],
  ] as const)("names %s", (_what, save, known, name, isBundle) => {
    expect(nameVersion(save, known)).toEqual({ name, isBundle });
  });
});
