/** What a token is; `punct` is every operator and bracket, `template` one literal piece of a template string. */
export type TokenKind = "word" | "number" | "string" | "template" | "regex" | "comment" | "punct";

/** One token of a source text; lines are 1-based and `end` is the offset after the last character. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly endLine: number;
}

interface Scan {
  readonly text: string;
  readonly tokens: Token[];
  /** Open braces; a template hole must go on as a template when it closes. */
  readonly braces: ("{" | "${")[];
  offset: number;
  line: number;
}

const SPACE = /[\s\uFEFF]+/y;
const WORD = /#?[\p{L}\p{Nl}$_][\p{L}\p{N}\p{M}$_\u200C\u200D]*/uy;
const NUMBER = /0[xob][\da-f_]+n?|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:e[+-]?\d+)?n?/iy;
const LINE_COMMENT = /(?:\/\/|#!)[^\n]*/y;
const BLOCK_COMMENT = /\/\*[\s\S]*?(?:\*\/|$)/y;
/** A string that is never closed ends with its line, so that one bad line cannot swallow the file. */
const STRING = /"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/[\\\n])+\/[a-z]*/y;
/** From the opening backtick, or from the end of a hole, to the next hole or the closing backtick. */
const TEMPLATE = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/y;
const PUNCT =
  /\.\.\.|=>|\?\?=|\?\?|\?\.(?!\d)|===|!==|==|!=|<=|>=|&&=|&&|\|\|=|\|\||\*\*|\+\+|--|\+=|-=|\*=|[^\s]/y;

/** After these words a slash begins a regular expression, after any other word it divides. */
const WORDS_BEFORE_A_VALUE = new Set(
  "return typeof case in of delete void throw new instanceof await yield else do extends default".split(" "),
);

function slashBeginsRegex(scan: Scan): boolean {
  const before = scan.tokens.findLast((token) => token.kind !== "comment");
  if (before === undefined) return true;
  if (before.kind === "word") return WORDS_BEFORE_A_VALUE.has(before.text);
  if (before.kind !== "punct") return false;
  // A block's closing brace ends its line when a statement follows; after an object literal a division stays on it.
  if (before.text === "}") return before.line !== scan.line;
  return ![")", "]", "++", "--"].includes(before.text);
}

function take(scan: Scan, pattern: RegExp): string {
  pattern.lastIndex = scan.offset;
  return pattern.exec(scan.text)?.[0] ?? "";
}

function push(scan: Scan, kind: TokenKind, text: string): void {
  const start = scan.offset;
  const line = scan.line;
  scan.offset += text.length;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) scan.line += 1;
  scan.tokens.push({ kind, text, start, end: scan.offset, line, endLine: scan.line });
}

/** Reads one literal piece of a template and the sign that ends it. */
function readTemplatePiece(scan: Scan, opening: string): void {
  TEMPLATE.lastIndex = scan.offset + opening.length;
  const body = TEMPLATE.exec(scan.text)?.[0] ?? "";
  const after = scan.offset + opening.length + body.length;
  push(scan, "template", opening + body + (scan.text[after] === "`" ? "`" : ""));
  if (scan.text.startsWith("${", scan.offset)) {
    push(scan, "punct", "${");
    scan.braces.push("${");
  }
}

function readPunct(scan: Scan): void {
  const text = take(scan, PUNCT);
  push(scan, "punct", text);
  if (text === "{") scan.braces.push("{");
  if (text === "}" && scan.braces.pop() === "${") readTemplatePiece(scan, "");
}

/** The kind and text of the next token, or null for an operator, a bracket or a template. */
function recognise(scan: Scan): readonly [TokenKind, string] | null {
  const first = scan.text[scan.offset];
  const second = scan.text[scan.offset + 1];
  if (first === '"' || first === "'") return ["string", take(scan, STRING)];
  const isShebang = first === "#" && second === "!" && scan.offset === 0;
  if (isShebang || (first === "/" && second === "/")) return ["comment", take(scan, LINE_COMMENT)];
  if (first === "/" && second === "*") return ["comment", take(scan, BLOCK_COMMENT)];
  const regex = first === "/" && slashBeginsRegex(scan) ? take(scan, REGEX) : "";
  if (regex !== "") return ["regex", regex];
  const word = take(scan, WORD);
  if (word !== "") return ["word", word];
  const number = take(scan, NUMBER);
  return number === "" ? null : ["number", number];
}

function readOne(scan: Scan): void {
  const found = recognise(scan);
  if (found !== null) push(scan, ...found);
  else if (scan.text[scan.offset] === "`") readTemplatePiece(scan, "`");
  else readPunct(scan);
}

/**
 * Splits TypeScript, JavaScript or AssemblyScript into tokens, comments included, white space left out.
 * It never refuses: what it cannot read becomes one-character `punct` tokens. Angle brackets stay single
 * characters, since only the reader knows whether they compare or hold type arguments.
 */
export function tokenize(text: string): readonly Token[] {
  const scan: Scan = { text, tokens: [], braces: [], offset: 0, line: 1 };
  while (scan.offset < text.length) {
    const space = take(scan, SPACE);
    if (space !== "") {
      for (const character of space) if (character === "\n") scan.line += 1;
      scan.offset += space.length;
      continue;
    }
    readOne(scan);
  }
  return scan.tokens;
}
