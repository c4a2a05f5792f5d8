/** Where a text stops being JSON, and why. */
export interface JsonFault {
  /** 0-based character. */
  readonly position: number;
  /** In the words of the compatible API. */
  readonly reason: string;
}

const SPACE = /[ \t\n\r]*/y;
const PLAIN = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
/** Everything but quotes, backslashes and control characters. */
const STRING_PIECE = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

const NO_VALUE = "Expecting value";
const NO_KEY = "Expecting property name enclosed in double quotes";

/** What may stand at a place of the text. */
type Expected = "value" | "value or ]" | "key" | "key or }" | "next";

/**
 * Finds the first fault of a text that `JSON.parse` refused; the runtime's own message names no position.
 * One pass, no recursion.
 */
export function findJsonFault(text: string): JsonFault {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let position = skip(SPACE, text, 0);
  for (;;) {
    const character = text[position];
    if (expected === "next") {
      const parent = open.at(-1);
      if (parent === undefined) return { position, reason: "Extra data" };
      if (character === closingOf(parent)) open.pop();
      else if (character !== ",") return { position, reason: "Expecting ',' delimiter" };
      else expected = parent === "{" ? "key" : "value";
      position += 1;
    } else if (
      (expected === "value or ]" && character === "]") ||
      (expected === "key or }" && character === "}")
    ) {
      open.pop();
      expected = "next";
      position += 1;
    } else if (expected === "key" || expected === "key or }") {
      if (character !== '"') return { position, reason: NO_KEY };
      const key = readString(text, position);
      if (typeof key !== "number") return key;
      position = skip(SPACE, text, key);
      if (text[position] !== ":") return { position, reason: "Expecting ':' delimiter" };
      expected = "value";
      position += 1;
    } else if (character === "{" || character === "[") {
      open.push(character);
      expected = character === "{" ? "key or }" : "value or ]";
      position += 1;
    } else {
      const end = readPlainValue(text, position);
      if (typeof end !== "number") return end;
      expected = "next";
      position = end;
    }
    position = skip(SPACE, text, position);
  }
}

function closingOf(opening: "{" | "["): string {
  return opening === "{" ? "}" : "]";
}

/** The position behind a text, number or word, or its fault. */
function readPlainValue(text: string, start: number): number | JsonFault {
  if (text[start] === '"') return readString(text, start);
  const end = skip(PLAIN, text, start);
  return end === start ? { position: start, reason: NO_VALUE } : end;
}

function readString(text: string, start: number): number | JsonFault {
  let position = start + 1;
  for (;;) {
    position = skip(STRING_PIECE, text, position);
    const character = text[position];
    if (character === '"') return position + 1;
    if (character === undefined) return { position: start, reason: "Unterminated string starting at" };
    if (character !== "\\") return { position, reason: "Invalid control character at" };
    const end = skip(ESCAPE, text, position);
    if (end === position) return { position, reason: "Invalid \\escape" };
    position = end;
  }
}

/** The position behind a sticky pattern, or the same when it does not match. */
function skip(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : position;
}
