/**
 * Holds JSON values against the schemas of an OpenAPI document: required fields, kinds of values, null, choices,
 * lists and references. Lengths and ranges are rules for input and are not looked at.
 */
import { isList, isObject, type Json, type JsonObject, show } from "./types.ts";

/** One place at which a value is not what its schema says. */
export interface SchemaFault {
  /** Such as `items[].name`: lists show no index, so that a fault in every element is one fault. */
  readonly at: string;
  readonly expected: string;
  readonly found: string;
}

/** Deeper values are not looked at: a schema may refer to itself. */
const DEPTH_MAX = 32;

interface Place {
  readonly at: string;
  readonly depth: number;
}

/** Gives the checker of one document. */
export function createSchemaChecker(document: JsonObject) {
  /** Follows a reference to where it leads; an unknown one leads to a schema that takes everything. */
  function resolve(schema: Json | undefined): JsonObject {
    if (!isObject(schema)) return {};
    const { $ref } = schema;
    if (typeof $ref !== "string") return schema;
    let target: Json | undefined = document;
    for (const name of $ref.replace(/^#\//, "").split("/")) target = isObject(target) ? target[name] : {};
    return resolve(target);
  }

  function checkFields(schema: JsonObject, value: JsonObject, place: Place): readonly SchemaFault[] {
    const properties = isObject(schema.properties) ? schema.properties : {};
    const required = isList(schema.required) ? schema.required : [];
    const missing = required
      .filter((name) => typeof name === "string" && value[name] === undefined)
      .map((name) => ({ at: join(place.at, String(name)), expected: "a field", found: "absent" }));
    const inFields = Object.entries(value).flatMap(([name, field]) => {
      const known = properties[name];
      const at = { at: join(place.at, known === undefined ? "{}" : name), depth: place.depth + 1 };
      if (known !== undefined) return check(known, field ?? null, at);
      return isObject(schema.additionalProperties)
        ? check(schema.additionalProperties, field ?? null, at)
        : [];
    });
    return [...missing, ...inFields];
  }

  function checkOne(schema: JsonObject, value: Json, place: Place): readonly SchemaFault[] {
    const choices = schema.const === undefined ? schema.enum : [schema.const];
    if (isList(choices) && !choices.includes(value)) {
      return [{ at: place.at, expected: `one of ${show(choices)}`, found: show(value) }];
    }
    const { type } = schema;
    if (typeof type === "string" && !isOfType(value, type)) {
      return [{ at: place.at, expected: type, found: kindOf(value) }];
    }
    if (isList(value)) {
      const inside = { at: `${place.at}[]`, depth: place.depth + 1 };
      return value.flatMap((element) => check(schema.items, element, inside));
    }
    return isObject(value) ? checkFields(schema, value, place) : [];
  }

  function check(given: Json | undefined, value: Json, place: Place): readonly SchemaFault[] {
    if (place.depth > DEPTH_MAX) return [];
    const schema = resolve(given);
    const choices = schema.anyOf ?? schema.oneOf;
    if (!isList(choices)) return checkOne(schema, value, place);
    const results = choices.map((choice) => check(choice, value, place));
    if (results.some((faults) => faults.length === 0)) return [];
    // Of several choices the one that fits best tells most, such as the object of "object or null".
    const near = results.filter((faults) => faults.every((fault) => fault.at !== place.at));
    const best = near.sort((a, b) => a.length - b.length)[0];
    if (best !== undefined) return best;
    const expected = choices.map((choice) => String(resolve(choice).type ?? "value")).join(" or ");
    return [{ at: place.at, expected, found: kindOf(value) }];
  }

  return {
    resolve,
    /** Every distinct fault of a value. */
    check(schema: Json | undefined, value: Json): readonly SchemaFault[] {
      const faults = check(schema, value, { at: "", depth: 0 });
      return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
    },
  };
}

export type SchemaChecker = ReturnType<typeof createSchemaChecker>;

function join(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

/** The kind of a JSON value in the words of JSON Schema. */
export function kindOf(value: Json): string {
  if (value === null) return "null";
  if (isList(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function isOfType(value: Json, type: string): boolean {
  const kind = kindOf(value);
  return kind === type || (type === "number" && kind === "integer");
}

/**
 * The kinds a schema accepts, such as `["integer", "null"]`; empty when it takes everything. A number with a
 * whole default stays a number: whoever sends whole numbers is served by both.
 */
export function kindsOf(checker: SchemaChecker, given: Json | undefined): readonly string[] {
  const schema = checker.resolve(given);
  const choices = schema.anyOf ?? schema.oneOf;
  if (isList(choices)) {
    const kinds = choices.map((choice) => kindsOf(checker, choice));
    return kinds.some((list) => list.length === 0) ? [] : [...new Set(kinds.flat())];
  }
  if (isList(schema.type)) return schema.type.map(String);
  if (typeof schema.type === "string") return [schema.type];
  const fixed = schema.const === undefined ? schema.enum : [schema.const];
  return isList(fixed) ? [...new Set(fixed.map(kindOf))] : [];
}
