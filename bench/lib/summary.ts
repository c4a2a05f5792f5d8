import { formatMachine, type Machine } from "./machine.ts";
import type { GatheredReport, Row } from "./report.ts";

/** One budget and how it was met. */
export interface Claim {
  readonly program: string;
  readonly what: string;
  /** Figures with the heads of their columns. */
  readonly measured: string;
  readonly budget: string;
  readonly isMet: boolean;
}

/** A row's verdict begins so; what follows says why. */
const VERDICT = /^(ok|MISS)/;

/** The budgets that a report judges, in its table and in the sentences below. */
export function listClaims(program: string, { title, heads, rows, notes }: GatheredReport): readonly Claim[] {
  const budgetAt = heads.indexOf("budget");
  const verdictAt = heads.indexOf("verdict");
  const judged = rows.flatMap((row): readonly Claim[] => {
    const verdict = VERDICT.exec(row[verdictAt] ?? "")?.[1];
    if (verdict === undefined) return [];
    const what = `${row[0] ?? title}${describeSize(heads, row)}`;
    return [
      {
        program,
        what,
        measured: describeFigures(heads, row, [0, budgetAt, verdictAt]),
        budget: row[budgetAt] ?? "",
        isMet: verdict === "ok",
      },
    ];
  });
  return [...judged, ...notes.flatMap((note) => readSentence(program, note))];
}

/** Rows of one name differ by their number of connections. */
function describeSize(heads: Row, row: Row): string {
  const connections = row[heads.indexOf("c")];
  return connections === undefined ? "" : `, ${connections} at once`;
}

function describeFigures(heads: Row, row: Row, leftOut: readonly number[]): string {
  return heads
    .map((head, column) => ({ head, column, cell: row[column] ?? "-" }))
    .filter(({ head, column, cell }) => !leftOut.includes(column) && head !== "c" && cell !== "-")
    .map(({ head, cell }) => `${head} ${cell}`)
    .join("; ");
}

/** A sentence such as `Download: 1.4 GB/s, budget >= 1 GB/s: ok; more`. */
function readSentence(program: string, note: string): readonly Claim[] {
  const found = /^([^:]+): (.*?),? \(?budget ([<>]= [^:)]+)\)?: (ok|MISS)/.exec(note);
  if (found === null) return [];
  const [, what = "", measured = "", budget = "", verdict] = found;
  return [{ program, what, measured, budget, isMet: verdict === "ok" }];
}

/** The table of all budgets, as Markdown, with the machine and how many were met. */
export function formatSummaryTable(claims: readonly Claim[], machine: Machine): string {
  const missed = claims.filter(({ isMet }) => !isMet).length;
  const cell = (text: string) => text.replaceAll("|", "\\|");
  return [
    `${claims.length - missed} of ${claims.length} budgets met. ${formatMachine(machine)}.`,
    "",
    "| program | what | measured | budget | verdict |",
    "| --- | --- | --- | --- | --- |",
    ...claims.map(({ program, what, measured, budget, isMet }) => {
      const cells = [`\`${program}\``, what, measured, budget, isMet ? "ok" : "**MISS**"];
      return `| ${cells.map(cell).join(" | ")} |`;
    }),
  ].join("\n");
}
