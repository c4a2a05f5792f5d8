import { lineAt, type Source, textAt } from "./source.ts";

/** One function found in a file. */
export interface FunctionFacts {
  /** Its name, or `(arrow)` / `(function)` when it has none of its own. */
  readonly name: string;
  readonly line: number;
  /** From the first line of its head to the last line of its body, both counted; 0 without a body. */
  readonly lineCount: number;
  /** A leading `this` does not count; a destructured parameter counts once. */
  readonly parameterCount: number;
  /** Positions of its body in `Source.code`, `bodyTo` exclusive; equal without a body. */
  readonly bodyFrom: number;
  readonly bodyTo: number;
}

const CONTROL_WORDS = new Set(["if", "for", "while", "switch", "catch", "with"]);
/** Words that may stand before the parenthesis of an arrow function without being a callee. */
const NOT_A_NAME = new Set(
  "return typeof case in of delete void throw new instanceof await yield else do default async extends".split(
    " ",
  ),
);
const TYPE_PREFIXES = new Set("keyof typeof readonly unique infer asserts new abstract".split(" "));
/** An operand (a name, a closed bracket) followed by one of these goes on with another operand. */
const TYPE_JOINTS = new Set([".", "|", "&", "extends", "is", "?", ":"]);
/** Longer type argument lists than this are taken for a comparison. */
const ANGLE_TOKENS_MAX = 400;

/** The position after the `>` that closes the `<` at `from`, or `from` when it closes nothing. */
function skipAngles(source: Source, from: number): number {
  let depth = 0;
  for (let index = from; index < Math.min(source.code.length, from + ANGLE_TOKENS_MAX); index += 1) {
    const text = textAt(source, index);
    const other = source.partner[index] ?? -1;
    if (text === "<") depth += 1;
    if (text === ">") depth -= 1;
    if (depth === 0) return index + 1;
    if (other > index) index = other;
    else if (other !== -1 || text === ";") return from;
  }
  return from;
}

/** The position of the `<` that the `>` at `from` closes, or -1. */
function findAngleStart(source: Source, from: number): number {
  let depth = 0;
  for (let index = from; index > Math.max(-1, from - ANGLE_TOKENS_MAX); index -= 1) {
    const text = textAt(source, index);
    const other = source.partner[index] ?? -1;
    if (text === ">") depth += 1;
    if (text === "<") depth -= 1;
    if (depth === 0) return index;
    if (other !== -1 && other < index) index = other;
    else if (other !== -1 || text === ";") return -1;
  }
  return -1;
}

/** Passes a type's first operand; null when there is none at this place. */
function skipOperand(source: Source, index: number): { next: number; isComplete: boolean } | null {
  const token = source.code[index];
  if (token === undefined) return null;
  const other = source.partner[index] ?? -1;
  if (other > index && token.kind === "punct") {
    const isFunctionType = token.text === "(" && textAt(source, other + 1) === "=>";
    return { next: other + (isFunctionType ? 2 : 1), isComplete: !isFunctionType };
  }
  if (token.text === "<") {
    const next = skipAngles(source, index);
    return next === index ? null : { next, isComplete: false };
  }
  if (TYPE_PREFIXES.has(token.text) || ["|", "&", "-"].includes(token.text)) {
    return { next: index + 1, isComplete: false };
  }
  if (token.text === "import") return { next: (source.partner[index + 1] ?? index) + 1, isComplete: true };
  if (token.kind === "punct" || token.kind === "regex") return null;
  let next = index + 1;
  while (textAt(source, next) === "${") next = (source.partner[next] ?? next) + 2;
  return { next, isComplete: true };
}

/** The position after the type that starts at `from`. */
export function skipType(source: Source, from: number): number {
  let index = from;
  let wantsOperand = true;
  while (index < source.code.length) {
    if (wantsOperand) {
      const operand = skipOperand(source, index);
      if (operand === null) return index;
      index = operand.next;
      wantsOperand = !operand.isComplete;
      continue;
    }
    const text = textAt(source, index);
    if (text === "<") {
      const next = skipAngles(source, index);
      if (next === index) return index;
      index = next;
    } else if (text === "[") {
      index = (source.partner[index] ?? index) + 1;
    } else if (TYPE_JOINTS.has(text)) {
      index += 1;
      wantsOperand = true;
    } else {
      return index;
    }
  }
  return index;
}

/** The first token of the parameters that count: a leading `this` and its type are passed over. */
function parametersFrom(source: Source, open: number): number {
  if (textAt(source, open + 1) !== "this") return open + 1;
  const after = textAt(source, open + 2) === ":" ? skipType(source, open + 3) : open + 2;
  return textAt(source, after) === "," ? after + 1 : after;
}

function countParameters(source: Source, open: number): number {
  const close = source.partner[open] ?? open;
  let count = 0;
  let angles = 0;
  let isInside = false;
  for (let index = parametersFrom(source, open); index < close; index += 1) {
    const text = textAt(source, index);
    if (text === "," && angles === 0) {
      isInside = false;
      continue;
    }
    if (!isInside) count += 1;
    isInside = true;
    if (text === "<" && source.code[index - 1]?.kind === "word") angles += 1;
    if (text === ">" && angles > 0) angles -= 1;
    const other = source.partner[index] ?? -1;
    if (other > index) index = other;
  }
  return count;
}

/** Words after which a brace opens an object or a type rather than the body of something else. */
const BEFORE_AN_OBJECT = new Set("as satisfies extends typeof in of return await yield void new".split(" "));

/** Whether this brace follows a finished operand: then a function type ended there and a body begins. */
function opensABody(source: Source, index: number): boolean {
  if (textAt(source, index) !== "{") return false;
  const before = source.code[index - 1];
  if (before?.kind === "word") return !BEFORE_AN_OBJECT.has(before.text);
  return [")", "]", "}", ">"].includes(before?.text ?? "");
}

/**
 * The end of an arrow function's body that is an expression: the next comma, semicolon or closing bracket;
 * for an arrow-shaped type also the body of the function that returns it.
 */
function expressionEnd(source: Source, from: number): number {
  let index = from;
  while (index < source.code.length) {
    const text = textAt(source, index);
    const other = source.partner[index] ?? -1;
    if (text === "," || text === ";" || (other !== -1 && other < index)) return index;
    if (index > from && opensABody(source, index)) return index;
    index = other > index ? other + 1 : index + 1;
  }
  return index;
}

interface Head {
  readonly kind: "function" | "named" | "arrow";
  readonly name: string;
  readonly start: number;
}

/** What stands before a parameter list, or null when the parenthesis cannot belong to a function. */
function readHead(source: Source, open: number): Head | null {
  const anglesFrom = textAt(source, open - 1) === ">" ? findAngleStart(source, open - 1) : open;
  const at = (anglesFrom === -1 ? open : anglesFrom) - 1;
  const token = source.code[at];
  const before = textAt(source, at - 1);
  if (token?.text === "function") return { kind: "function", name: "(function)", start: at };
  if (before === "function" || (before === "*" && textAt(source, at - 2) === "function")) {
    const isNamed = token?.kind === "word";
    return { kind: "function", name: isNamed ? token.text : "(function)", start: at - 1 };
  }
  if (token === undefined || (token.kind === "word" && NOT_A_NAME.has(token.text))) {
    return { kind: "arrow", name: "(arrow)", start: open };
  }
  if (token.kind === "word" || token.kind === "string" || token.text === "]") {
    const isControl = CONTROL_WORDS.has(token.text) && before !== ".";
    const isCall = [".", "?.", "new", "extends"].includes(before);
    return isControl || isCall ? null : { kind: "named", name: token.text, start: at };
  }
  return token.text === ")" ? null : { kind: "arrow", name: "(arrow)", start: open };
}

function describe(
  source: Source,
  head: Head,
  range: { open: number; from: number; to: number },
): FunctionFacts {
  const { open, from, to } = range;
  const line = lineAt(source, head.start);
  const last = source.code[to - 1];
  return {
    name: head.name,
    line,
    lineCount: to > from && last !== undefined ? last.endLine - line + 1 : 0,
    parameterCount: textAt(source, open) === "(" ? countParameters(source, open) : 1,
    bodyFrom: from,
    bodyTo: to,
  };
}

/** The body's positions when one starts at `at`, otherwise null. */
function readBody(source: Source, at: number, isArrow: boolean): { from: number; to: number } | null {
  const from = isArrow ? at + 1 : at;
  if (textAt(source, from) === "{") return { from, to: (source.partner[from] ?? from) + 1 };
  return isArrow ? { from, to: expressionEnd(source, from) } : null;
}

function readFunctionAt(source: Source, open: number): FunctionFacts | null {
  const head = readHead(source, open);
  const close = source.partner[open] ?? -1;
  if (head === null || close === -1) return null;
  const after = textAt(source, close + 1) === ":" ? skipType(source, close + 2) : close + 1;
  const isArrow = textAt(source, after) === "=>";
  if (isArrow !== (head.kind === "arrow")) {
    return head.kind === "function" ? describe(source, head, { open, from: after, to: after }) : null;
  }
  const body = readBody(source, after, isArrow);
  if (body !== null) return describe(source, head, { open, ...body });
  return head.kind === "function" ? describe(source, head, { open, from: after, to: after }) : null;
}

/**
 * Lists a file's functions: declarations, overloads (no body), methods, accessors and arrow functions,
 * also arrow-shaped function types. It reads tokens, not a syntax tree; formatted code is what it is made for.
 */
export function findFunctions(source: Source): readonly FunctionFacts[] {
  const found: FunctionFacts[] = [];
  source.code.forEach((token, index) => {
    if (token.text === "(" && token.kind === "punct") {
      const facts = readFunctionAt(source, index);
      if (facts !== null) found.push(facts);
    }
    if (token.kind === "word" && textAt(source, index + 1) === "=>") {
      const head: Head = { kind: "arrow", name: "(arrow)", start: index };
      const body = readBody(source, index + 1, true);
      if (body !== null) found.push(describe(source, head, { open: index, ...body }));
    }
  });
  return found;
}
