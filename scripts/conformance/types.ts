/** JSON as `JSON.parse` gives it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** One row of the reference's route list. */
export interface Route {
  readonly method: string;
  /** `{name}` marks a path parameter. */
  readonly path: string;
}

export interface PartRecord {
  readonly name: string;
  readonly value?: string;
  readonly filename?: string;
  readonly contentType?: string;
  readonly base64?: string;
}

/** A recorded body: exactly one of these is there. */
export interface BodyRecord {
  readonly json?: Json;
  readonly form?: Readonly<Record<string, string>>;
  readonly multipart?: readonly PartRecord[];
  readonly base64?: string;
}

/** What came back: one of `json`, `text`, `bytes`, or none of them for an empty body. */
export interface AnswerRecord {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly json?: Json;
  readonly text?: string;
  readonly bytes?: { readonly length: number; readonly sha256: string };
}

export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: BodyRecord | null;
}

/** One recorded request and its answer. */
export interface Pair {
  /** `<group>/<seq>`, the name that rows of differences use. */
  readonly id: string;
  readonly group: string;
  /** Order over all groups. */
  readonly seq: number;
  readonly name: string;
  readonly request: RequestRecord;
  readonly response: AnswerRecord;
}

/** A recorded socket conversation; kept for the work that brings the sockets. */
export interface Transcript {
  /** `socket/<file name without ending>`. */
  readonly id: string;
  readonly log: readonly JsonObject[];
}

/** What can be wrong; the vocabulary of the rows of differences. */
export type FindingKind = "route" | "parameter" | "status" | "header" | "field" | "value" | "empty";

/** One thing in which the running server is not as the reference. */
export interface Finding {
  /** A pair's id or `METHOD /path`. */
  readonly where: string;
  readonly what: FindingKind;
  /** Header, parameter or place in the body such as `items[].name`; "" for the whole. */
  readonly at: string;
  readonly ours: string;
  readonly theirs: string;
}

/** Whether a JSON value is an object with fields. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a JSON value is a list. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

const SHOWN_CHARACTERS_MAX = 160;

/** A value as one short line. */
export function show(value: Json | undefined): string {
  if (value === undefined) return "absent";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}
