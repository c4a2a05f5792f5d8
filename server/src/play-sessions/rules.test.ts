import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { cutToSeconds, PlaySessionEntrySchema } from "./contract.ts";
import { END_TOO_LATE, judgeEntries, latestEnds } from "./rules.ts";
import { fromPlaySessionEntryWire } from "./wire.ts";

const now = new Date("2026-02-01T12:00:00Z");
const entry = (given: object) => ({
  romId: 1,
  saveSlot: null,
  startedAt: "2026-02-01T10:00:00Z",
  endedAt: "2026-02-01T11:00:00Z",
  ...given,
});
const judge = (...entries: ReturnType<typeof entry>[]) =>
  judgeEntries(entries, { now, romIds: new Set([1, 2]) });

describe("judgeEntries", () => {
  test("stores whole seconds, and the span where no duration is told", () => {
    const { spans } = judge(
      entry({ startedAt: "2026-02-01T10:00:00.900Z", endedAt: "2026-02-01T10:00:02.1Z" }),
    );
    expect(spans).toEqual([
      {
        index: 0,
        romId: 1,
        saveSlot: null,
        startTime: new Date("2026-02-01T10:00:00Z"),
        endTime: new Date("2026-02-01T10:00:02Z"),
        durationMs: 1200,
      },
    ]);
    expect(judge(entry({ durationMs: 0 })).spans[0]?.durationMs).toBe(0);
  });

  test.each([
    ["at the limit", "2026-02-01T12:05:00.000Z", 0],
    ["beyond the limit", "2026-02-01T12:05:00.001Z", 1],
  ])("takes an end in the future %s", (_name, endedAt, errors) => {
    expect(judge(entry({ endedAt })).errors).toHaveLength(errors);
  });

  test("says why an end is refused", () => {
    const [error] = judge(entry({}), entry({ endedAt: "2027-01-01T00:00:00Z" })).errors;
    expect(error).toEqual({ index: 1, status: "error", id: null, detail: END_TOO_LATE });
  });

  test("takes roms that are not there for none, also where that makes spans the same", () => {
    const { spans, repeats } = judge(
      entry({ romId: 7 }),
      entry({ romId: 8 }),
      entry({ romId: null }),
      entry({}),
    );
    expect(spans.map(({ index, romId }) => [index, romId])).toEqual([
      [0, null],
      [3, 1],
    ]);
    expect(repeats.map(({ index }) => index)).toEqual([1, 2]);
  });

  test("takes starts within one second for the same", () => {
    expect(judge(entry({}), entry({ startedAt: "2026-02-01T10:00:00.999Z" })).repeats).toHaveLength(1);
    expect(judge(entry({}), entry({ startedAt: "2026-02-01T10:00:01Z" })).repeats).toHaveLength(0);
  });
});

test("latestEnds gives the latest end of each rom, and none for spans without one", () => {
  const { spans } = judge(
    entry({ endedAt: "2026-02-01T11:00:00Z" }),
    entry({ startedAt: "2026-01-01T10:00:00Z", endedAt: "2026-01-01T11:00:00Z" }),
    entry({ romId: 2 }),
    entry({ romId: null }),
  );
  expect(latestEnds(spans)).toEqual([
    { romId: 1, playedAt: new Date("2026-02-01T11:00:00Z") },
    { romId: 2, playedAt: new Date("2026-02-01T11:00:00Z") },
  ]);
});

test("cutToSeconds cuts towards the past, before 1970 too", () => {
  expect(cutToSeconds("2026-02-01T10:00:00.999Z")).toBe(Date.parse("2026-02-01T10:00:00Z"));
  expect(cutToSeconds("1969-12-31T23:59:59.500Z")).toBe(-1000);
});

describe("fromPlaySessionEntryWire", () => {
  const end = "2026-02-01T11:00:00Z";
  const moments: [unknown, string | null][] = [
    ["2026-02-01T10:00:00Z", "2026-02-01T10:00:00Z"],
    ["2026-02-01T10:00:00", "2026-02-01T10:00:00Z"],
    ["2026-02-01 10:00:00", "2026-02-01T10:00:00Z"],
    ["2026-02-01T10:00", "2026-02-01T10:00:00Z"],
    ["2026-02-01T10:00:00.123456", "2026-02-01T10:00:00.123Z"],
    ["2026-02-01T10:00:00.1234567+00:00", "2026-02-01T10:00:00.123+00:00"],
    ["2026-02-01T12:00:00+02:00", "2026-02-01T12:00:00+02:00"],
    ["yesterday", null],
    [5, null],
    [null, null],
  ];
  test.each(moments)("reads the moment %p", (start, expected) => {
    const parsed = v.safeParse(
      PlaySessionEntrySchema,
      fromPlaySessionEntryWire({ start_time: start, end_time: end }),
    );
    expect(parsed.success ? parsed.output.startedAt : null).toBe(expected);
  });

  test("reads both sets of names", () => {
    const documented = { rom_id: 1, start: "2026-02-01T10:00:00Z", end, duration_seconds: 1.5 };
    expect(fromPlaySessionEntryWire(documented)).toEqual({
      romId: 1,
      saveSlot: undefined,
      startedAt: "2026-02-01T10:00:00Z",
      endedAt: end,
      durationMs: 1500,
    });
    expect(fromPlaySessionEntryWire({ duration_ms: 7, duration_seconds: 1 })).toMatchObject({
      durationMs: 7,
    });
  });

  test.each([
    [0, null],
    [-1, null],
    [2 ** 31, null],
    [1.5, 1.5],
    ["1", "1"],
    [null, null],
  ] as const)("takes the rom %p for %p", (given, romId) => {
    expect(fromPlaySessionEntryWire({ rom_id: given })).toMatchObject({ romId } as object);
  });

  test.each([[null], [[]], ["text"]])("gives nothing for %p", (given) => {
    expect(fromPlaySessionEntryWire(given)).toBeNull();
  });
});
