import { describe, expect, test } from "bun:test";
import { type ErrorKind, MultitapError } from "@multitap/client";
import { describeProblem } from "./problems.ts";

const KINDS: readonly ErrorKind[] = [
  "invalid",
  "unauthenticated",
  "forbidden",
  "not_found",
  "conflict",
  "too_large",
  "unsupported",
  "rate_limited",
  "upstream",
  "unavailable",
  "storage_full",
  "internal",
  "network",
  "timeout",
  "protocol",
  "incompatible",
  "storage",
];

describe("describeProblem", () => {
  test.each(KINDS.map((kind) => [kind]))("says of %p in sentences what happened and what to do", (kind) => {
    const problem = describeProblem(new MultitapError(kind, "X_Y", { message: "Rom with id '4' not found" }));
    expect(problem?.text).toMatch(/[.!?]$/);
    expect(problem?.advice).toMatch(/[.!?]$/);
    expect(problem?.text).not.toContain("X_Y");
  });

  test("tells the server's own words where they say more", () => {
    const error = new MultitapError("invalid", "USER_NAME_INVALID", {
      message: "Names have three characters",
    });
    expect(describeProblem(error)?.text).toBe("Names have three characters.");
  });

  test("has words of its own for a save that came in between", () => {
    const error = new MultitapError("conflict", "SAVES_SLOT_NEWER", { message: "Slot has a newer save" });
    expect(describeProblem(error)?.text).toStartWith("Another device stored");
  });

  test("says how long to wait, and which request to look for", () => {
    const slow = new MultitapError("rate_limited", "X", { message: "", retryAfterMs: 41_500 });
    expect(describeProblem(slow)?.advice).toBe("Try again in 42 seconds.");
    const bug = new MultitapError("internal", "INTERNAL", { message: "", requestId: "ab12" });
    expect(describeProblem(bug)?.advice).toContain("ab12");
  });

  test("says nothing of what was given up, and owns up to mistakes of the page", () => {
    expect(describeProblem(new MultitapError("aborted", "ABORTED", { message: "" }))).toBeNull();
    expect(describeProblem(new TypeError("x is not a function"))?.text).toContain("x is not a function");
  });
});
