import { describe, expect, test } from "bun:test";
import { type ErrorKind, MultitapError } from "../errors.ts";
import { makeRemote } from "../testing/sync-fixtures.ts";
import type { HashedSave, Step, Task } from "./reconcile.ts";
import { beginRun, type RunEffect, type RunEvent, type RunState, stepRun } from "./run-step.ts";
import type { ConflictChoice } from "./types.ts";

const NOW = Date.UTC(2026, 0, 1);
const SETTINGS = { concurrency: 2, direction: "both", approved: null } as const;

const localOf = (key: string): HashedSave => ({
  save: {
    key,
    rom: 1,
    kind: "save",
    slot: "main",
    entries: [{ path: `${key}.srm`, sizeBytes: 3, modifiedAt: "2026-01-01T00:00:00.000Z" }],
  },
  hash: `hash-${key}`,
  sizeBytes: 3,
  modifiedAtMs: NOW,
});

function uploadOf(key: string, remoteName: string | null = null): Task {
  const local = localOf(key);
  const remote = remoteName === null ? null : makeRemote({ name: remoteName });
  const version = { name: `${key}.srm`, isBundle: false };
  const action = { action: "upload", local: local.save, reason: "" } as const;
  return { kind: "upload", key, local, romId: 1, remote, version, action };
}

function downloadOf(key: string): Task {
  const remote = makeRemote({ id: 9 });
  return { kind: "download", key, local: null, remote, action: { action: "download", remote, reason: "" } };
}

function conflictOf(key: string): Task {
  const local = localOf(key);
  const remote = makeRemote({ id: 9 });
  const conflict = { local: local.save, remote, base: null };
  const version = { name: remote.name, isBundle: false };
  return { kind: "conflict", key, local, remote, version, action: { action: "conflict", conflict } };
}

const trashOf = (key: string): Task => ({
  kind: "trash",
  key,
  local: localOf(key),
  action: { action: "trash", local: localOf(key).save, reason: "" },
});

const planned = (steps: readonly Step[]): RunEvent => ({
  type: "planned",
  sessionId: 5,
  steps,
  failures: [],
});
const failed = (key: string, kind: ErrorKind): RunEvent => ({
  type: "failed",
  key,
  error: new MultitapError(kind, "TEST", { message: "test" }),
});
const stored = (key: string, conflictId: number | null = null): RunEvent => ({
  type: "uploaded",
  key,
  stored: { version: makeRemote({ id: 20 }), outcome: "created", conflictId },
});
const restored = (key: string): RunEvent => ({ type: "restored", key, version: makeRemote({ id: 21 }) });
const downloaded = (key: string): RunEvent => ({
  type: "downloaded",
  key,
  remote: makeRemote({ id: 21 }),
  localHash: "h",
});

/** What an effect is about, in one word or two. */
function show(effect: RunEffect): string {
  switch (effect.type) {
    case "tell":
      return `tell ${effect.event.type}`;
    case "plan":
      return `plan ${effect.keys === null ? "all" : effect.keys.join()}`;
    case "upload":
      return `upload ${effect.key}${effect.isForced ? " forced" : ""}`;
    case "settle":
      return `settle ${effect.resolution}`;
    case "break":
      return `break ${effect.error.kind}`;
    case "restore":
      return `restore ${effect.versionId}`;
    case "close":
    case "end":
      return effect.type;
    case "acknowledge":
      return `acknowledge ${effect.version.id}`;
    default:
      return `${effect.type} ${effect.key}`;
  }
}

/** Plays a run; gives the effects after each event. */
function play(
  events: readonly RunEvent[],
  settings: RunState["settings"] = SETTINGS,
): { readonly shown: readonly (readonly string[])[]; readonly state: RunState } {
  let [state, effects] = beginRun(settings, NOW);
  const shown = [effects.map(show)];
  for (const event of events) {
    [state, effects] = stepRun(state, event, NOW + 1_000);
    shown.push(effects.map(show));
  }
  return { shown, state };
}

const chosen = (key: string, choice: ConflictChoice): RunEvent => ({ type: "chosen", key, choice });

describe("stepRun", () => {
  const table: [string, readonly RunEvent[], readonly (readonly string[])[]][] = [
    [
      "plans, and closes at once where nothing is to do",
      [planned([]), { type: "closed" }],
      [["plan all"], ["close"], ["tell completed", "end"]],
    ],
    [
      "lets two move at once, and the third when one is done",
      [planned(["a", "b", "c"].map((key) => uploadOf(key))), stored("b")],
      [["plan all"], ["upload a", "upload b"], ["learn b", "tell done", "upload c"]],
    ],
    [
      "acknowledges what was downloaded",
      [planned([downloadOf("a")]), downloaded("a")],
      [["plan all"], ["download a"], ["acknowledge 21", "learn a", "tell done", "close"]],
    ],
    [
      "forgets what was trashed",
      [planned([trashOf("a")]), { type: "trashed", key: "a" }],
      [["plan all"], ["trash a"], ["learn a", "tell done", "close"]],
    ],
    [
      "asks last",
      [planned([conflictOf("q"), uploadOf("a"), uploadOf("b")]), stored("a")],
      [["plan all"], ["upload a", "upload b"], ["learn a", "tell done", "choose q"]],
    ],
    [
      "keeps both",
      [planned([conflictOf("a")]), chosen("a", "keep_both"), stored("a", 3), { type: "settled", key: "a" }],
      [
        ["plan all"],
        ["choose a"],
        ["tell conflict", "upload a forced"],
        ["learn a", "settle keep_both"],
        ["tell done", "close"],
      ],
    ],
    [
      "lets the server win, on top of the device's version, after the decision was put down",
      [
        planned([conflictOf("a")]),
        chosen("a", "server_wins"),
        stored("a", 3),
        { type: "noted", key: "a" },
        restored("a"),
        downloaded("a"),
        { type: "settled", key: "a" },
      ],
      [
        ["plan all"],
        ["choose a"],
        ["tell conflict", "upload a forced"],
        ["learn a", "note a"],
        ["restore 9"],
        ["download a"],
        ["acknowledge 21", "learn a", "settle server_wins"],
        ["tell done", "close"],
      ],
    ],
    [
      "skips",
      [planned([conflictOf("a")]), chosen("a", "skip")],
      [["plan all"], ["choose a"], ["tell conflict", "tell done", "close"]],
    ],
    [
      "plans anew what is stale, once everything else is done",
      [
        planned([uploadOf("a"), uploadOf("b")]),
        failed("a", "conflict"),
        stored("b"),
        planned([downloadOf("a")]),
      ],
      [["plan all"], ["upload a", "upload b"], [], ["learn b", "tell done", "plan a"], ["download a"]],
    ],
    [
      "gives up on what is stale for the third time",
      [
        planned([uploadOf("a")]),
        failed("a", "conflict"),
        planned([uploadOf("a")]),
        failed("a", "not_found"),
        planned([uploadOf("a")]),
        failed("a", "conflict"),
      ],
      [
        ["plan all"],
        ["upload a"],
        ["plan a"],
        ["upload a"],
        ["plan a"],
        ["upload a"],
        ["tell failed", "close"],
      ],
    ],
    [
      "puts an archive on top of an older one only after planning anew",
      [
        planned([uploadOf("a", "single.srm")]),
        failed("a", "conflict"),
        planned([uploadOf("a", "single.srm")]),
      ],
      [["plan all"], ["upload a"], ["plan a"], ["upload a forced"]],
    ],
    [
      "goes on after a failure of one",
      [planned([uploadOf("a"), uploadOf("b")]), failed("a", "storage"), stored("b")],
      [["plan all"], ["upload a", "upload b"], ["tell failed"], ["learn b", "tell done", "close"]],
    ],
    [
      "begins nothing more after a failure of all, and waits for what is under way",
      [planned(["a", "b", "c"].map((key) => uploadOf(key))), failed("a", "network"), stored("b")],
      [["plan all"], ["upload a", "upload b"], [], ["learn b", "tell done", "break network"]],
    ],
    [
      "ends when it is told to, and hears nothing any more",
      [
        planned([uploadOf("a")]),
        { type: "broken", error: new MultitapError("aborted", "ABORTED", { message: "enough" }) },
        stored("a"),
        { type: "closed" },
      ],
      [["plan all"], ["upload a"], ["break aborted"], [], []],
    ],
  ];
  test.each(table)("%s", (_name, events, expected) => {
    expect(play(events).shown).toEqual(expected.map((each) => [...each]));
  });

  test.each([
    ["download", "keep_both", "skip"],
    ["download", "server_wins", "server_wins"],
    ["upload", "server_wins", "skip"],
    ["upload", "device_wins", "device_wins"],
  ] as const)("a device of direction %s told %s does %s", (direction, choice, expected) => {
    const { shown } = play([planned([conflictOf("a")]), chosen("a", choice)], { ...SETTINGS, direction });
    expect(shown.at(-1)?.includes("upload a forced")).toBe(expected !== "skip");
  });

  test("does only what was approved", () => {
    const settings = { ...SETTINGS, approved: new Set(["b"]) };
    expect(play([planned([uploadOf("a"), uploadOf("b")])], settings).shown.at(-1)).toEqual(["upload b"]);
  });

  test("counts everything once", () => {
    const none: Step = {
      kind: "none",
      key: "n",
      local: localOf("n"),
      same: null,
      action: { action: "none", key: "n", reason: "" },
    };
    const { state } = play([
      planned([none, uploadOf("a"), downloadOf("b"), trashOf("c"), uploadOf("d")]),
      stored("a"),
      downloaded("b"),
      { type: "trashed", key: "c" },
      failed("d", "too_large"),
      { type: "closed" },
    ]);
    const counts = { uploaded: 1, downloaded: 1, trashed: 1, conflicts: 0, failed: 1, unchanged: 1 };
    expect([state.phase, state.counts]).toEqual(["ended", counts]);
  });
});
