import { appendFileSync, writeFileSync } from "node:fs";
import { formatMachine, type Machine } from "./machine.ts";
import type { Summary } from "./statistics.ts";

/** Cells of one line; numbers are written by the caller, so that each row can have its own unit. */
export type Row = readonly string[];

/** A table with one line per figure; every column but the first is set right. */
export function formatTable(heads: Row, rows: readonly Row[]): string {
  const lines = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const format = (line: Row) =>
    widths
      .map((width, column) => {
        const cell = line[column] ?? "";
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  return [format(heads), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(format)].join("\n");
}

/** What one benchmark found. */
export interface Report {
  readonly title: string;
  readonly machine: Machine;
  readonly heads: Row;
  readonly rows: readonly Row[];
  /** Said below the table: input sizes, tools, what to read with care. */
  readonly notes: readonly string[];
  /** The same figures as numbers, for `--json`. */
  readonly figures: unknown;
}

/** Names a file to which every report is also added as a line of JSON: `all.ts` gathers them so. */
export const REPORTS_VARIABLE = "MULTITAP_BENCH_REPORTS";

/** What `all.ts` needs of a report. */
export type GatheredReport = Omit<Report, "figures">;

/** Prints a report; with a path also writes its figures there as JSON. */
export function printReport(report: Report, jsonPath: string | undefined): void {
  const reportsPath = process.env[REPORTS_VARIABLE];
  if (reportsPath !== undefined) {
    const { figures: _unused, ...gathered } = report;
    appendFileSync(reportsPath, `${JSON.stringify(gathered)}\n`);
  }
  console.log(
    [
      "",
      report.title,
      formatMachine(report.machine),
      "",
      formatTable(report.heads, report.rows),
      "",
      ...report.notes,
    ].join("\n"),
  );
  if (jsonPath === undefined) return;
  const { title, machine, notes, figures } = report;
  writeFileSync(jsonPath, `${JSON.stringify({ title, machine, notes, figures }, null, 2)}\n`);
}

/** Whether a figure is within its budget, as the tables say it. */
export function judge(isMet: boolean): "ok" | "MISS" {
  return isMet ? "ok" : "MISS";
}

/** Median and the range of all runs, such as `1.27 s (1.20..1.41, 5 runs)`. */
export function formatSummary(summary: Summary, unit: string, digits: number): string {
  const { median, least, most, runs } = summary;
  const range = `${least.toFixed(digits)}..${most.toFixed(digits)}`;
  return `${median.toFixed(digits)} ${unit} (${range}, ${runs} ${runs === 1 ? "run" : "runs"})`;
}

/** A number with three significant digits, and none after the point from 100 on. */
export function formatNumber(value: number): string {
  if (value >= 99.95) return Math.round(value).toLocaleString("en-US");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** How many times as much, such as `123x`. */
export function formatRatio(ratio: number): string {
  return `${formatNumber(ratio)}x`;
}

/** Megabytes of 10^6 bytes. */
export function formatMegabytes(bytes: number): string {
  return `${formatNumber(bytes / 1e6)} MB`;
}
