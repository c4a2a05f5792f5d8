import { describe, expect, test } from "bun:test";
import { readRetryAfter, readText, toAnswerError } from "./answers.ts";

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers });

describe("toAnswerError", () => {
  test.each([
    [400, "invalid"],
    [401, "unauthenticated"],
    [403, "forbidden"],
    [404, "not_found"],
    [409, "conflict"],
    [413, "too_large"],
    [415, "unsupported"],
    [418, "invalid"],
    [422, "invalid"],
    [429, "rate_limited"],
    [500, "internal"],
    [502, "upstream"],
    [503, "unavailable"],
    [504, "unavailable"],
    [507, "storage_full"],
  ] as const)("turns %d into %s", async (status, kind) => {
    const error = await toAnswerError(json(status, { detail: "words" }, { "x-request-id": "r1" }));
    expect([error.kind, error.status, error.message, error.requestId, error.code]).toEqual([
      kind,
      status,
      "words",
      "r1",
      `HTTP_${status}`,
    ]);
  });

  test("keeps a detail that is an object", async () => {
    const error = await toAnswerError(json(409, { detail: { newer: 7 } }));
    expect([error.message, error.details]).toEqual(["The server answered 409", { newer: 7 }]);
  });

  test("takes the pause from the header", async () => {
    const error = await toAnswerError(json(429, { detail: "slow down" }, { "retry-after": "12" }));
    expect(error.retryAfterMs).toBe(12_000);
  });

  test("does not trust a body without detail, except for what passes", async () => {
    expect((await toAnswerError(json(404, { error: "x" }))).kind).toBe("protocol");
    expect((await toAnswerError(new Response("<html>", { status: 503 }))).kind).toBe("unavailable");
  });
});

test("readRetryAfter reads seconds and dates", () => {
  const read = (text: string) => readRetryAfter(new Headers({ "retry-after": text }), Date.UTC(2030, 0, 1));
  expect(read("0")).toBe(0);
  expect(read("120")).toBe(120_000);
  expect(read("Tue, 01 Jan 2030 00:00:05 GMT")).toBe(5_000);
  expect(read("Mon, 31 Dec 2029 00:00:00 GMT")).toBe(0);
  expect(read("soon")).toBeNull();
  expect(readRetryAfter(new Headers(), 0)).toBeNull();
});

test("readText stops at a size that no error of ours has", async () => {
  let pulled = 0;
  const body = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(16_384).fill(97));
    },
  });
  expect(await readText(new Response(body))).toHaveLength(65_536);
  expect(pulled).toBeLessThan(10);
});
