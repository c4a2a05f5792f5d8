import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { AppError, type Kind } from "../base/errors.ts";
import { Id } from "../base/schemas.ts";
import { HTTP_STATUS, toErrorResponse } from "./error-response.ts";
import { echo, failing, openKit } from "./kit.testing.ts";
import { get, post } from "./route.ts";

const Limit = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000));

const kit = openKit([
  get("/things", echo(v.strictObject({ limit: v.optional(Limit), since: v.optional(v.string()) })), {
    summary: "things",
    read: (reader) => {
      reader.queryBool("matched");
      return { limit: reader.queryInt("limit"), since: reader.queryInstant("since") };
    },
  }),
  get("/things/{id}", echo(v.strictObject({ thingId: Id })), {
    summary: "one",
    read: (reader) => ({ thingId: reader.pathInt("id") }),
  }),
  get("/search", echo(v.strictObject({ text: v.pipe(v.string(), v.maxLength(3)) })), {
    summary: "search",
    read: (reader) => ({ text: reader.queryText("search_term") }),
    names: { text: "search_term" },
  }),
  post(
    "/things",
    echo(
      v.strictObject({
        name: v.string(),
        syncMode: v.optional(v.picklist(["api", "file_transfer", "push_pull"])),
        scopes: v.optional(v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(2))),
        count: v.optional(v.pipe(v.number(), v.integer())),
        isOn: v.optional(v.boolean()),
        even: v.optional(
          v.pipe(
            v.number(),
            v.check((value) => value % 2 === 0, "Should be even"),
          ),
        ),
        parts: v.optional(v.array(v.object({ romId: v.number() }))),
      }),
    ),
    { summary: "create", read: (reader) => reader.json() },
  ),
]);

async function detailOf(path: string, body?: string) {
  const response = await kit.call(path, body === undefined ? {} : { method: "POST", body });
  expect(response.headers.get("content-type")).toBe("application/json");
  return { status: response.status, ...((await response.json()) as { detail: unknown }) };
}

const refused = (...detail: unknown[]) => ({ status: 422, detail });

describe("422 of the path and the query, as recorded", () => {
  test.each([
    [
      "/things?limit=0",
      {
        type: "greater_than_equal",
        loc: ["query", "limit"],
        msg: "Input should be greater than or equal to 1",
        input: "0",
        ctx: { ge: 1 },
      },
    ],
    [
      "/things?limit=10001",
      {
        type: "less_than_equal",
        loc: ["query", "limit"],
        msg: "Input should be less than or equal to 10000",
        input: "10001",
        ctx: { le: 10_000 },
      },
    ],
    [
      "/things/0",
      {
        type: "greater_than_equal",
        loc: ["path", "id"],
        msg: "Input should be greater than or equal to 1",
        input: "0",
        ctx: { ge: 1 },
      },
    ],
    [
      "/things/abc",
      {
        type: "int_parsing",
        loc: ["path", "id"],
        msg: "Input should be a valid integer, unable to parse string as an integer",
        input: "abc",
      },
    ],
    [
      "/things/99999999999999999999",
      {
        type: "less_than_equal",
        loc: ["path", "id"],
        msg: "Input should be less than or equal to 2147483647",
        input: "99999999999999999999",
        ctx: { le: 2_147_483_647 },
      },
    ],
    [
      "/things?matched=perhaps",
      {
        type: "bool_parsing",
        loc: ["query", "matched"],
        msg: "Input should be a valid boolean, unable to interpret input",
        input: "perhaps",
      },
    ],
    [
      "/things?since=never",
      {
        type: "datetime_from_date_parsing",
        loc: ["query", "since"],
        msg: "Input should be a valid datetime or date, input is too short",
        input: "never",
        ctx: { error: "input is too short" },
      },
    ],
    ["/search", { type: "missing", loc: ["query", "search_term"], msg: "Field required", input: null }],
    [
      "/search?search_term=long",
      {
        type: "string_too_long",
        loc: ["query", "search_term"],
        msg: "String should have at most 3 characters",
        input: "long",
        ctx: { max_length: 3 },
      },
    ],
  ])("%s", async (path, issue) => {
    expect(await detailOf(path)).toEqual(refused(issue));
  });

  test("names every misfit", async () => {
    const { detail } = await detailOf("/things?limit=x&matched=maybe");
    expect(detail).toMatchObject([{ loc: ["query", "matched"] }, { loc: ["query", "limit"] }]);
  });
});

describe("422 of the body, as recorded", () => {
  const missing = (...loc: unknown[]) => ({
    type: "missing",
    loc: ["body", ...loc],
    msg: "Field required",
    input: null,
  });
  test.each([
    ["", missing()],
    [
      "{bad}",
      {
        type: "json_invalid",
        loc: ["body", 1],
        msg: "JSON decode error",
        input: {},
        ctx: { error: "Expecting property name enclosed in double quotes" },
      },
    ],
    ["{}", missing("name")],
    [
      '{"name":"x","syncMode":"magic"}',
      {
        type: "enum",
        loc: ["body", "sync_mode"],
        msg: "Input should be 'api', 'file_transfer' or 'push_pull'",
        input: "magic",
        ctx: { expected: "'api', 'file_transfer' or 'push_pull'" },
      },
    ],
    [
      '{"name":"x","scopes":[]}',
      {
        type: "too_short",
        loc: ["body", "scopes"],
        msg: "List should have at least 1 item after validation, not 0",
        input: null,
        ctx: { field_type: "List", min_length: 1, actual_length: 0 },
      },
    ],
    [
      '{"name":"x","scopes":["a","b","c"]}',
      {
        type: "too_long",
        loc: ["body", "scopes"],
        msg: "List should have at most 2 items after validation, not 3",
        input: null,
        ctx: { field_type: "List", max_length: 2, actual_length: 3 },
      },
    ],
    ['{"name":"x","parts":[{"romId":1},{}]}', missing("parts", 1, "romId")],
    [
      '{"name":5}',
      { type: "string_type", loc: ["body", "name"], msg: "Input should be a valid string", input: 5 },
    ],
    [
      '{"name":"x","count":"7"}',
      { type: "int_type", loc: ["body", "count"], msg: "Input should be a valid integer", input: "7" },
    ],
    [
      '{"name":"x","count":1.5}',
      {
        type: "int_from_float",
        loc: ["body", "count"],
        msg: "Input should be a valid integer, got a number with a fractional part",
        input: 1.5,
      },
    ],
    [
      '{"name":"x","isOn":"yes"}',
      { type: "bool_type", loc: ["body", "is_on"], msg: "Input should be a valid boolean", input: "yes" },
    ],
    [
      '{"name":"x","scopes":"a"}',
      { type: "list_type", loc: ["body", "scopes"], msg: "Input should be a valid list", input: "a" },
    ],
    [
      '{"name":"x","moon":1}',
      {
        type: "extra_forbidden",
        loc: ["body", "moon"],
        msg: "Extra inputs are not permitted",
        input: "moon",
      },
    ],
    [
      '{"name":"x","even":3}',
      {
        type: "value_error",
        loc: ["body", "even"],
        msg: "Value error, Should be even",
        input: 3,
        ctx: { error: {} },
      },
    ],
    [
      '"text"',
      {
        type: "model_attributes_type",
        loc: ["body"],
        msg: "Input should be a valid dictionary or object to extract fields from",
        input: "text",
      },
    ],
  ])("%s", async (body, issue) => {
    expect(await detailOf("/things", body)).toEqual(refused(issue));
  });
});

describe("toErrorResponse", () => {
  const HINTS = { pathNames: [], hasBody: false };

  test("maps every kind to its status", () => {
    expect<Record<Kind, number>>(HTTP_STATUS).toEqual({
      invalid: 422,
      unauthenticated: 401,
      forbidden: 403,
      not_found: 404,
      conflict: 409,
      too_large: 413,
      unsupported: 415,
      rate_limited: 429,
      upstream: 502,
      unavailable: 503,
      storage_full: 507,
      internal: 500,
    });
  });

  test("asks an unknown caller for a bearer token, unless the route asks for something else", () => {
    const error = new AppError("unauthenticated", "AUTH_REQUIRED", { message: "Not authenticated" });
    expect(toErrorResponse(error, HINTS).headers.get("www-authenticate")).toBe("Bearer");
    const answers = { AUTH_REQUIRED: { headers: { "www-authenticate": "Basic" } } };
    expect(toErrorResponse(error, HINTS, answers).headers.get("www-authenticate")).toBe("Basic");
  });

  test("says in whole seconds when to come back", () => {
    const error = new AppError("unavailable", "EVENTS_FULL", { message: "full", retryAfterMs: 1_001 });
    expect(toErrorResponse(error, HINTS).headers.get("retry-after")).toBe("2");
  });

  test("uses the status that a route's callers expect", () => {
    const error = new AppError("invalid", "ROMS_HASH_REQUIRED", { message: "which?" });
    expect(toErrorResponse(error, HINTS, { ROMS_HASH_REQUIRED: { status: 400 } }).status).toBe(400);
  });

  test("keeps the private cause out of the answer", async () => {
    const thrown = new TypeError("secret reason");
    const broken = openKit([get("/x", failing(thrown), { summary: "x" })]);
    const response = await broken.call("/x");
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('{"detail":"Internal Server Error"}');
    expect(broken.failures).toEqual([thrown]);
  });
});
