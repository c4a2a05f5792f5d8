import type { RunStatus, TaskRun } from "./contract.ts";

/** Prefix of the ids of scans among those of runs. */
const SCAN_PREFIX = "scan-";

/** The id of a scan among runs. */
export function toScanRunId(scanId: number): string {
  return `${SCAN_PREFIX}${scanId}`;
}

/** The scan that an id names; null when it names something else. */
export function findScanId(runId: string): number | null {
  const [, digits] = /^scan-([1-9]\d{0,9})$/.exec(runId) ?? [];
  const scanId = Number(digits ?? Number.NaN);
  return scanId <= 2_147_483_647 ? scanId : null;
}

/** Newest first: by start, or by the wish for it. */
export function orderRuns(runs: readonly TaskRun[]): readonly TaskRun[] {
  const momentOf = (run: TaskRun) => run.startedAt ?? run.enqueuedAt;
  return runs.toSorted((a, b) => (momentOf(a) < momentOf(b) ? 1 : momentOf(a) > momentOf(b) ? -1 : 0));
}

const ENDS: ReadonlySet<RunStatus> = new Set(["finished", "failed", "canceled"]);

/** Tells whether nothing will become of a run any more. */
export function isEnded(run: TaskRun): boolean {
  return ENDS.has(run.status);
}
