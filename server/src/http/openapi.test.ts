import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { operation } from "../base/operation.ts";
import { createOpenApi } from "./openapi.ts";
import { get, post } from "./route.ts";

const output = v.unknown();
const run = async () => null;
const find = operation(
  {
    type: "query",
    scope: "roms.read",
    input: v.strictObject({
      romId: v.number(),
      deviceId: v.optional(v.string()),
      search: v.optional(v.string()),
      withFiles: v.optional(v.boolean()),
    }),
    output,
  },
  run,
);
const make = operation(
  { type: "mutation", scope: "public", input: v.strictObject({ fileName: v.string() }), output },
  run,
);

const { paths } = createOpenApi(
  [
    get("/api/roms/{id}", find, { summary: "One rom", names: { search: "search_term" } }),
    post("/api/roms", make, { summary: "A new rom", status: 201 }),
  ],
  { title: "Test", version: "1" },
) as { paths: Record<string, Record<string, Record<string, unknown>>> };

describe("createOpenApi", () => {
  test("names parameters as they stand on the wire", () => {
    expect(paths["/api/roms/{id}"]?.get).toMatchObject({
      summary: "One rom",
      parameters: [
        { name: "id", in: "path", required: true },
        { name: "device_id", in: "query", required: false },
        { name: "search_term", in: "query", required: false },
        { name: "with_files", in: "query", required: false },
      ],
      "x-scope": "roms.read",
    });
  });

  test("describes bodies and statuses, and asks for no sign-in where none is needed", () => {
    const described = paths["/api/roms"]?.post ?? {};
    expect(described).toMatchObject({
      requestBody: {
        content: { "application/json": { schema: { properties: { file_name: { type: "string" } } } } },
      },
      responses: { 201: {} },
    });
    expect(described).not.toHaveProperty("security");
    expect(paths["/api/roms/{id}"]?.get).toHaveProperty("security");
  });
});
