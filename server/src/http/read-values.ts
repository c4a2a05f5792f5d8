import type { InputIssue } from "../base/operation.ts";

/** Collects one misfit. */
export type Refuse = (issue: InputIssue) => void;
/** Where a value stands, its place first. */
export type ValuePath = InputIssue["path"];

const TRUE_TEXTS: ReadonlySet<string> = new Set(["true", "1", "yes", "on", "t", "y"]);
const FALSE_TEXTS: ReadonlySet<string> = new Set(["false", "0", "no", "off", "f", "n"]);

/** Reads a truth value in any spelling the compatible API takes; case does not count. */
export function parseBool(text: string, path: ValuePath, refuse: Refuse): boolean | undefined {
  const lower = text.toLowerCase();
  if (TRUE_TEXTS.has(lower)) return true;
  if (FALSE_TEXTS.has(lower)) return false;
  const message = "Input should be a valid boolean, unable to interpret input";
  refuse({ path, type: "bool_parsing", message, input: text });
  return undefined;
}

/**
 * Reads a whole number; "5.0" is one.
 * @returns A number beyond the exact ones stands as the largest exact one: the schema behind has its own limit.
 */
export function parseWhole(text: string, path: ValuePath, refuse: Refuse): number | undefined {
  const trimmed = text.trim();
  if (/^[+-]?\d+(?:\.0+)?$/.test(trimmed)) {
    return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, Number(trimmed)));
  }
  const message = "Input should be a valid integer, unable to parse string as an integer";
  refuse({ path, type: "int_parsing", message, input: text });
  return undefined;
}

// The sign of an offset may be a space: that is what a raw "+" in a query means.
const MOMENT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([+\- ])(\d\d):?(\d\d)?)?)?$/;
/** Numbers above this are milliseconds, below seconds since the epoch, as the compatible API reads them. */
const SECONDS_MAX = 2e10;
/** First and last moment that both the database and the wire format can hold. */
const MOMENT_MIN_MS = Date.parse("0001-01-01T00:00:00Z");
const MOMENT_MAX_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** Reads a moment: ISO 8601 or a number since the epoch; one without an offset is UTC. */
export function parseMoment(text: string, path: ValuePath, refuse: Refuse): string | undefined {
  const trimmed = text.trim();
  const ms = /^[+-]?\d+(?:\.\d+)?$/.test(trimmed) ? toEpochMs(Number(trimmed)) : toMomentMs(trimmed);
  if (ms !== null && ms >= MOMENT_MIN_MS && ms <= MOMENT_MAX_MS) return new Date(ms).toISOString();
  const reason = trimmed.length < "2000-01-01".length ? "input is too short" : "unexpected format or value";
  const message = `Input should be a valid datetime or date, ${reason}`;
  refuse({ path, type: "datetime_from_date_parsing", message, input: text });
  return undefined;
}

function toEpochMs(value: number): number {
  return Math.abs(value) > SECONDS_MAX ? value : value * 1000;
}

function toMomentMs(text: string): number | null {
  const match = MOMENT.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // A date that does not exist, such as 30 February, moves on to another month.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const millisecond = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3));
  const offsetMs = readOffset(match[9], match[10], match[11]);
  return offsetMs === null ? null : date.setUTCHours(hour, minute, second, millisecond) - offsetMs;
}

function readOffset(sign = "+", hoursText = "0", minutesText = "0"): number | null {
  const hours = Number(hoursText);
  const minutes = Number(minutesText);
  if (hours > 23 || minutes > 59) return null;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
