import { describe, expect, test } from "bun:test";
import {
  constraintName,
  DB_ERROR_CODES,
  DbError,
  describeCause,
  isUniqueViolation,
  sqlState,
} from "./errors.ts";

describe("DbError", () => {
  test("ends its line with the code and takes the exit code from the table", () => {
    const cause = new Error("inner");
    const error = new DbError("E_DATA_LOCKED", "data folder /x is in use.", { cause });
    expect(error.message).toBe("data folder /x is in use. (E_DATA_LOCKED)");
    expect(error).toMatchObject({ code: "E_DATA_LOCKED", exitCode: 1, cause });
    expect(new DbError("E_DB_CONNECT", "x", { exitCode: 78 }).exitCode).toBe(78);
  });
  test.each(Object.entries(DB_ERROR_CODES))(
    "%s has a meaning in one sentence",
    (_code, { meaning, exitCode }) => {
      expect(meaning).toMatch(/^[A-Z].*\.$/);
      expect([1, 78]).toContain(exitCode);
    },
  );
});

describe("sqlState", () => {
  const nest = (inner: unknown) => new Error("Failed query", { cause: inner });
  test.each([
    ["a driver's error", { code: "23505" }, "23505"],
    ["drizzle's error around it", nest({ code: "53100" }), "53100"],
    ["two errors around it", nest(nest({ code: "XX001" })), "XX001"],
    ["a state that begins with a zero", { code: "0A000" }, "0A000"],
    ["a state raised by a function", { code: "P0001" }, "P0001"],
    ["a system error of five letters", { code: "EPIPE" }, null],
    ["a system error with a digit", { code: "E2BIG" }, null],
    ["a network error", { code: "ECONNREFUSED" }, null],
    ["an error without a code", new Error("x"), null],
    ["null", null, null],
    ["a text", "23505", null],
  ])("of %s", (_name, error, expected) => {
    expect(sqlState(error)).toBe(expected);
  });
  test("ends on an error that is its own cause", () => {
    const error: { code: string; cause?: unknown } = { code: "nothing" };
    error.cause = error;
    expect(sqlState(error)).toBeNull();
  });
});

describe("isUniqueViolation", () => {
  test.each([
    ["a value that is taken", new Error("Failed query", { cause: { code: "23505" } }), true],
    ["a row that is missing elsewhere", { code: "23503" }, false],
    ["no error of the server", new Error("23505"), false],
  ])("of %s", (_name, error, expected) => {
    expect(isUniqueViolation(error)).toBe(expected);
  });
});

describe("constraintName", () => {
  test.each([
    ["a driver's error", { constraint_name: "a_key" }, "a_key"],
    ["an error around another driver's", new Error("x", { cause: { constraint: "b_key" } }), "b_key"],
    ["an empty name", { constraint_name: "" }, null],
    ["nothing", undefined, null],
  ])("of %s", (_name, error, expected) => {
    expect(constraintName(error)).toBe(expected);
  });
});

describe("describeCause", () => {
  test.each([
    ["an error with a code", Object.assign(new Error("no"), { code: "ENOSPC" }), "ENOSPC"],
    ["an error without", new Error("only text"), "only text"],
    ["a thrown text", "thrown text", "thrown text"],
  ])("of %s", (_name, error, expected) => {
    expect(describeCause(error)).toBe(expected);
  });
});
