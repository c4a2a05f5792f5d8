import { describe, expect, test } from "bun:test";
import { createSchemaChecker, kindsOf } from "./schema.ts";
import type { Json, JsonObject } from "./types.ts";

const document: JsonObject = {
  components: {
    schemas: {
      Rom: {
        type: "object",
        required: ["id", "name"],
        properties: {
          id: { type: "integer" },
          name: { anyOf: [{ type: "string" }, { type: "null" }] },
          parent: { anyOf: [{ $ref: "#/components/schemas/Rom" }, { type: "null" }] },
          tags: { type: "array", items: { type: "string" } },
          status: { enum: ["open", "done"] },
        },
      },
    },
  },
};
const rom: Json = { $ref: "#/components/schemas/Rom" };
const checker = createSchemaChecker(document);

const rows: readonly (readonly [string, Json, Json, readonly string[]])[] = [
  ["a value that fits", rom, { id: 1, name: null }, []],
  ["fields beyond the schema", rom, { id: 1, name: "a", ours: true }, []],
  ["a lacking required field", rom, { id: 1 }, ["name: a field, absent"]],
  ["null where it is not allowed", rom, { id: null, name: "a" }, ["id: integer, null"]],
  ["a fraction for a whole number", rom, { id: 1.5, name: "a" }, ["id: integer, number"]],
  ["another kind than any choice", rom, { id: 1, name: 5 }, ["name: string or null, integer"]],
  [
    "a word that is no choice",
    rom,
    { id: 1, name: "a", status: "odd" },
    ['status: one of ["open","done"], odd'],
  ],
  ["an element of a list", rom, { id: 1, name: "a", tags: ["x", 2] }, ["tags[]: string, integer"]],
  [
    "a reference inside of a choice",
    rom,
    { id: 1, name: "a", parent: { id: 2 } },
    ["parent.name: a field, absent"],
  ],
  [
    "every element in the same place once",
    { type: "array", items: rom },
    [{ id: 1 }, { id: 2 }],
    ["[].name: a field, absent"],
  ],
  ["an object where a list belongs", { type: "array", items: rom }, {}, [": array, object"]],
  [
    "the values of a map",
    { type: "object", additionalProperties: { type: "integer" } },
    { a: 1, b: "x" },
    ["{}: integer, string"],
  ],
  ["a whole number for a number", { type: "number" }, 3, []],
  ["anything where nothing is said", {}, [1, "a"], []],
  ["a reference that leads nowhere", { $ref: "#/components/schemas/None" }, 1, []],
];

describe("createSchemaChecker", () => {
  test.each(rows)("judges %s", (_, schema, value, expected) => {
    const faults = checker
      .check(schema, value)
      .map((fault) => `${fault.at}: ${fault.expected}, ${fault.found}`);
    expect(faults).toEqual([...expected]);
  });

  test("ends on a schema that refers to itself for ever", () => {
    let value: Json = { id: 1, name: "leaf" };
    for (let depth = 0; depth < 200; depth += 1) value = { id: 1, name: "a", parent: value };
    expect(checker.check(rom, value)).toEqual([]);
  });
});

describe("kindsOf", () => {
  test("unites choices and reads words from their list", () => {
    expect(kindsOf(checker, { anyOf: [{ type: "integer" }, { type: "null" }] })).toEqual(["integer", "null"]);
    expect(kindsOf(checker, { enum: ["a", "b"] })).toEqual(["string"]);
  });

  test("is empty where one choice takes everything", () => {
    expect(kindsOf(checker, { anyOf: [{ type: "integer" }, {}] })).toEqual([]);
  });
});
