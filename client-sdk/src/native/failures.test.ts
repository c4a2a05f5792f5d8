import { describe, expect, test } from "bun:test";
import { NativeError, type NativeErrorCode } from "@multitap/native/errors";
import { MultitapError } from "../errors.ts";
import { failureOf } from "../testing/failure-of.ts";
import { guarded, loadPart, NATIVE_KINDS, toFailure } from "./failures.ts";

// Every key is a code: the table's type demands it.
const codes = Object.keys(NATIVE_KINDS) as NativeErrorCode[];

describe("guarded", () => {
  test.each(codes.map((code) => [code, NATIVE_KINDS[code]] as const))(
    "gives %s the kind %s",
    async (code, kind) => {
      const cause = new NativeError(code, "what happened");
      const failure = await failureOf(guarded(undefined, () => Promise.reject(cause)));
      expect([failure.code, failure.kind, failure.message]).toEqual([code, kind, "what happened"]);
      expect(failure.cause).toBe(cause);
      expect(failure.name).toBe(kind === "aborted" ? "AbortError" : "MultitapError");
    },
  );

  test("takes what nobody expects for a bug and keeps it as the cause", async () => {
    const cause = new RangeError("oops");
    const failure = await failureOf(guarded(undefined, () => Promise.reject(cause)));
    expect([failure.kind, failure.code, failure.cause]).toEqual(["internal", "NATIVE_INTERNAL", cause]);
  });

  test("lets errors of ours pass as they are", async () => {
    const error = new MultitapError("network", "NETWORK_FAILED", { message: "cut off" });
    expect(await failureOf(guarded(undefined, () => Promise.reject(error)))).toBe(error);
  });

  test("rejects with the signal's reason as cause, before the work and while it runs", async () => {
    const reason = new RangeError("closed the tab");
    const controller = new AbortController();
    const running = guarded(controller.signal, async () => {
      controller.abort(reason);
      controller.signal.throwIfAborted();
    });
    for (const promise of [running, guarded(controller.signal, async () => expect.unreachable())]) {
      const failure = await failureOf(promise);
      expect([failure.kind, failure.code, failure.name]).toEqual(["aborted", "ABORTED", "AbortError"]);
      expect(failure.cause).toBe(reason);
    }
  });
});

test("an abort wins over what the broken off work complains about", () => {
  const failure = toFailure(new NativeError("SOURCE_SHORT", "cut"), AbortSignal.abort("later"));
  expect([failure.kind, failure.cause]).toEqual(["aborted", "later"]);
});

test("a part that does not come is a failure of the network", async () => {
  const cause = new TypeError("Failed to fetch dynamically imported module");
  const failure = await failureOf(loadPart(Promise.reject(cause)));
  expect([failure.kind, failure.cause, failure.isTransient]).toEqual(["network", cause, true]);
});
