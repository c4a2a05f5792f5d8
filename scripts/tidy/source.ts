import { type Token, tokenize } from "./tokens.ts";

/** One statement at the top level of a file, as positions in `Source.code`; `to` is exclusive. */
export interface Statement {
  readonly from: number;
  readonly to: number;
}

/** One code file, read once and shared by all rules. */
export interface Source {
  /** Relative to the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Every token, comments included. */
  readonly tokens: readonly Token[];
  /** The tokens without comments. */
  readonly code: readonly Token[];
  /** For each bracket in `code` the position of its other half, -1 for everything else. */
  readonly partner: readonly number[];
  readonly statements: readonly Statement[];
}

const CODE_FILE = /\.(?:ts|tsx|mts|cts|js|jsx|mjs|cjs)$/;
const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "${": "}" };
/** Statements that begin with these words end with their block; all others end with a semicolon. */
const BLOCK_WORDS = new Set(
  "function class interface enum namespace module if for while switch try do abstract async".split(" "),
);
const CONTINUES_A_BLOCK = new Set(["else", "catch", "finally", "while"]);

/** Whether tidy reads this file as code. */
export function isCodeFile(path: string): boolean {
  return CODE_FILE.test(path);
}

/** Whether this file belongs to the tests: test files, type tests, and files that only tests use. */
export function isTestFile(path: string): boolean {
  return (
    /\.(?:test|test-d|testing|fixture)\.tsx?$/.test(path) ||
    /(?:^|\/)testing(?:\.ts$|\/)/.test(path) ||
    path.includes("/fixtures/")
  );
}

/** The text of the token at this position of `code`, or an empty text outside of it. */
export function textAt(source: Source, index: number): string {
  return source.code[index]?.text ?? "";
}

/** The 1-based line of the token at this position of `code`; the last line when there is none. */
export function lineAt(source: Source, index: number): number {
  return (source.code[index] ?? source.code.at(-1))?.line ?? 1;
}

/** Whether the texts of the tokens from this position on are exactly these. */
export function matchesAt(source: Source, index: number, texts: readonly string[]): boolean {
  return texts.every((text, offset) => textAt(source, index + offset) === text);
}

/** The value of a string token: without its quotes, escapes left as written. */
export function stringValue(token: Token | undefined): string | null {
  return token?.kind === "string" ? token.text.slice(1, -1) : null;
}

function pairBrackets(code: readonly Token[]): number[] {
  const partner = code.map(() => -1);
  const open: number[] = [];
  code.forEach((token, index) => {
    if (token.kind !== "punct") return;
    if (token.text in CLOSING) open.push(index);
    if (token.text !== ")" && token.text !== "]" && token.text !== "}") return;
    const opening = open.pop();
    if (opening === undefined) return;
    partner[opening] = index;
    partner[index] = opening;
  });
  return partner;
}

/** The first word of a statement that says what it is: `export`, `default` and `declare` are passed over. */
export function leadingWord(code: readonly Token[], from: number): string {
  let index = from;
  while (["export", "default", "declare"].includes(code[index]?.text ?? "")) index += 1;
  return code[index]?.text ?? "";
}

/**
 * Whether the brace at `close` ends the statement that begins at `from`. A brace of a return type does not:
 * formatted code goes on in its line.
 */
function endsAtBrace(code: readonly Token[], from: number, close: number): boolean {
  const next = code[close + 1];
  if (next !== undefined && next.line === code[close]?.endLine) return false;
  if (next !== undefined && CONTINUES_A_BLOCK.has(next.text)) return false;
  const isBlock = code[from]?.text === "{";
  return isBlock || BLOCK_WORDS.has(leadingWord(code, from));
}

function splitStatements(code: readonly Token[], partner: readonly number[]): Statement[] {
  const statements: Statement[] = [];
  let from = 0;
  let index = 0;
  const close = (to: number) => {
    if (to > from) statements.push({ from, to });
    from = to;
  };
  while (index < code.length) {
    const text = code[index]?.text ?? "";
    const isOpening = code[index]?.kind === "punct" && text in CLOSING;
    const other = isOpening ? (partner[index] ?? -1) : -1;
    index = other > index ? other + 1 : index + 1;
    if (text === ";" || (other > 0 && text === "{" && endsAtBrace(code, from, other))) close(index);
  }
  close(code.length);
  return statements;
}

/** Reads a file's tokens, brackets and top-level statements. */
export function readSource(path: string, text: string): Source {
  const tokens = tokenize(text);
  const code = tokens.filter((token) => token.kind !== "comment");
  const partner = pairBrackets(code);
  return { path, text, tokens, code, partner, statements: splitStatements(code, partner) };
}
