/** Sorts findings into deliberate differences and failures, and finds rows that say something that is not so. */
import type { Finding, FindingKind } from "./types.ts";

/** A deliberate difference; texts may hold `*` for anything. */
export interface Difference {
  /** A pair's id such as `auth/29`, or `METHOD /path`. */
  readonly where: string;
  readonly what: FindingKind;
  /** Header, parameter or place in the body; "" for the whole. */
  readonly at?: string;
  readonly ours: string;
  readonly theirs: string;
  /** Why ours is right, or right enough. */
  readonly reason: string;
}

export const AREAS = ["Library on disk", "Library API", "Sync", "Netplay", "Ship", "Metadata"] as const;
export type Area = (typeof AREAS)[number];

/** A route of later work. */
export interface NotBuiltRoute {
  readonly method: string;
  readonly path: string;
  readonly area: Area;
}

/** A route that is not going to be served. */
export interface LeftOutRoute {
  readonly method: string;
  readonly path: string;
  /** Why nobody misses it. */
  readonly reason: string;
}

/** A value in the answer of a route we serve that only a route of later work could bring about. */
export interface NotBuiltValue extends Omit<Difference, "reason"> {
  readonly area: Area;
}

/** Findings with the first row that explains each, and the rows that explained nothing. */
export interface Judgement<R> {
  readonly explained: readonly { readonly finding: Finding; readonly row: R }[];
  readonly unexplained: readonly Finding[];
  readonly unused: readonly R[];
}

type Row = Omit<Difference, "reason">;

/** Ties findings to the rows that explain them. */
export function judge<R extends Row>(findings: readonly Finding[], rows: readonly R[]): Judgement<R> {
  const used = new Set<R>();
  const explained: { finding: Finding; row: R }[] = [];
  const unexplained: Finding[] = [];
  for (const finding of findings) {
    const row = rows.find((candidate) => explains(candidate, finding));
    if (row === undefined) unexplained.push(finding);
    else {
      used.add(row);
      explained.push({ finding, row });
    }
  }
  return { explained, unexplained, unused: rows.filter((row) => !used.has(row)) };
}

function explains(row: Row, finding: Finding): boolean {
  if (row.what !== finding.what) return false;
  const pairs = [
    [row.where, finding.where],
    [row.at ?? "", finding.at],
    [row.ours, finding.ours],
    [row.theirs, finding.theirs],
  ] as const;
  return pairs.every(([pattern, text]) => fits(pattern, text));
}

/** Whether a text fits a pattern in which `*` stands for any text, also none. */
export function fits(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`).test(text);
}
