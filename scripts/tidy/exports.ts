import { type Finding, refuse } from "./findings.ts";
import type { FunctionFacts } from "./functions.ts";
import { matchesAny } from "./patterns.ts";
import { barrelEntries, documentedFiles, filesWithDefaultExport, filesWithEffects } from "./shape-table.ts";
import { isTestFile, lineAt, matchesAt, type Source, type Statement, textAt } from "./source.ts";

/**
 * Statements that begin with these words declare something and do nothing by themselves; a loop fills a table.
 */
const DECLARING_WORDS = new Set(
  "import export const let var function class interface type declare abstract enum namespace module for".split(
    " ",
  ),
);

function isReexport(source: Source, { from }: Statement): boolean {
  if (textAt(source, from) !== "export") return false;
  const names = textAt(source, from + 1) === "type" ? textAt(source, from + 2) : textAt(source, from + 1);
  return names === "{" || names === "*";
}

/** Refuses files that only pass on what others export: they hide where things live and make cycles. */
export function checkBarrel(source: Source, entryPoints: ReadonlySet<string>): Finding[] {
  if (entryPoints.has(source.path) || matchesAny(source.path, barrelEntries)) return [];
  const rest = source.statements.filter((statement) => textAt(source, statement.from) !== "import");
  if (rest.length === 0 || !rest.every((statement) => isReexport(source, statement))) return [];
  const message = "this file only re-exports: import from the file that declares, or make it a package entry";
  return [refuse({ file: source.path, line: 1 }, "barrel", message)];
}

/** Refuses default exports, which every importer may name differently. */
export function checkDefaultExport(source: Source): Finding[] {
  if (matchesAny(source.path, filesWithDefaultExport)) return [];
  return source.statements
    .filter(({ from }) => matchesAt(source, from, ["export", "default"]))
    .map(({ from }) =>
      refuse({ file: source.path, line: lineAt(source, from) }, "default-export", "export it by name"),
    );
}

/** The name an export declares: the word after `function`, `const` and so on. */
function exportedName(source: Source, from: number): string {
  let index = from + 1;
  while (
    /^(?:default|declare|async|abstract|function|\*|const|let|var|class|interface|type|enum)$/.test(
      textAt(source, index),
    )
  ) {
    index += 1;
  }
  return textAt(source, index);
}

function hasDocstring(source: Source, from: number): boolean {
  const token = source.code[from];
  const before = token === undefined ? undefined : source.tokens[source.tokens.indexOf(token) - 1];
  return before?.kind === "comment" && before.text.startsWith("/**") && /[\p{L}]{2}/u.test(before.text);
}

/** Requires a docstring on every export of the public places; overloads share the first one's. */
export function checkDocstrings(source: Source): Finding[] {
  if (isTestFile(source.path) || !matchesAny(source.path, documentedFiles)) return [];
  const findings: Finding[] = [];
  let lastName = "";
  for (const statement of source.statements) {
    if (textAt(source, statement.from) !== "export" || isReexport(source, statement)) continue;
    const name = exportedName(source, statement.from);
    if (name !== lastName && !hasDocstring(source, statement.from)) {
      const at = { file: source.path, line: lineAt(source, statement.from) };
      const message = `${name} needs a docstring: first what the caller gets, then only what types cannot say`;
      findings.push(refuse(at, "docstring", message));
    }
    lastName = name;
  }
  return findings;
}

function hasTopLevelAwait(
  source: Source,
  statement: Statement,
  functions: readonly FunctionFacts[],
): boolean {
  for (let index = statement.from; index < statement.to; index += 1) {
    if (textAt(source, index) !== "await" || textAt(source, index - 1) === ".") continue;
    if (!functions.some((facts) => facts.bodyFrom <= index && index < facts.bodyTo)) return true;
  }
  return false;
}

function declaresOnly(source: Source, { from }: Statement): boolean {
  const first = source.code[from];
  if (first?.kind === "string" || ["export", ";", "@"].includes(first?.text ?? "")) return true;
  if (matchesAt(source, from, ["if", "(", "import", ".", "meta", ".", "main", ")"])) return true;
  // `async` alone may begin a call: `async () => …` is no declaration.
  if (first?.text === "async") return textAt(source, from + 1) === "function";
  return first?.kind === "word" && DECLARING_WORDS.has(first.text);
}

/** Refuses files that do something on import, apart from the few that exist for it. */
export function checkEffects(source: Source, functions: readonly FunctionFacts[]): Finding[] {
  if (isTestFile(source.path) || matchesAny(source.path, filesWithEffects)) return [];
  return source.statements
    .filter((statement) => !declaresOnly(source, statement) || hasTopLevelAwait(source, statement, functions))
    .map(({ from }) => {
      const message = `"${textAt(source, from)}" runs on import: export a function that main, app or a test calls`;
      return refuse({ file: source.path, line: lineAt(source, from) }, "effects", message);
    });
}
