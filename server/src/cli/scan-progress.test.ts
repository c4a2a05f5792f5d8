import { describe, expect, test } from "bun:test";
import {
  createProgressView,
  formatBar,
  formatBytes,
  formatDuration,
  formatStep,
  formatSummary,
  type ShownStep,
} from "./scan-progress.ts";
import { createTerminal } from "./terminal.ts";

const STEP: ShownStep = {
  status: "running",
  phase: "discovering",
  platformFsSlug: "gb",
  platformsTotal: 4,
  platformsDone: 1,
  romsTotal: 1500,
  romsDone: 1500,
  romsNew: 1200,
  romsMissing: 3,
  filesHashed: 600,
  bytesHashed: 3 * 1024 * 1024,
  problems: 0,
};

describe("formatStep", () => {
  test.each([
    [{ phase: "queued" }, "waiting for its turn"],
    [{}, "looking gb: platform 1 of 4, 1,500 games, 1,200 new"],
    [{ romsTotal: 1, problems: 1 }, "looking gb: platform 1 of 4, 1 game, 1,200 new, 1 problem"],
    [{ phase: "hashing" }, "hashing gb: 600 files, 3 MB"],
    [{ phase: "finishing", problems: 12 }, "finishing, 12 problems"],
    [{ phase: "ended", status: "cancelled" }, "cancelled"],
  ] as [Partial<ShownStep>, string][])("of %j is %p", (change, expected) => {
    expect(formatStep({ ...STEP, ...change })).toBe(expected);
  });
});

describe("formatBar", () => {
  test.each([
    [{}, "[#####---------------]"],
    [{ platformsTotal: 0, platformsDone: 0 }, "[--------------------]"],
    [{ phase: "hashing" }, "[##########----------]"],
    [{ phase: "hashing", romsNew: 0 }, "[####################]"],
    [{ phase: "hashing", romsNew: 0, filesHashed: 0 }, "[--------------------]"],
    [{ phase: "finishing" }, "[####################]"],
  ] as [Partial<ShownStep>, string][])("of %j begins with %p", (change, expected) => {
    expect(formatBar({ ...STEP, ...change }, 200)).toStartWith(`${expected} `);
  });
  test("fits into one line of the terminal", () => {
    expect(formatBar(STEP, 30)).toHaveLength(29);
    expect(formatBar(STEP, 0)).toHaveLength(1);
  });
});

test.each([
  [0, "0 bytes"],
  [1023, "1,023 bytes"],
  [1536, "1.5 KB"],
  [10 * 1024 * 1024, "10 MB"],
  [7.25 * 1024 ** 3, "7.3 GB"],
  [5000 * 1024 ** 4, "5,000 TB"],
])("formatBytes of %p is %p", (sizeBytes, expected) => {
  expect(formatBytes(sizeBytes)).toBe(expected);
});

test.each([
  [0, "0.0 s"],
  [9_940, "9.9 s"],
  [31_400, "31 s"],
  [185_000, "3 min 5 s"],
])("formatDuration of %p is %p", (durationMs, expected) => {
  expect(formatDuration(durationMs)).toBe(expected);
});

test("formatSummary tells what a scan did", () => {
  const done = { ...STEP, platformsDone: 1, romsNew: 0 };
  expect(formatSummary(done, 2_345)).toBe(
    "1 platform, 1,500 games, 0 new, 3 missing, 600 files hashed (3 MB) in 2.3 s",
  );
});

describe("createProgressView", () => {
  const open = (isTTY: boolean) => {
    const texts: string[] = [];
    const clock = { ms: 0 };
    const stderr = { write: (text: string) => texts.push(text), isTTY, columns: 200 };
    const terminal = createTerminal({ stdout: stderr, stderr });
    return { texts, clock, view: createProgressView(terminal, () => clock.ms) };
  };

  test("writes a line per phase and every five seconds where nobody looks", () => {
    const { texts, clock, view } = open(false);
    for (const ms of [0, 1_000, 4_999, 5_000, 5_001]) {
      clock.ms = ms;
      view.show({ ...STEP, romsNew: ms });
    }
    view.show({ ...STEP, phase: "hashing" });
    view.show({ ...STEP, phase: "ended" });
    view.end();
    expect(texts).toEqual([
      "looking gb: platform 1 of 4, 1,500 games, 0 new\n",
      "looking gb: platform 1 of 4, 1,500 games, 5,000 new\n",
      "hashing gb: 600 files, 3 MB\n",
    ]);
  });

  test("draws over its own line on a terminal, ten times a second, and leaves nothing behind", () => {
    const { texts, clock, view } = open(true);
    for (const ms of [0, 50, 100]) {
      clock.ms = ms;
      view.show({ ...STEP, romsNew: ms });
    }
    view.end();
    expect(texts.filter((text) => text.startsWith("["))).toHaveLength(2);
    expect(texts.join("")).not.toContain("\n");
    expect(texts.at(-1)).toBe("\r\u001b[2K");
  });
});
