import { describe, expect, test } from "bun:test";
import {
  abortedError,
  hasErrorCode,
  inCall,
  isMultitapError,
  MultitapError,
  toStorageError,
} from "./errors.ts";

describe("MultitapError", () => {
  test("is recognised by its mark, also when another copy of the package made it", () => {
    class Foreign extends Error {
      get [Symbol.for("multitap.client.error")]() {
        return true;
      }
      readonly kind = "network";
      readonly code = "NETWORK_FAILED";
    }
    expect(isMultitapError(new Foreign())).toBe(true);
    expect(isMultitapError(new Foreign(), "timeout", "network")).toBe(true);
    expect(isMultitapError(new Foreign(), "timeout")).toBe(false);
    expect(hasErrorCode(new Foreign(), "NETWORK_FAILED")).toBe(true);
    for (const other of [new Error("x"), null, undefined, "network", { kind: "network" }]) {
      expect(isMultitapError(other)).toBe(false);
      expect(hasErrorCode(other, "NETWORK_FAILED")).toBe(false);
    }
  });

  test("is transient exactly for what may pass by itself", () => {
    const kinds = ["network", "timeout", "rate_limited", "unavailable", "upstream"] as const;
    for (const kind of kinds) expect(new MultitapError(kind, "X", { message: "x" }).isTransient).toBe(true);
    const final = [
      "invalid",
      "forbidden",
      "aborted",
      "internal",
      "storage_full",
      "protocol",
      "storage",
    ] as const;
    for (const kind of final) expect(new MultitapError(kind, "X", { message: "x" }).isTransient).toBe(false);
  });

  test("of the kind rate_limited always tells how long to wait", () => {
    expect(new MultitapError("rate_limited", "X", { message: "x" }).retryAfterMs).toBe(1_000);
    expect(new MultitapError("rate_limited", "X", { message: "x", retryAfterMs: 5 }).retryAfterMs).toBe(5);
    expect(new MultitapError("network", "X", { message: "x" }).retryAfterMs).toBeNull();
  });

  test("keeps its cause as it is, unless that holds a secret", () => {
    const harmless = new TypeError("refused");
    expect(new MultitapError("network", "X", { message: "x", cause: harmless }).cause).toBe(harmless);
    const inner = new Error("sent Bearer abc.def-123");
    const outer = new TypeError("failed", { cause: inner });
    const { cause } = new MultitapError("network", "X", { message: "x", cause: outer });
    expect(cause).toMatchObject({
      name: "TypeError",
      message: "failed",
      cause: { message: "sent [secret]" },
    });
    expect(String((cause as Error).stack)).not.toContain("abc.def-123");
    expect(String(((cause as Error).cause as Error).stack)).not.toContain("abc.def-123");
  });

  test.each([
    ["rmm_0123456789abcdef0123456789abcdef", "[secret]"],
    ["token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2ln!", "token [secret]!"],
    ["Authorization: Basic YW5hOnBhc3M=", "Authorization: [secret]"],
    ["Rom with id '42' not found", "Rom with id '42' not found"],
  ])("shows %p as %p", (text, shown) => {
    expect(new MultitapError("internal", "X", { message: text }).message).toBe(shown);
  });
});

describe("abortedError", () => {
  test("has the name that generic code tests for, and the signal's reason", () => {
    const reason = { why: "left" };
    const error = abortedError(AbortSignal.abort(reason));
    expect(error.name).toBe("AbortError");
    expect(error.cause).toBe(reason);
  });

  test("passes on an abort of ours", () => {
    const first = new MultitapError("aborted", "CLIENT_CLOSED", { message: "closed" });
    expect(abortedError(AbortSignal.abort(first))).toBe(first);
  });
});

describe("inCall", () => {
  test("adds the call without losing anything", () => {
    const cause = new Error("why");
    const facts = { details: { a: 1 }, status: 503, requestId: "r", retryAfterMs: 9 };
    const error = inCall(
      new MultitapError("unavailable", "BUSY", { message: "busy", ...facts, cause }),
      "roms.list",
      3,
    );
    expect(error.toJSON()).toMatchObject({ ...facts, operation: "roms.list", attempts: 3 });
    expect(error.cause).toBe(cause);
  });
});

describe("toStorageError", () => {
  test("names what failed and keeps the cause", () => {
    const cause = new Error("ENOSPC");
    const error = toStorageError(cause, "Writing /a");
    expect([error.kind, error.message]).toEqual(["storage", "Writing /a failed: ENOSPC"]);
    expect(error.cause).toBe(cause);
    expect(toStorageError(error, "Anything")).toBe(error);
  });
});
