import { type Finding, refuse } from "./findings.ts";
import { matchesAny } from "./patterns.ts";
import { filesReadingEnvironment, forwardedHeadersFile } from "./shape-table.ts";
import { isTestFile, lineAt, matchesAt, type Source, textAt } from "./source.ts";
import type { Token } from "./tokens.ts";

interface SequenceBan {
  readonly rule: string;
  /** The texts of consecutive tokens; strings and comments never match. */
  readonly tokens: readonly string[];
  readonly isAllowedIn: (path: string) => boolean;
  readonly message: string;
}

const nowhere = () => false;
const readsEnvironment = (path: string) => isTestFile(path) || matchesAny(path, filesReadingEnvironment);
const ENVIRONMENT_MESSAGE =
  "only the configuration, cli and the embedded database read the environment: take a value";
const PASSWD_MESSAGE = "throws for a uid without a passwd entry: take HOME or the uid from the configuration";

const sequenceBans: readonly SequenceBan[] = [
  {
    rule: "plain-error",
    tokens: ["throw", "new", "Error", "("],
    isAllowedIn: isTestFile,
    message: "expected failures are the folder's typed error with a code and a cause, bugs are assert()",
  },
  ...[
    ["process", ".", "env"],
    ["Bun", ".", "env"],
    ["import", ".", "meta", ".", "env"],
  ].map((tokens) => ({
    rule: "environment",
    tokens,
    isAllowedIn: readsEnvironment,
    message: ENVIRONMENT_MESSAGE,
  })),
  ...["userInfo", "homedir"].map((name) => ({
    rule: "passwd",
    tokens: ["os", ".", name],
    isAllowedIn: nowhere,
    message: `os.${name}() ${PASSWD_MESSAGE}`,
  })),
  ...["test", "describe", "it"].map((word) => ({
    rule: "only",
    tokens: [word, ".", "only"],
    isAllowedIn: nowhere,
    message: "the other tests would not run",
  })),
  ...["test", "describe", "it"].map((word) => ({
    rule: "skip",
    tokens: [word, ".", "todo"],
    isAllowedIn: nowhere,
    message: "a test that is not written proves nothing: write it or leave it out",
  })),
];

function checkSequences(source: Source, index: number): Finding[] {
  return sequenceBans
    .filter((ban) => matchesAt(source, index, ban.tokens) && !ban.isAllowedIn(source.path))
    .map((ban) => refuse({ file: source.path, line: lineAt(source, index) }, ban.rule, ban.message));
}

/** Tokens before `any` after which it can only be a type. */
const BEFORE_A_TYPE = new Set([":", "as", "|", "&", "=>", "extends", "keyof", "readonly", "satisfies", "is"]);
/** Tokens after `any` that show a name instead: a key, a call, a member. */
const AFTER_A_NAME = new Set([":", "(", ".", "?."]);
const AFTER_A_TYPE_ARGUMENT = new Set([">", "[", "|", "&"]);

function isAnyType(source: Source, index: number): boolean {
  if (textAt(source, index) !== "any" || source.code[index]?.kind !== "word") return false;
  const before = textAt(source, index - 1);
  const after = textAt(source, index + 1);
  if (BEFORE_A_TYPE.has(before)) return !AFTER_A_NAME.has(after);
  if (before === "<") return AFTER_A_TYPE_ARGUMENT.has(after) || after === ",";
  if (before === ",") return AFTER_A_TYPE_ARGUMENT.has(after);
  return before === "=" && textAt(source, index - 3) === "type";
}

function checkAny(source: Source, index: number): Finding[] {
  if (!isAnyType(source, index)) return [];
  const message = "the type `any` turns checking off: use `unknown` and a schema";
  return [refuse({ file: source.path, line: lineAt(source, index) }, "any", message)];
}

/** A `catch` block, or the callback of a promise's `catch`, in which nothing stands but comments. */
function isEmptyCatch(source: Source, index: number): boolean {
  if (textAt(source, index) !== "catch") return false;
  const close = textAt(source, index + 1) === "(" ? (source.partner[index + 1] ?? index) : index;
  const isMethod = textAt(source, index - 1) === ".";
  if (!isMethod) return matchesAt(source, close + 1, ["{", "}"]);
  const isEmptyArrow = matchesAt(source, close - 3, ["=>", "{", "}"]);
  return (
    isEmptyArrow && source.code.findIndex((token, at) => at > index && token.text === "=>") === close - 3
  );
}

function checkCatch(source: Source, index: number): Finding[] {
  if (!isEmptyCatch(source, index)) return [];
  const message = "an empty catch swallows every failure: name the expected one, pass on the rest";
  return [refuse({ file: source.path, line: lineAt(source, index) }, "empty-catch", message)];
}

function checkPasswdImport(source: Source): Finding[] {
  return source.statements.flatMap(({ from, to }) => {
    const words = source.code.slice(from, to);
    if (words[0]?.text !== "import" || !words.some((token) => /^["'](?:node:)?os["']$/.test(token.text)))
      return [];
    return words
      .filter((token) => token.text === "userInfo" || token.text === "homedir")
      .map((token) =>
        refuse({ file: source.path, line: token.line }, "passwd", `os.${token.text}() ${PASSWD_MESSAGE}`),
      );
  });
}

function checkForwardedHeaders(source: Source, token: Token): Finding[] {
  if (token.kind !== "string" && token.kind !== "template") return [];
  if (!/x-forwarded-/i.test(token.text)) return [];
  if (source.path === forwardedHeadersFile || isTestFile(source.path)) return [];
  const message = `only ${forwardedHeadersFile} reads forwarded headers: anyone can send them, it knows whom to trust`;
  return [refuse({ file: source.path, line: token.line }, "forwarded-headers", message)];
}

/** How a reason reads: `… (needs redis-server)`, `skipped: why`. */
const SKIP_REASON = /\bskipped[:,] .+|\(needs .+\)/;
const SKIP_WORDS = new Set(["skip", "skipIf", "todoIf"]);
/** Functions that print why they answer "missing". */
const SKIP_CALLS = new Set(["requireProgram", "requireChromium", "requireChdman"]);

function isTestWord(text: string): boolean {
  return text === "test" || text === "describe" || text === "it";
}

/**
 * Whether it is printed why a test is left out: by a call that does, or by a text of the file, be it the test's
 * name or what it prints where it decides.
 */
function printsReason(source: Source): boolean {
  return source.code.some(
    (token) => SKIP_CALLS.has(token.text) || (token.kind !== "word" && SKIP_REASON.test(token.text)),
  );
}

function checkSkip(source: Source, index: number): Finding[] {
  if (!isTestWord(textAt(source, index)) || textAt(source, index - 1) === ".") return [];
  if (textAt(source, index + 1) !== "." || !SKIP_WORDS.has(textAt(source, index + 2))) return [];
  if (printsReason(source)) return [];
  const message =
    'a skipped test prints why: end its name with "(needs …)" or "skipped: …", or use requireProgram';
  return [refuse({ file: source.path, line: lineAt(source, index) }, "skip", message)];
}

const TS_COMMENT = /@ts-(?:ignore|nocheck|expect-error)/;
const REMINDER = /\b(?:TO-?DO|FIX-?ME)\b/;
const ISSUE_NUMBER = /#\d+|issues?[-/ ]\d+/i;

function checkComment(source: Source, token: Token): Finding[] {
  const at = { file: source.path, line: token.line };
  const findings: Finding[] = [];
  const isTypeTest = source.path.endsWith(".test-d.ts");
  const directive = TS_COMMENT.exec(token.text)?.[0];
  if (directive !== undefined && !(isTypeTest && directive === "@ts-expect-error")) {
    findings.push(
      refuse(at, "ts-comment", `${directive} hides errors: state the type, or check it at the edge`),
    );
  }
  if (REMINDER.test(token.text) && !ISSUE_NUMBER.test(token.text)) {
    findings.push(
      refuse(at, "reminder", "a reminder needs the number of its issue, or it is never read again"),
    );
  }
  return findings;
}

/** Checks what no file may say in code or comments; words inside strings do not count. */
export function checkBans(source: Source): Finding[] {
  const inCode = source.code.flatMap((token, index) => [
    ...(token.kind === "word" ? checkWord(source, index) : []),
    ...checkForwardedHeaders(source, token),
  ]);
  const inComments = source.tokens
    .filter((token) => token.kind === "comment")
    .flatMap((token) => checkComment(source, token));
  return [...inCode, ...inComments, ...checkPasswdImport(source)];
}

function checkWord(source: Source, index: number): Finding[] {
  return [
    ...checkSequences(source, index),
    ...checkAny(source, index),
    ...checkCatch(source, index),
    ...checkSkip(source, index),
  ];
}
