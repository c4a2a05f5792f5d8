import { describe, expect, test } from "bun:test";
import { compareInputs } from "./parameters.ts";
import type { Json, JsonObject } from "./types.ts";

const route = { method: "POST", path: "/api/roms/{id}" };

function documentOf(path: string, parameters: readonly Json[], properties: JsonObject = {}): JsonObject {
  const schema = { type: "object", properties };
  const requestBody = { content: { "application/json": { schema } } };
  return { paths: { [path]: { post: { parameters, requestBody } } } };
}

const query = (name: string, type: string): Json => ({ name, in: "query", schema: { type } });
const inPath = (name: string): Json => ({ name, in: "path", schema: { type: "integer" } });

function compare(theirs: JsonObject, ours: JsonObject): readonly string[] {
  return compareInputs({ theirs, ours }, route).map(({ at, ours: own }) => `${at}: ${own}`);
}

describe("compareInputs", () => {
  const theirs = documentOf(route.path, [inPath("id"), query("limit", "integer")], {
    names: { type: "array" },
    count: { type: "integer" },
  });

  test("finds inputs wherever our document has them, whatever the path calls its own", () => {
    const fields = { limit: { type: "string" }, names: { type: "array" }, count: { type: "number" } };
    expect(compare(theirs, documentOf("/api/roms/{rom_id}", [inPath("rom_id")], fields))).toEqual([]);
  });

  test("tells inputs that lack, and fields of another kind", () => {
    const ours = documentOf(route.path, [inPath("id")], {
      names: { type: "boolean" },
      count: { type: "integer" },
    });
    expect(compare(theirs, ours)).toEqual(["limit: absent", "names: boolean"]);
  });

  test("says nothing about routes that one side does not describe", () => {
    expect(compare(theirs, { paths: {} })).toEqual([]);
  });
});
