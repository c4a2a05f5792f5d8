import { describe, expect, test } from "bun:test";
import type { PairResult, ServedRoute } from "./replay.ts";
import { report, type Tables } from "./report.ts";
import type { RunResult } from "./run.ts";
import { answerJson, recordJson, recordPair, recordRequest } from "./testing.ts";
import type { Finding } from "./types.ts";

const served: ServedRoute = { method: "GET", path: "/api/roms", isServed: true };
const absent: ServedRoute = { method: "GET", path: "/api/music", isServed: false };
const finding: Finding = { where: "g/1", what: "value", at: "total", ours: "1", theirs: "2" };
const row = { where: "g/1", what: "value", at: "total", ours: "1", theirs: "2" } as const;
const empty: Tables = { differences: [], notBuiltRoutes: [], leftOutRoutes: [], notBuiltValues: [] };
const musicRow = { method: "GET", path: "/api/music", area: "Library API" } as const;

const run = (findings: readonly Finding[], routes: readonly ServedRoute[] = [served]): RunResult => {
  const pair = recordPair(1, recordRequest("/api/roms"), recordJson([]));
  const result: PairResult = { pair, route: served, answer: answerJson([]), findings };
  return { routes, pairs: [result], findings, notes: [], unseen: [] };
};

function judgeRun(result: RunResult, tables: Partial<Tables> = {}, only: readonly string[] = []) {
  const options = { transcripts: [], only, isVerbose: false, tables: { ...empty, ...tables } };
  const { lines, failedCount } = report(result, options);
  return {
    group: lines[0],
    last: lines.at(-1),
    failed: lines.filter((line) => line.startsWith("FAILED")),
    failedCount,
  };
}

describe("report", () => {
  test("passes what is equal", () => {
    const { group, last, failedCount } = judgeRun(run([]));
    expect(group).toContain("1 equal, 0 deliberate");
    expect(last).toBe(
      "conformance: 1 routes served, 0 not built yet, 0 left out, 1 pairs equal, 0 deliberate differences, 0 failed",
    );
    expect(failedCount).toBe(0);
  });

  test("fails a difference without a row, and passes it with one", () => {
    expect(judgeRun(run([finding])).failed).toEqual(["FAILED g/1 value total: ours 1, theirs 2"]);
    const explained = judgeRun(run([finding]), { differences: [{ ...row, reason: "Ours is right." }] });
    expect([explained.failedCount, explained.group?.includes("1 deliberate")]).toEqual([0, true]);
    const waiting = judgeRun(run([finding]), { notBuiltValues: [{ ...row, area: "Sync" }] });
    expect([waiting.failedCount, waiting.group?.includes("1 waiting")]).toEqual([0, true]);
  });

  test("fails rows that are not so any more", () => {
    const tables = {
      differences: [{ ...row, reason: "Ours is right." }],
      notBuiltValues: [{ ...row, area: "Sync" as const }],
      notBuiltRoutes: [{ method: "GET", path: "/api/roms", area: "Sync" as const }],
    };
    expect(judgeRun(run([]), tables).failedCount).toBe(3);
  });

  test("fails a route that is absent without a row, and a row for a route that is none", () => {
    const both = [served, absent];
    expect(judgeRun(run([], both)).failed).toEqual([
      "FAILED GET /api/music is absent, and no row says that it is not built yet",
    ]);
    expect(judgeRun(run([], both), { notBuiltRoutes: [musicRow] }).failedCount).toBe(0);
    expect(judgeRun(run([], [served]), { notBuiltRoutes: [musicRow] }).failedCount).toBe(1);
    const leftOutRoutes = [{ ...musicRow, reason: "Nobody listens." }];
    expect(judgeRun(run([], both), { leftOutRoutes }).failedCount).toBe(0);
    expect(judgeRun(run([], [{ ...absent, isServed: true }]), { leftOutRoutes }).failedCount).toBe(1);
  });

  test("of some groups neither asks for other routes nor for the rows of others", () => {
    const tables = { differences: [{ ...row, where: "h/2", reason: "Ours is right." }] };
    expect(judgeRun(run([], [served, absent]), tables, ["g"]).failedCount).toBe(0);
    expect(judgeRun(run([], [served, absent]), tables, ["g", "h"]).failedCount).toBe(1);
  });
});
