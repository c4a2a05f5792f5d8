import { describe, expect, test } from "bun:test";
import { MultitapError } from "../errors.ts";
import { createManualEnvironment } from "../testing/manual-environment.ts";
import { backoffCeiling, delayBeforeRetry, type RetryPolicy } from "./retry.ts";

function delay(
  attempts: number,
  options: { dice?: number; policy?: RetryPolicy | false; retryAfterMs?: number } = {},
) {
  const environment = createManualEnvironment();
  environment.dice = options.dice ?? 0.999;
  const { retryAfterMs } = options;
  const error = new MultitapError("unavailable", "BUSY", { message: "busy", retryAfterMs });
  return delayBeforeRetry(error, attempts, { policy: options.policy ?? {}, environment });
}

describe("delayBeforeRetry", () => {
  test("is anywhere between nothing and a ceiling that doubles", () => {
    const policy = { attemptsMax: 99 };
    expect([1, 2, 3, 4, 5, 6, 7].map((attempts) => delay(attempts, { policy }))).toEqual([
      249, 499, 999, 1998, 3996, 7992, 7992,
    ]);
    expect(delay(5, { policy, dice: 0 })).toBe(0);
  });

  test("is null after the last try", () => {
    expect(delay(3)).not.toBeNull();
    expect(delay(4)).toBeNull();
    expect(delay(1, { policy: { attemptsMax: 1 } })).toBeNull();
    expect(delay(1, { policy: false })).toBeNull();
  });

  test("is what the server asks for, within the caller's patience", () => {
    expect(delay(1, { retryAfterMs: 60_000 })).toBe(60_000);
    expect(delay(1, { retryAfterMs: 60_001 })).toBeNull();
    expect(delay(1, { retryAfterMs: 0 })).toBe(0);
    expect(delay(1, { retryAfterMs: 10, policy: { retryAfterMaxMs: 5 } })).toBeNull();
  });

  test("is null for what does not pass by waiting", () => {
    const environment = createManualEnvironment();
    for (const kind of ["invalid", "aborted", "internal", "protocol"] as const) {
      expect(
        delayBeforeRetry(new MultitapError(kind, "X", { message: "x" }), 1, { policy: {}, environment }),
      ).toBeNull();
    }
  });
});

test("backoffCeiling starts at the base and stops at the most", () => {
  expect([0, 1, 2, 3, 60].map((failures) => backoffCeiling(failures, 500, 30_000))).toEqual([
    500, 500, 1000, 2000, 30_000,
  ]);
});
