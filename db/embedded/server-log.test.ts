import { describe, expect, test } from "bun:test";
import type { DbLogEntry } from "../log.ts";
import { chooseLevel, createServerLogReader, parseServerLine } from "./server-log.ts";

describe("parseServerLine", () => {
  test("reads the prefix and the severity", () => {
    expect(parseServerLine("client backend|23505|ERROR:  duplicate key value")).toEqual({
      backend: "client backend",
      sqlState: "23505",
      severity: "ERROR",
      message: "duplicate key value",
    });
  });
  test.each([
    "FATAL:  lock file exists",
    "postgres: FATAL:  lock file exists",
    "2026-01-01 10:00:00.123 UTC [77] FATAL:  lock file exists",
  ])("reads a line from before the settings apply: %s", (line) => {
    expect(parseServerLine(line)).toEqual({
      backend: null,
      sqlState: null,
      severity: "FATAL",
      message: "lock file exists",
    });
  });
  test("keeps an unknown line whole", () => {
    expect(parseServerLine("\tcontinued | ERROR")).toMatchObject({
      severity: null,
      message: "continued | ERROR",
    });
  });
});

describe("chooseLevel", () => {
  test.each([
    ["postmaster|00000|LOG:  ready", "debug"],
    ["client backend|23505|ERROR:  duplicate key", "debug"],
    ["client backend|XX001|ERROR:  invalid page in block 7", "error"],
    ["client backend|53100|ERROR:  could not extend file", "error"],
    ["autovacuum worker|57014|ERROR:  canceling autovacuum task", "warn"],
    ["client backend|57P03|FATAL:  the database system is starting up", "debug"],
    ["client backend|57P01|FATAL:  terminating connection", "debug"],
    ["client backend|3D000|FATAL:  no such database", "error"],
    ["startup|XX000|PANIC:  could not locate a valid checkpoint", "error"],
    ["checkpointer|01000|WARNING:  something", "warn"],
    ["sh: cannot fork", "warn"],
  ] as const)("shows %p as %s", (line, level) => {
    expect(chooseLevel(parseServerLine(line))).toBe(level);
  });
});

describe("createServerLogReader", () => {
  test("joins chunks to lines, and gives explanations the level of their message", () => {
    const entries: DbLogEntry[] = [];
    const reader = createServerLogReader((entry) => entries.push(entry));
    const text =
      "postmaster|55000|FATAL:  cannot stärt\npostmaster|55000|DETAIL:  made by 17\n\tsecond line\npostmaster|00000|LOG:  bye\n";
    for (const byte of Buffer.from(text)) reader.push(Buffer.from([byte]));
    expect(entries.map(({ level, message }) => [level, message])).toEqual([
      ["error", "cannot stärt"],
      ["error", "DETAIL: made by 17"],
      ["error", "second line"],
      ["debug", "bye"],
    ]);
    expect(reader.summary()).toBe("cannot stärt DETAIL: made by 17 second line");
    expect(reader.sawDiskFull()).toBe(false);
  });
  test("keeps a bounded tail and cuts long lines", () => {
    const reader = createServerLogReader(() => undefined);
    for (let index = 0; index < 100; index++)
      reader.push(Buffer.from(`startup|XX000|PANIC:  line${index}\n`));
    expect(reader.summary()).toStartWith("line80 ");
    reader.push(Buffer.from(`startup|XX000|PANIC:  ${"x".repeat(1_000_000)}`));
    reader.push(Buffer.from("\n"));
    expect(reader.summary().length).toBeLessThan(5_000);
  });
  test("notices a full disk", () => {
    const reader = createServerLogReader(() => undefined);
    reader.push(Buffer.from("startup|53100|PANIC:  could not write: No space left on device\n"));
    expect(reader.sawDiskFull()).toBe(true);
  });
});
