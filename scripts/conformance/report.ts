/** Puts a run into words: a line for each group, what failed, and the totals. */
import { DIFFERENCES } from "./differences.ts";
import {
  AREAS,
  type Area,
  type Difference,
  judge,
  type LeftOutRoute,
  type NotBuiltRoute,
  type NotBuiltValue,
} from "./judge.ts";
import { LEFT_OUT_ROUTES } from "./left-out.ts";
import { areaOfTranscript, NOT_BUILT_ROUTES, NOT_BUILT_VALUES } from "./not-built-yet.ts";
import { formOf } from "./path-template.ts";
import type { PairResult, ServedRoute } from "./replay.ts";
import type { RunResult } from "./run.ts";
import type { Finding, Route, Transcript } from "./types.ts";

export interface Tables {
  readonly differences: readonly Difference[];
  readonly notBuiltRoutes: readonly NotBuiltRoute[];
  readonly leftOutRoutes: readonly LeftOutRoute[];
  readonly notBuiltValues: readonly NotBuiltValue[];
}

const TABLES: Tables = {
  differences: DIFFERENCES,
  notBuiltRoutes: NOT_BUILT_ROUTES,
  leftOutRoutes: LEFT_OUT_ROUTES,
  notBuiltValues: NOT_BUILT_VALUES,
};

export interface ReportOptions {
  readonly transcripts: readonly Transcript[];
  /** Only these groups and the routes they reach; empty means all. */
  readonly only: readonly string[];
  readonly isVerbose: boolean;
  readonly tables?: Tables | undefined;
}

export interface Report {
  readonly lines: readonly string[];
  readonly failedCount: number;
  /** Everything as data, for `--json`. */
  readonly data: unknown;
}

const sameRoute = (a: Route, b: Route) => a.method === b.method && formOf(a.path) === formOf(b.path);
const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const formatFinding = ({ where, what, at, ours, theirs }: Finding) =>
  `${where} ${what}${at === "" ? "" : ` ${at}`}: ours ${ours}, theirs ${theirs}`;

/** Judges a run by the tables and describes it. */
export function report(run: RunResult, options: ReportOptions): Report {
  const tables = options.tables ?? TABLES;
  const scope = createScope(run, options.only);
  const differences = judge(
    run.findings.filter(({ where }) => scope.has(where)),
    tables.differences,
  );
  const values = judge(differences.unexplained, tables.notBuiltValues);
  const routes = judgeRoutes(run.routes, tables, scope);
  const isAsked = ({ where }: Pick<Difference, "where">) => scope.holds(where);
  const failures = [
    ...values.unexplained.map(formatFinding),
    ...routes.failures,
    ...differences.unused.filter(isAsked).map((row) => `differences.ts: nothing is so: ${formatRow(row)}`),
    ...values.unused.filter(isAsked).map((row) => `not-built-yet.ts: nothing waits: ${formatRow(row)}`),
  ];
  const groups = summariseGroups(
    run.pairs.filter(({ pair }) => scope.has(pair.id)),
    {
      failed: toPlaces(values.unexplained),
      waiting: toPlaces(values.explained.map(({ finding }) => finding)),
    },
  );
  const explained = differences.explained.map(
    ({ finding, row }) => `differs: ${formatFinding(finding)} (${row.reason})`,
  );
  const waiting = values.explained.map(
    ({ finding, row }) => `waits: ${formatFinding(finding)} (${row.area})`,
  );
  const transcripts = options.only.length === 0 ? options.transcripts : [];
  const unplayed = transcripts.flatMap(({ id }) => areaOfTranscript(id) ?? []).map((area) => ({ area }));
  const notBuilt = [...routes.notBuilt, ...unplayed];
  const waitingRows = new Set(values.explained.map(({ row }) => row));
  const totals = [
    `${run.routes.filter((route) => route.isServed).length} routes served`,
    `${notBuilt.length} not built yet${countAreas(notBuilt)}`,
    `${routes.leftOut.length} left out`,
    `${groups.reduce((sum, group) => sum + group.equal, 0)} pairs equal`,
    `${new Set(differences.explained.map(({ row }) => row)).size} deliberate differences`,
    `${failures.length} failed`,
  ];
  const lines = [
    ...groups.map(formatGroup),
    ...run.notes.map((note) => `note: ${note}`),
    ...run.unseen.map((name) => `note: ${name} is served but no call reached it with success`),
    ...(waitingRows.size === 0
      ? []
      : [`note: ${waitingRows.size} rows of values wait${countAreas(waitingRows)}`]),
    ...routes.leftOut.map((row) => `left out: ${nameOf(row)} (${row.reason})`),
    ...(options.isVerbose ? [...explained, ...waiting] : []),
    ...failures.map((text) => `FAILED ${text}`),
    `conformance: ${totals.join(", ")}`,
  ];
  return {
    lines,
    failedCount: failures.length,
    data: { groups, failures, explained, waiting, notes: run.notes },
  };
}

function formatRow({ where, what, at, ours, theirs }: Omit<Difference, "reason">): string {
  return formatFinding({ where, what, at: at ?? "", ours, theirs });
}

interface Scope {
  /** Whether a pair or route is looked at. */
  has(where: string): boolean;
  /** Whether all is looked at that a row could be about. */
  holds(where: string): boolean;
}

/** Which pairs, routes and rows a run of some groups is about; no group means all. */
function createScope(run: RunResult, only: readonly string[]): Scope {
  if (only.length === 0) return { has: () => true, holds: () => true };
  const pairs = run.pairs.filter(({ pair }) => only.includes(pair.group));
  const names = new Set(
    pairs.flatMap(({ pair, route }) => [pair.id, ...(route === null ? [] : [nameOf(route)])]),
  );
  const isOfGroup = (where: string) => only.includes(where.split("/")[0] ?? "");
  return { has: (where) => names.has(where), holds: (where) => names.has(where) || isOfGroup(where) };
}

function judgeRoutes(
  routes: readonly ServedRoute[],
  { notBuiltRoutes, leftOutRoutes }: Tables,
  scope: Scope,
) {
  const seen = routes.filter((route) => scope.has(nameOf(route)));
  const rowOf = (route: Route) => notBuiltRoutes.find((row) => sameRoute(row, route));
  const leftOutOf = (route: Route) => leftOutRoutes.find((row) => sameRoute(row, route));
  const isExplained = (route: Route) => rowOf(route) !== undefined || leftOutOf(route) !== undefined;
  const absent = seen.filter((route) => !route.isServed && !isExplained(route));
  const stale = seen.filter((route) => route.isServed && isExplained(route));
  const unknown = [...notBuiltRoutes, ...leftOutRoutes].filter(
    (row) => !routes.some((route) => sameRoute(row, route)),
  );
  return {
    leftOut: seen.filter((route) => !route.isServed).flatMap((route) => leftOutOf(route) ?? []),
    notBuilt: seen.filter((route) => !route.isServed).flatMap((route) => rowOf(route) ?? []),
    failures: [
      ...absent.map((route) => `${nameOf(route)} is absent, and no row says that it is not built yet`),
      ...stale.map((route) => `${nameOf(route)} answers now: remove its row`),
      ...unknown.map((row) => `${nameOf(row)} is no route of the reference: remove its row`),
    ],
  };
}

interface GroupSummary {
  readonly group: string;
  readonly equal: number;
  readonly deliberate: number;
  /** Pairs with a value that a route of later work would bring about. */
  readonly waiting: number;
  readonly failed: number;
  readonly notBuilt: number;
}

const toPlaces = (findings: readonly Finding[]) => new Set(findings.map(({ where }) => where));

/** Counts pairs, each once: failed before waiting before deliberate. */
function summariseGroups(
  results: readonly PairResult[],
  { failed, waiting }: { readonly failed: ReadonlySet<string>; readonly waiting: ReadonlySet<string> },
): readonly GroupSummary[] {
  const judgePair = ({ pair, answer, findings }: PairResult): Exclude<keyof GroupSummary, "group"> => {
    if (answer === null) return "notBuilt";
    if (findings.length === 0) return "equal";
    if (failed.has(pair.id)) return "failed";
    return waiting.has(pair.id) ? "waiting" : "deliberate";
  };
  return [...Map.groupBy(results, ({ pair }) => pair.group)].map(([group, list]) => {
    const summary = { group, equal: 0, deliberate: 0, waiting: 0, failed: 0, notBuilt: 0 };
    for (const result of list) summary[judgePair(result)] += 1;
    return summary;
  });
}

const GROUP_WIDTH = 14;

function formatGroup({ group, equal, deliberate, waiting, failed, notBuilt }: GroupSummary): string {
  const counts = [
    `${equal} equal`,
    `${deliberate} deliberate`,
    `${waiting} waiting for later work`,
    `${failed} failed`,
    `${notBuilt} not built yet`,
  ];
  return `${group.padEnd(GROUP_WIDTH)} ${counts.join(", ")}`;
}

/** Such as ` (Sync 2, Ship 1)`; "" for nothing. */
function countAreas(rows: Iterable<{ readonly area: Area }>): string {
  const byArea = Map.groupBy(rows, ({ area }) => area);
  const parts = AREAS.flatMap((area) => {
    const count = byArea.get(area)?.length ?? 0;
    return count === 0 ? [] : [`${area} ${count}`];
  });
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}
