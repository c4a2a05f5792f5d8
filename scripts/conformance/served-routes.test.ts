import { describe, expect, test } from "bun:test";
import { isServed, listRoutes } from "./served-routes.ts";
import { answerJson, createFakeServer } from "./testing.ts";
import type { JsonObject } from "./types.ts";

const document: JsonObject = { paths: { "/api/roms/{id}": { get: {} }, "/api/roms": { get: {}, post: {} } } };
const { call } = createFakeServer({
  "GET /assets/999999999": answerJson({ detail: "File not found" }, 404),
  "GET /openapi.json": answerJson({}),
  "PUT /odd": answerJson({ detail: "Method Not Allowed" }, 405),
  "GET /ws/?EIO=4&transport=polling": answerJson("0{}"),
});

describe("isServed", () => {
  test.each([
    ["GET", "/api/roms/{rom_id}", true],
    ["HEAD", "/api/roms", true],
    ["HEAD", "/api/music", false],
    ["DELETE", "/api/roms/{id}", false],
    // `/api/roms/{id}` would answer for it.
    ["GET", "/api/roms/random", false],
    ["GET", "/openapi.json", true],
    // A refusal in words of its own shows that somebody is there.
    ["GET", "/assets/{path}", true],
    ["PUT", "/odd", false],
    ["WS", "/ws", true],
    ["WS", "/netplay", false],
  ])("judges %s %s", async (method, path, expected) => {
    expect(await isServed(call, document, { method, path })).toBe(expected);
  });
});

describe("listRoutes", () => {
  test("lists every method of every path", () => {
    expect(listRoutes(document).map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /api/roms/{id}",
      "GET /api/roms",
      "POST /api/roms",
    ]);
  });
});
