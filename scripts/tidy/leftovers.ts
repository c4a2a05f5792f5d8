import { type Finding, note, refuse } from "./findings.ts";
import { matchesAny } from "./patterns.ts";
import { exemptFromLeftovers } from "./shape-table.ts";

/** Traces that mean nothing to whoever reads the project elsewhere. */
const leftovers: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /(?:^|[^a-zA-Z])\/(?:work|farm)\//, what: "a path of the machine it was written on" },
  { pattern: /registry\.npmjs|deb\.debian\.org/, what: "a package registry's host" },
  { pattern: /\bsubagents?\b/i, what: "how the work was organised" },
  { pattern: /\.\.\/shared/, what: "a folder outside the project" },
];

/** Checks any text file, line by line, for traces of where and how it was written. */
export function checkLeftovers(path: string, text: string): Finding[] {
  if (matchesAny(path, exemptFromLeftovers)) return [];
  return text.split("\n").flatMap((line, index) =>
    leftovers.flatMap(({ pattern, what }) => {
      const match = pattern.exec(line)?.[0];
      if (match === undefined) return [];
      return [refuse({ file: path, line: index + 1 }, "leftover", `"${match.trim()}" reads as ${what}`)];
    }),
  );
}

/** What a reviewer's plain text search for bans stops at, also inside of strings and comments. */
const READS_AS_BANNED =
  /@ts-(?:ignore|nocheck)|(?::|as) any\b|\.skip\(|\.only\(|TO-?DO|FIX-?ME|throw new Error\(/;

/**
 * Notes lines that a plain search takes for a ban although the rules allow them, such as a comment with the
 * words of a banned type, so that whoever searches knows them already. Lines with a finding are left out.
 */
export function noteLookalikes(path: string, text: string, refused: readonly Finding[]): Finding[] {
  if (!/\.tsx?$/.test(path) || /\.test\.tsx?$/.test(path)) return [];
  const known = new Set(refused.filter((finding) => finding.file === path).map((finding) => finding.line));
  return text.split("\n").flatMap((line, index) => {
    const match = READS_AS_BANNED.exec(line)?.[0];
    if (match === undefined || known.has(index + 1)) return [];
    return [
      note({ file: path, line: index + 1 }, "lookalike", `"${match}" reads as a ban: other words are better`),
    ];
  });
}
