import { describe, expect, test } from "bun:test";
import { type ErrorKind, MultitapError } from "../errors.ts";
import { beginFollow, type FollowEffect, type FollowEvent, stepFollow } from "./follow-step.ts";

const SETTINGS = { quietMs: 2_000, everyMs: 300_000 };
const ended = (kind: ErrorKind | null): FollowEvent => ({
  type: "ended",
  error: kind === null ? null : new MultitapError(kind, "TEST", { message: "test" }),
});
const changed = { type: "changed" } as const;
const timer = { type: "timer" } as const;

function show(effect: FollowEffect): string {
  if (effect.type === "timer") return `timer ${effect.delayMs}`;
  if (effect.type === "wait") return `wait ${effect.for}`;
  return effect.type === "fail" ? `fail ${effect.error.kind}` : "run";
}

/** Plays events that come a second apart. */
function play(events: readonly FollowEvent[]): readonly (readonly string[])[] {
  let [state, effects] = beginFollow(SETTINGS);
  const shown = [effects.map(show)];
  for (const [second, event] of events.entries()) {
    [state, effects] = stepFollow(state, event, second * 1_000);
    shown.push(effects.map(show));
  }
  return shown;
}

describe("stepFollow", () => {
  const table: [string, readonly FollowEvent[], readonly (readonly string[])[]][] = [
    [
      "runs, waits, and looks by the clock",
      [ended(null), timer],
      [["run"], ["wait change", "timer 300000"], ["run"]],
    ],
    [
      "runs once it is quiet",
      [ended(null), changed, changed, timer],
      [["run"], ["wait change", "timer 300000"], ["timer 2000"], ["timer 2000"], ["run"]],
    ],
    [
      "runs again for a change that came during a run",
      [changed, ended(null), timer],
      [["run"], [], ["timer 2000"], ["run"]],
    ],
    [
      "waits for a connection, longer each time, and runs when it is there",
      [ended("network"), timer, ended("network"), changed, { type: "online" }, ended(null)],
      [
        ["run"],
        ["wait connection", "timer 5000"],
        ["run"],
        ["wait connection", "timer 10000"],
        [],
        ["run"],
        ["wait change", "timer 300000"],
      ],
    ],
    [
      "waits for credentials",
      [ended("unauthenticated"), { type: "online" }, { type: "signed_in" }],
      [["run"], ["wait credentials", "timer 300000"], [], ["run"]],
    ],
    [
      "ends with what no waiting mends",
      [ended("forbidden"), changed, timer],
      [["run"], ["fail forbidden"], [], []],
    ],
  ];
  test.each(table)("%s", (_name, events, expected) => {
    expect(play(events)).toEqual(expected.map((each) => [...each]));
  });

  test("looks at what never stops changing", () => {
    const delays = play([ended(null), ...Array.from({ length: 12 }, () => changed)]).slice(2);
    expect(delays.at(-1)).toEqual(["timer 0"]);
    expect(delays.at(3)).toEqual(["timer 2000"]);
  });

  test("waits two minutes at most between two tries", () => {
    const tries = play(Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? ended("timeout") : timer)));
    expect(tries.at(-2)).toEqual(["wait connection", "timer 120000"]);
  });
});
