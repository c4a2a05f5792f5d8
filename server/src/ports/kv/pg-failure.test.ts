import { describe, expect, test } from "bun:test";
import { AppError } from "../../base/errors.ts";
import { findErrorCode } from "../../base/outage.ts";
import { isFullFailure, toPgFailure } from "./pg-failure.ts";

const coded = (code: string) => Object.assign(new Error(code), { code });
const wrapped = (cause: unknown) => new Error("Failed query", { cause: new Error("deeper", { cause }) });

describe("toPgFailure", () => {
  test.each([
    ["53100", "STORAGE_FULL"],
    ["ENOSPC", "STORAGE_FULL"],
    ["CONNECTION_CLOSED", "KV_UNAVAILABLE"],
    ["ECONNREFUSED", "KV_UNAVAILABLE"],
    ["ENOENT", "KV_UNAVAILABLE"],
    ["57P01", "KV_UNAVAILABLE"],
    ["08006", "KV_UNAVAILABLE"],
  ])("names %s, also inside causes: %s", (code, expected) => {
    for (const thrown of [coded(code), wrapped(coded(code))]) {
      const failure = toPgFailure(thrown, "KV_UNAVAILABLE");
      expect(failure).toBeInstanceOf(AppError);
      expect(failure).toMatchObject({ code: expected, cause: thrown });
    }
  });

  test("leaves bugs and named failures as they are", () => {
    const named = new AppError("invalid", "KV_TEXT_INVALID", { message: "named" });
    for (const thrown of [
      coded("42P01"),
      wrapped(coded("23505")),
      new TypeError("bug"),
      "text",
      null,
      named,
    ]) {
      expect(toPgFailure(thrown, "QUEUE_UNAVAILABLE")).toBe(thrown);
    }
  });
});

test("findErrorCode ends on a chain of causes that bites its tail", () => {
  const snake: { cause?: unknown } = {};
  snake.cause = snake;
  expect(findErrorCode(snake)).toBeNull();
});

test.each<[string, unknown, boolean]>([
  [
    "an expected failure for want of room",
    new AppError("storage_full", "STORAGE_FULL", { message: "full" }),
    true,
  ],
  ["another expected failure", new AppError("unavailable", "FILES_BUSY", { message: "busy" }), false],
  ["PostgreSQL's code inside causes", wrapped(coded("53100")), true],
  ["a quota", coded("EDQUOT"), true],
  ["anything else", coded("EIO"), false],
])("isFullFailure judges %s", (_name, thrown, isFull) => {
  expect(isFullFailure(thrown)).toBe(isFull);
});
