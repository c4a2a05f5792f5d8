// What one operation answers at both doors: every kind of failure, and access before input.
import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { ERROR_CODES, type ErrorCode } from "../base/error-codes.data.ts";
import { AppError, type Kind } from "../base/errors.ts";
import { operation } from "../base/operation.ts";
import { callerWith, failing, openKit } from "../http/kit.testing.ts";
import { get, post } from "../http/route.ts";
import { inputOf, openRpcKit } from "./kit.testing.ts";
import { mutation, query, router } from "./procedures.ts";

/** Statuses of a kind at the REST door and at the tRPC door, and tRPC's own number. */
const KINDS: Record<Kind, readonly [rest: number, rpc: number, rpcCode: number]> = {
  invalid: [422, 400, -32600],
  unauthenticated: [401, 401, -32001],
  forbidden: [403, 403, -32003],
  not_found: [404, 404, -32004],
  conflict: [409, 409, -32009],
  too_large: [413, 413, -32013],
  unsupported: [415, 415, -32015],
  rate_limited: [429, 429, -32029],
  upstream: [502, 502, -32603],
  unavailable: [503, 503, -32603],
  storage_full: [507, 500, -32603],
  internal: [500, 500, -32603],
};

/** Some code of a kind; a kind that nothing uses yet borrows one. */
function codeOf(kind: Kind): ErrorCode {
  const found = Object.entries(ERROR_CODES).find(([, facts]) => facts.kind === kind);
  return (found?.[0] ?? "INTERNAL") as ErrorCode;
}

const sample = (kind: Kind, cause?: unknown) =>
  new AppError(kind, codeOf(kind) as never, {
    message: `public words of ${kind}`,
    details: { some: "facts" },
    retryAfterMs: 1_500,
    cause,
  });

describe("every kind of failure", () => {
  test.each(Object.entries(KINDS))("%s", async (name, [restStatus, rpcStatus, rpcCode]) => {
    const kind = name as Kind;
    const op = failing(sample(kind, new TypeError("private words")));
    const rest = await openKit([get("/x", op, { summary: "x" })]).call("/x");
    expect(rest.status).toBe(restStatus);
    expect(rest.headers.get("retry-after")).toBe("2");
    expect(rest.headers.get("www-authenticate")).toBe(kind === "unauthenticated" ? "Bearer" : null);
    expect(await rest.json()).toEqual({ detail: `public words of ${kind}` });
    const rpc = await openRpcKit(router({ x: query(op) })).call("x");
    expect(rpc.status).toBe(rpcStatus);
    expect(await rpc.json()).toEqual({
      error: {
        message: `public words of ${kind}`,
        code: rpcCode,
        data: {
          kind,
          code: codeOf(kind),
          details: { some: "facts" },
          requestId: "test",
          retryAfterMs: 1_500,
          httpStatus: rpcStatus,
          path: "x",
        },
      },
    });
  });

  test("a bug is told to nobody but the log", async () => {
    const bug = new TypeError("secret reason");
    const kit = openRpcKit(router({ x: query(failing(bug)) }));
    const response = await kit.call("x");
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("secret");
    expect(JSON.parse(text)).toMatchObject({
      error: {
        message: "Internal Server Error",
        data: { kind: "internal", code: "INTERNAL", details: null },
      },
    });
    expect(kit.failures).toMatchObject([{ code: "INTERNAL", cause: bug }]);
  });

  test("the log hears of bugs and outages only", async () => {
    for (const [name] of Object.entries(KINDS)) {
      const kind = name as Kind;
      const op = failing(sample(kind));
      const rpcKit = openRpcKit(router({ x: query(op) }));
      const restKit = openKit([get("/x", op, { summary: "x" })]);
      await rpcKit.call("x");
      await restKit.call("/x");
      const expected = kind === "internal" || kind === "unavailable" ? 1 : 0;
      expect([kind, rpcKit.failures.length, restKit.failures.length]).toEqual([kind, expected, expected]);
    }
  });
});

describe("access before input", () => {
  const input = v.strictObject({ romId: v.number() });
  const output = v.unknown();
  const definition = { scope: "roms.write", input, output } as const;
  const reading = operation({ ...definition, type: "query" }, async (_ctx, given) => given);
  const writing = operation({ ...definition, type: "mutation" }, async (_ctx, given) => given);
  const rest = openKit([
    get("/roms/{id}", reading, { summary: "read", read: (reader) => ({ romId: reader.pathInt("id") }) }),
    post("/roms", writing, { summary: "write", read: (reader) => reader.json() }),
  ]);
  const rpc = openRpcKit(router({ read: query(reading), write: mutation(writing) }));
  const json = { "content-type": "application/json" };
  const post_ = (body: string) => ({ method: "POST", body, headers: json });

  /** Calls each door with good and with bad input. */
  async function askAll(identity?: ReturnType<typeof callerWith>) {
    const answers = await Promise.all([
      rest.call("/roms/1", { identity }),
      rest.call("/roms/abc", { identity }),
      rest.call("/roms", { identity, ...post_('{"romId":1}') }),
      rest.call("/roms", { identity, ...post_("{bad") }),
      rpc.call(`read?${inputOf({ romId: 1 })}`, { identity }),
      rpc.call(`read?${inputOf({ moon: 1 })}`, { identity }),
      rpc.call("read?input=%7Bbad", { identity }),
      rpc.call("write", { identity, ...post_('{"romId":1}') }),
      rpc.call("write", { identity, ...post_("{bad") }),
    ]);
    return answers.map((answer) => answer.status);
  }

  test("asks a guest to sign in, whatever they sent", async () => {
    expect(await askAll()).toEqual([401, 401, 401, 401, 401, 401, 401, 401, 401]);
  });

  test("refuses a caller without the scope, whatever they sent", async () => {
    expect(await askAll(callerWith("roms.read"))).toEqual([403, 403, 403, 403, 403, 403, 403, 403, 403]);
  });

  test("looks at the input of a caller with the scope", async () => {
    expect(await askAll(callerWith("roms.write"))).toEqual([200, 422, 200, 422, 200, 400, 400, 200, 400]);
  });

  test("names the scope that is missing", async () => {
    const answer = await rpc.call("read", { identity: callerWith("me.read") });
    expect(await answer.json()).toMatchObject({
      error: { data: { code: "AUTH_SCOPE_MISSING", details: { scope: "roms.write" } } },
    });
  });

  test("lists what does not fit", async () => {
    const answer = await rpc.call(`read?${inputOf({ romId: "1" })}`, { identity: callerWith("roms.write") });
    expect(await answer.json()).toMatchObject({
      error: {
        data: {
          kind: "invalid",
          code: "INPUT_INVALID",
          details: { issues: [{ path: ["romId"], type: "number" }] },
        },
      },
    });
  });
});
