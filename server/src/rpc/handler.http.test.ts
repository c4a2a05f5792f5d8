import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createTestApp, type TestApp } from "../app/testing.ts";
import { ADMIN, addAccounts } from "../auth/calls.testing.ts";
import { inputOf } from "./kit.testing.ts";
import { BATCH_CALLS_MAX, BODY_BYTES_MAX } from "./limits.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp();
  await addAccounts(app);
});
afterAll(() => app.close());

type Body = Record<string, unknown>;

async function call(path: string, init: RequestInit = {}) {
  const headers = { authorization: ADMIN, ...(init.headers as Record<string, string> | undefined) };
  const response = await app.fetch(`/trpc/${path}`, { ...init, headers });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

const sendJson = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": "application/json", ...headers },
});

describe("createRpcHandler: calls", () => {
  test("answers a query with and without input", async () => {
    expect((await call(`roms.list?${inputOf({ limit: 5 })}`)).body).toEqual({
      result: { data: { items: [], nextCursor: null, total: null } },
    });
    expect(await call("system.info")).toMatchObject({
      status: 200,
      body: { result: { data: { apiRevision: 1 } } },
    });
  });

  test("answers every call of a batch, each with its own outcome", async () => {
    const inputs = { 0: { limit: 1, withTotal: true }, 2: { romId: 5 } };
    const { status, body } = await call(`roms.list,stats.get,roms.get,moon.walk?batch=1&${inputOf(inputs)}`);
    expect(status).toBe(207);
    expect(body).toMatchObject([
      { result: { data: { total: 0 } } },
      { result: { data: { roms: 0 } } },
      { error: { data: { kind: "not_found", code: "ROMS_NOT_FOUND", path: "roms.get" } } },
      { error: { data: { kind: "not_found", code: "PROCEDURE_NOT_FOUND", path: "moon.walk" } } },
    ]);
  });

  test("refuses a batch over the limit and takes one at the limit", async () => {
    const batch = (count: number) =>
      call(`${Array.from({ length: count }, () => "system.info").join(",")}?batch=1`);
    expect(await batch(BATCH_CALLS_MAX)).toMatchObject({ status: 200 });
    expect(await batch(BATCH_CALLS_MAX + 1)).toMatchObject({
      status: 400,
      body: { error: { data: { kind: "invalid" } } },
    });
  });

  test("takes a query by POST, for inputs that no URL can hold", async () => {
    const names = Array.from({ length: 200 }, (_, index) => `A genre with a long name, number ${index}`);
    const input = { genres: { anyOf: names }, withTotal: true };
    expect(await call("roms.list", sendJson(JSON.stringify(input)))).toMatchObject({
      status: 200,
      body: { result: { data: { total: 0 } } },
    });
  });

  test("tolerates an idempotency key", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const body = JSON.stringify({ username: "bob", password: "long enough", email: "", role: "user" });
    expect((await call("users.create", sendJson(body, headers))).status).toBe(200);
    expect((await call("roms.list?input=%7B%7D", { headers })).status).toBe(200);
  });

  test("sends the revision and the request id that failures name", async () => {
    const { headers, body } = await call(`roms.get?${inputOf({ romId: 5 })}`);
    expect(headers.get("x-multitap-api")).toBe("1;oldest=1");
    const id = headers.get("x-request-id") ?? "";
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    expect(body).toMatchObject({ error: { data: { requestId: id } } });
  });
});

describe("createRpcHandler: damaged calls", () => {
  test.each([
    ["an unknown procedure", "moon.walk", {}, 404, "PROCEDURE_NOT_FOUND"],
    ["a router instead of a procedure", "roms", {}, 404, "PROCEDURE_NOT_FOUND"],
    ["what every object has", "constructor", {}, 404, "PROCEDURE_NOT_FOUND"],
    ["garbage in the input", "roms.list?input=%7Bbad", {}, 400, "INPUT_INVALID"],
    ["garbage in the body", "roms.list", sendJson("{bad"), 400, "INPUT_INVALID"],
    ["another kind of body", "roms.list", { method: "POST", body: "x=1" }, 415, "INPUT_INVALID"],
    ["no input where one is needed", "roms.list", {}, 400, "INPUT_INVALID"],
    ["null as the input", "roms.list?input=null", {}, 400, "INPUT_INVALID"],
    ["a list as the input", "roms.list?input=[]", {}, 400, "INPUT_INVALID"],
    ["a batch whose inputs are no object", "roms.list?batch=1&input=5", {}, 400, "INPUT_INVALID"],
    ["a broken escape in the path", "%zz", {}, 400, "INPUT_INVALID"],
    ["a mutation by GET", "users.create", {}, 405, "INPUT_INVALID"],
    ["another method", "roms.list", { ...sendJson("{}"), method: "PATCH" }, 405, "INPUT_INVALID"],
  ])("answers %s in the usual shape", async (_what, path, init, status, code) => {
    const answer = await call(path, init as RequestInit);
    const [failed] = [answer.body].flat() as [{ error: { message: unknown; data: Body } }];
    expect(answer.status).toBe(status);
    expect(failed.error.message).toBeString();
    expect(failed.error.data).toMatchObject({ code, retryAfterMs: null });
    expect(Object.keys(failed.error.data).sort()).toEqual([
      "code",
      "details",
      "httpStatus",
      "kind",
      "path",
      "requestId",
      "retryAfterMs",
    ]);
  });

  test("refuses a body over the limit, announced or not", async () => {
    const large = JSON.stringify({ search: "x".repeat(BODY_BYTES_MAX) });
    const tooLarge = {
      status: 413,
      body: {
        error: { data: { kind: "too_large", code: "BODY_TOO_LARGE", details: { bytesMax: BODY_BYTES_MAX } } },
      },
    };
    expect(await call("roms.list", sendJson(large))).toMatchObject(tooLarge);
    expect(
      await call("roms.list", sendJson(large, { "content-length": String(large.length) })),
    ).toMatchObject(tooLarge);
    const stream = new Response(large).body;
    expect(await call("roms.list", { ...sendJson(""), body: stream })).toMatchObject(tooLarge);
  });
});
