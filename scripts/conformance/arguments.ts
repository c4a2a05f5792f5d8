/** What the command line asks for. */
export interface Arguments {
  readonly openApi: string;
  readonly routes: string;
  readonly examples: string;
  /** Groups of recordings to report; empty means all. */
  readonly only: readonly string[];
  /** Where the result is written as JSON; null for nowhere. */
  readonly json: string | null;
  readonly isVerbose: boolean;
}

export const USAGE =
  "bun scripts/conformance.ts --openapi FILE --routes FILE --examples DIR [--only group,group] [--json FILE] [--verbose]";

const VALUES = ["--openapi", "--routes", "--examples", "--only", "--json"];

/** Reads the words of a command line; null when they are not as `USAGE` says. */
export function parseArguments(words: readonly string[]): Arguments | null {
  const values = new Map<string, string>();
  let isVerbose = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const value = words[index + 1];
    if (word === "--verbose") isVerbose = true;
    else if (VALUES.includes(word) && value !== undefined && !values.has(word)) {
      values.set(word, value);
      index += 1;
    } else return null;
  }
  const [openApi, routes, examples] = ["--openapi", "--routes", "--examples"].map((name) => values.get(name));
  if (openApi === undefined || routes === undefined || examples === undefined) return null;
  const only = values.get("--only")?.split(",") ?? [];
  return { openApi, routes, examples, only, json: values.get("--json") ?? null, isVerbose };
}
