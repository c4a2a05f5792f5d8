import { describe, expect, test } from "bun:test";
import { judgeTestRun, parseTestCounts } from "./counts.ts";
import { needsDatabase, parseTestRequest, selectTestFiles, TestRequestError } from "./select.ts";

describe("parseTestRequest", () => {
  test.each([
    [["server/src/roms"], { paths: ["server/src/roms"], groups: [], flags: [] }],
    [["--only", "db,http"], { paths: [], groups: ["db", "http"], flags: [] }],
    [["--only=contract", "kv"], { paths: ["kv"], groups: ["contract"], flags: [] }],
    [["-t", "stale", "saves"], { paths: ["saves"], groups: [], flags: ["-t", "stale"] }],
    [["--bail", "--seed=4", "a"], { paths: ["a"], groups: [], flags: ["--bail", "--seed=4"] }],
  ])("reads %j", (args, expected) => {
    expect(parseTestRequest(args)).toEqual(expected as ReturnType<typeof parseTestRequest>);
  });

  test.each([[["--only", "all"]], [["--only"]], [["--only="]]])("refuses %j", (args) => {
    expect(() => parseTestRequest(args)).toThrow(TestRequestError);
  });
});

describe("selectTestFiles", () => {
  const files = [
    { path: "server/src/roms/rules.test.ts", text: "" },
    { path: "server/src/roms/queries.db.test.ts", text: "" },
    { path: "server/src/roms/rules.issue-12.test.ts", text: "" },
    { path: "server/src/saves/saves.http.test.ts", text: "" },
    { path: "server/src/ports/kv/redis.contract.db.test.ts", text: "" },
    { path: "server/src/ports/files/disk.test.ts", text: 'import { run } from "./contract.ts";' },
    { path: "server/src/roms/archive.test.ts", text: 'requireProgram("7zz")' },
    { path: "client-sdk/page.test.ts", text: "requireChromium() === null" },
  ];
  const namesOf = (args: string[]) =>
    selectTestFiles(files, parseTestRequest(args)).map((path) => path.split("/").at(-1) ?? "");

  test.each<[string[], string[]]>([
    [
      ["--only", "db"],
      ["redis.contract.db.test.ts", "queries.db.test.ts"],
    ],
    [["--only", "http"], ["saves.http.test.ts"]],
    [
      ["--only", "contract"],
      ["disk.test.ts", "redis.contract.db.test.ts"],
    ],
    [
      ["--only", "program"],
      ["page.test.ts", "archive.test.ts"],
    ],
    [
      ["--only", "unit"],
      ["page.test.ts", "disk.test.ts", "archive.test.ts", "rules.issue-12.test.ts", "rules.test.ts"],
    ],
    [
      ["--only", "http,program"],
      ["page.test.ts", "archive.test.ts", "saves.http.test.ts"],
    ],
    [["./server/src/saves"], ["saves.http.test.ts"]],
    [["roms", "--only", "db"], ["queries.db.test.ts"]],
    [["nowhere"], []],
  ])("answers %j with its files in order", (args, expected) => {
    expect(namesOf(args)).toEqual(expected);
  });

  test("takes every file without a wish", () => {
    expect(namesOf([])).toHaveLength(files.length);
  });

  test("asks for a database by the file's name alone", () => {
    expect(files.filter(({ path }) => needsDatabase(path)).map(({ path }) => path.split("/").at(-1))).toEqual(
      ["queries.db.test.ts", "saves.http.test.ts", "redis.contract.db.test.ts"],
    );
  });
});

describe("parseTestCounts", () => {
  const report = "(fail) a 12 pass\n\n 812 pass\n 3 skip\n 1 fail\n 2041 expect() calls\nRan 816 tests";

  test("reads the counts at the end of a report", () => {
    expect(parseTestCounts(report)).toEqual({ passed: 812, failed: 1, skipped: 3 });
  });

  test("answers null for a run that never reported", () => {
    expect(parseTestCounts("error: Cannot find module\n")).toBeNull();
  });

  test("counts a bad end without a failed test as one failure", () => {
    expect(judgeTestRun(" 5 pass\n 0 fail\n", 1)).toEqual({ passed: 5, failed: 1, skipped: 0 });
    expect(judgeTestRun("", 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(judgeTestRun(" 5 pass\n 0 fail\n", 0)).toEqual({ passed: 5, failed: 0, skipped: 0 });
    expect(judgeTestRun(" 5 pass\n 2 fail\n", 1)).toEqual({ passed: 5, failed: 2, skipped: 0 });
  });
});
