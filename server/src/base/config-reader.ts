import * as v from "valibot";

/** Problems listed by name; beyond them only their number is told, since the sentence is shown whole. */
export const PROBLEMS_LISTED_MAX = 20;

/** Characters of a refused value that a problem repeats. */
const SHOWN_VALUE_CHARS_MAX = 40;

/** Characters of one problem; a hostile file can put very long names into it. */
export const PROBLEM_CHARS_MAX = 300;

/** Takes note of one thing that is wrong at a place in the file. */
export type NoteProblem = (place: string, problem: string) => void;

/** Turns one value into what we use; undefined when it is unusable, which has then been noted. */
export type Reading<T> = (value: unknown, place: string, note: NoteProblem) => T | undefined;

/** Reads keys of a parsed file one by one, each falling back on its own. */
export interface ConfigReader {
  /**
   * Reads the key at a dotted path.
   * @returns `fallback` when the key is absent, empty or unusable; the last case is noted.
   */
  read<T>(path: string, reading: Reading<T>, fallback: T): T;
  note: NoteProblem;
  /** All that was wrong so far as one text; null when nothing was. */
  problem(): string | null;
}

/** Creates a reader of an already parsed value, which may be anything. */
export function createConfigReader(root: unknown): ConfigReader {
  const listed = new Set<string>();
  let unlistedCount = 0;
  const note: NoteProblem = (place, problem) => {
    const sentence = shorten(`${place}: ${problem}`, PROBLEM_CHARS_MAX);
    if (listed.has(sentence)) return;
    if (listed.size < PROBLEMS_LISTED_MAX) listed.add(sentence);
    else unlistedCount += 1;
  };
  return {
    note,
    read: (path, reading, fallback) => {
      const value = findValue(root, path, note);
      if (value === undefined || value === null) return fallback;
      return reading(value, path, note) ?? fallback;
    },
    problem: () => {
      const more = unlistedCount > 0 ? [`and ${unlistedCount} more`] : [];
      return listed.size === 0 ? null : [...listed, ...more].join("; ");
    },
  };
}

/** Reads a value by schema; `expected` completes the sentence "expected ...". */
export function scalar<T>(schema: v.GenericSchema<unknown, T>, expected: string): Reading<T> {
  return (value, place, note) => {
    const result = v.safeParse(schema, value);
    if (result.success) return result.output;
    note(place, `expected ${expected}, found ${describeKind(value)}`);
    return undefined;
  };
}

/** Reads one of a closed list of words; anything else is named in the problem. */
export function oneOf<const T extends string>(values: readonly T[]): Reading<T> {
  const known = new Map<unknown, T>(values.map((value) => [value, value]));
  return (value, place, note) => {
    const found = known.get(value);
    if (found !== undefined) return found;
    const shown =
      typeof value === "string" ? JSON.stringify(shorten(value, SHOWN_VALUE_CHARS_MAX)) : describeKind(value);
    note(place, `expected one of ${values.join(", ")}; found ${shown}`);
    return undefined;
  };
}

/** Reads a list, dropping unusable items and repeats; unusable as a whole when no item is left of some. */
export function listOf<T>(reading: Reading<T>): Reading<T[]> {
  return (value, place, note) => {
    if (!Array.isArray(value)) {
      note(place, `expected a list, found ${describeKind(value)}`);
      return undefined;
    }
    const items = new Set<T>();
    for (const [index, item] of value.entries()) {
      const read = reading(item, `${place}[${index}]`, note);
      if (read !== undefined) items.add(read);
    }
    return items.size === 0 && value.length > 0 ? undefined : [...items];
  };
}

/** Reads a mapping, dropping entries with an unusable value; an empty value counts as no entry. */
export function mapOf<T>(reading: Reading<T>): Reading<Map<string, T>> {
  return (value, place, note) => {
    if (!isMapping(value)) {
      note(place, `expected a mapping, found ${describeKind(value)}`);
      return undefined;
    }
    const entries = new Map<string, T>();
    for (const [key, item] of Object.entries(value)) {
      const read =
        item === null ? undefined : reading(item, `${place}.${shorten(key, SHOWN_VALUE_CHARS_MAX)}`, note);
      if (read !== undefined) entries.set(key, read);
    }
    return entries;
  };
}

/** Reads a mapping into a plain object, for parts that are only handed on and never looked up by us. */
export function recordOf<T>(reading: Reading<T>): Reading<Record<string, T>> {
  const readMap = mapOf(reading);
  return (value, place, note) => {
    const entries = readMap(value, place, note);
    // `fromEntries` defines own properties, so even a key "__proto__" stays data.
    return entries && Object.fromEntries(entries);
  };
}

function findValue(root: unknown, path: string, note: NoteProblem): unknown {
  let value = root;
  let place = "";
  for (const key of path.split(".")) {
    if (value === undefined || value === null) return undefined;
    if (!isMapping(value)) {
      note(place || "the file", `expected a mapping, found ${describeKind(value)}`);
      return undefined;
    }
    value = Object.hasOwn(value, key) ? value[key] : undefined;
    place = place === "" ? key : `${place}.${key}`;
  }
  return value;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Says the kind and not the value: a refused value may be a secret, and the text reaches every user.
function describeKind(value: unknown): string {
  if (value === null || value === undefined || value === "") return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "a text";
  if (typeof value === "object") return "a mapping";
  return typeof value === "boolean" ? String(value) : `a ${typeof value}`;
}

/** The text itself, or its beginning with an ellipsis when it is longer than `charsMax`. */
export function shorten(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}
