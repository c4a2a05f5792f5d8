import type { InputIssue } from "../base/operation.ts";

/** How to find where in the request an input field came from, and what stood there. */
export interface LocationHints {
  readonly pathNames: readonly string[];
  readonly hasBody: boolean;
  /** Names on the wire of input fields that are not just their own name in snake case. */
  readonly names?: Readonly<Record<string, string>> | undefined;
  /** The text that came in the path or the query; undefined when none did. */
  readonly sentText?: ((place: "path" | "query", name: string) => string | undefined) | undefined;
}

type Location = readonly (string | number)[];

/** One entry of the compatible 422 body. */
export interface WireIssue {
  readonly type: string;
  readonly loc: Location;
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

type Wording = Pick<WireIssue, "type" | "msg" | "ctx">;

/** Says in the words of the compatible API where input does not fit, and why. */
export function toWireIssue(issue: InputIssue, hints: LocationHints): WireIssue {
  const loc = toLocation(issue.path, hints);
  const { type, msg, ctx } = describe(issue);
  return { type, loc, msg, input: findInput(issue, loc, hints), ...(ctx === undefined ? {} : { ctx }) };
}

/** Values of the path and the query are shown as the texts that came. */
function findInput(issue: InputIssue, [place, name, index]: Location, { sentText }: LocationHints): unknown {
  const isText = (place === "path" || place === "query") && typeof name === "string" && index === undefined;
  return (isText ? sentText?.(place, name) : undefined) ?? issue.input ?? null;
}

/** The schema library says its limits in the message only. */
const LIMIT = /Expected [<>]=(-?\d+)(?: but received (\d+))?/;

function describe(issue: InputIssue): Wording {
  const [, limitText, actualText] = LIMIT.exec(issue.message) ?? [];
  const limit = Number(limitText);
  switch (issue.type) {
    case "min_value":
      return {
        type: "greater_than_equal",
        msg: `Input should be greater than or equal to ${limit}`,
        ctx: { ge: limit },
      };
    case "max_value":
      return {
        type: "less_than_equal",
        msg: `Input should be less than or equal to ${limit}`,
        ctx: { le: limit },
      };
    case "min_length":
      return describeLength(issue, { word: "least", limit, actual: Number(actualText) });
    case "max_length":
      return describeLength(issue, { word: "most", limit, actual: Number(actualText) });
    case "picklist":
      return describeChoice(issue.message);
    case "check":
      return { type: "value_error", msg: `Value error, ${issue.message}`, ctx: { error: {} } };
    case "object":
    case "strict_object":
      return describeObject(issue);
    default:
      return describeType(issue);
  }
}

interface LengthFacts {
  readonly word: "least" | "most";
  readonly limit: number;
  readonly actual: number;
}

function describeLength(issue: InputIssue, { word, limit, actual }: LengthFacts): Wording {
  const kind = word === "least" ? "short" : "long";
  const key = word === "least" ? "min_length" : "max_length";
  const plural = limit === 1 ? "" : "s";
  if (typeof issue.input === "string") {
    const msg = `String should have at ${word} ${limit} character${plural}`;
    return { type: `string_too_${kind}`, msg, ctx: { [key]: limit } };
  }
  const msg = `List should have at ${word} ${limit} item${plural} after validation, not ${actual}`;
  return { type: `too_${kind}`, msg, ctx: { field_type: "List", [key]: limit, actual_length: actual } };
}

function describeChoice(message: string): Wording {
  const choices = [...message.matchAll(/"([^"]*)"(?=.* but received )/g)].map(([, choice]) => `'${choice}'`);
  const last = choices.pop() ?? "";
  const expected = choices.length === 0 ? last : `${choices.join(", ")} or ${last}`;
  return { type: "enum", msg: `Input should be ${expected}`, ctx: { expected } };
}

const MISSING: Wording = { type: "missing", msg: "Field required" };

function describeObject(issue: InputIssue): Wording {
  if (issue.message.includes("but received undefined")) return MISSING;
  if (issue.message.includes("Expected never")) {
    return { type: "extra_forbidden", msg: "Extra inputs are not permitted" };
  }
  const msg = "Input should be a valid dictionary or object to extract fields from";
  return { type: "model_attributes_type", msg };
}

const TYPES: Readonly<Record<string, Wording>> = {
  string: { type: "string_type", msg: "Input should be a valid string" },
  number: { type: "int_type", msg: "Input should be a valid integer" },
  integer: {
    type: "int_from_float",
    msg: "Input should be a valid integer, got a number with a fractional part",
  },
  boolean: { type: "bool_type", msg: "Input should be a valid boolean" },
  array: { type: "list_type", msg: "Input should be a valid list" },
};

/** What the reader found has its words already; its context stands behind them. */
const WITH_ERROR = /^(JSON decode error): (.*)$|^Input should be a valid datetime or date, (.*)$/;

function describeType(issue: InputIssue): Wording {
  const known = TYPES[issue.type];
  if (known !== undefined) return issue.message.endsWith("but received undefined") ? MISSING : known;
  const [, jsonFault, jsonReason, momentReason] = WITH_ERROR.exec(issue.message) ?? [];
  const error = jsonReason ?? momentReason;
  const wording = { type: issue.type, msg: jsonFault ?? issue.message };
  return error === undefined ? wording : { ...wording, ctx: { error } };
}

const PLACES: ReadonlySet<unknown> = new Set(["path", "query", "header", "body"]);

/** The reader already names the place; the schema knows only its own camelCase field. */
function toLocation(path: InputIssue["path"], { pathNames, hasBody, names = {} }: LocationHints): Location {
  const [first, ...inner] = path;
  const place = hasBody ? "body" : "query";
  if (first === undefined) return [place];
  if (PLACES.has(first)) return path;
  // Further in stand names of entries, and keys that the caller chose.
  const rest = inner.map((part) =>
    typeof part === "string" && Object.hasOwn(names, part) ? (names[part] ?? part) : part,
  );
  if (typeof first === "number") return [place, first, ...rest];
  const name = Object.hasOwn(names, first) ? (names[first] ?? first) : toWireName(first);
  const pathName = pathNames.find((known) => known === name || (known === "id" && name.endsWith("_id")));
  if (pathName !== undefined) return ["path", pathName, ...rest];
  return [place, name, ...rest];
}

/** The name in snake case. */
export function toWireName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
