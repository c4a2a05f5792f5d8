import type { Context } from "../../base/context.ts";
import type { ScanPhase, ScanStats, ScanStatus } from "../../base/events.ts";
import { SCAN_HEARTBEAT_MS, SCAN_LEASE_MS, SCAN_PROBLEMS_KEPT_MAX, SCAN_PROGRESS_MS } from "../limits.ts";
import {
  beatScan,
  type ClaimedScan,
  closeScan,
  insertProblems,
  type Lease,
  type NewProblem,
} from "../queries.ts";
import { formatPath, resumedStats } from "../rules.ts";

/** Why a running scan stops before its end. */
export type StopReason = "cancelled" | "lease_lost" | "shutdown";

/** A running scan's memory of itself: counters, problems, lease. */
export interface Progress {
  readonly scan: ClaimedScan;
  readonly stats: ScanStats;
  /** Aborted with a `StopReason` when the scan must stop. */
  readonly signal: AbortSignal;
  add(counts: Partial<ScanStats>): void;
  enter(phase: ScanPhase, platformFsSlug: string | null): void;
  report(problem: NewProblem): void;
  /** Writes counters and problems now and renews the lease. */
  save(): Promise<void>;
  /** Ends, pauses or hands back the scan, and tells everyone; may be repeated when it failed. */
  close(status: ScanStatus, errorMessage: string | null): Promise<void>;
}

/** What a scan's progress is kept for. */
export interface ProgressOptions {
  readonly scan: ClaimedScan;
  readonly leaseOwner: string;
  /** Aborts when the process is stopping. */
  readonly signal: AbortSignal;
}

interface State {
  stats: ScanStats;
  phase: ScanPhase;
  platformFsSlug: string | null;
  problems: NewProblem[];
  announcedAtMs: number;
  saving: Promise<void> | null;
}

/** Starts keeping a scan's progress; `close` must be called. */
export function startProgress(ctx: Context, options: ProgressOptions): Progress {
  const { scan } = options;
  const lease: Lease = { scanId: scan.id, owner: options.leaseOwner, leaseMs: SCAN_LEASE_MS };
  const stop = new AbortController();
  const state: State = {
    stats: resumedStats(scan.stats),
    phase: scan.phase,
    platformFsSlug: null,
    problems: [],
    announcedAtMs: 0,
    saving: null,
  };
  const stopForShutdown = () => stop.abort("shutdown" satisfies StopReason);
  options.signal.addEventListener("abort", stopForShutdown, { once: true });
  if (options.signal.aborted) stopForShutdown();
  const save = () => saveState(ctx, state, { lease, stop });
  // Nobody waits for these saves; the next one writes what this one could not.
  const saveBehind = () =>
    save().catch((error: unknown) => {
      ctx.ports.log.warn("scan progress cannot be stored", { scanId: scan.id, error });
    });
  const beat = setInterval(() => {
    // Whoever began to listen after the last change learns where the scan stands.
    announce(ctx, state, { scanId: scan.id, status: "running", errorMessage: null, isForced: true });
    void saveBehind();
  }, SCAN_HEARTBEAT_MS);
  const change = (next: Partial<State>, isForced = false) => {
    Object.assign(state, next);
    announce(ctx, state, { scanId: scan.id, status: "running", errorMessage: null, isForced });
  };
  // A save that is under way may still be writing what was before.
  const saveAfresh = async () => {
    if (state.saving !== null) await saveBehind();
    await saveBehind();
  };
  return {
    scan,
    get stats() {
      return state.stats;
    },
    signal: stop.signal,
    add: (counts) => change({ stats: addCounts(state.stats, counts) }),
    enter(phase, platformFsSlug) {
      change({ phase, platformFsSlug }, true);
      // Whoever asks is answered from the row.
      void saveAfresh();
    },
    report(problem) {
      // All are counted; a folder full of bad names must not fill the memory until the next save.
      if (state.problems.length < SCAN_PROBLEMS_KEPT_MAX) {
        state.problems.push({ ...problem, path: formatPath(problem.path) });
      }
      change({ stats: addCounts(state.stats, { problems: 1 }) });
    },
    save,
    async close(status, errorMessage) {
      clearInterval(beat);
      while (state.saving !== null) await saveBehind();
      await writeProblems(ctx, state, scan.id);
      await closeScan(ctx.db, lease, { status, stats: state.stats, errorMessage });
      options.signal.removeEventListener("abort", stopForShutdown);
      if (status === "done" || status === "cancelled" || status === "failed") state.phase = "ended";
      announce(ctx, state, { scanId: scan.id, status, errorMessage, isForced: true });
    },
  };
}

/** Our claim on the scan, and how to stop when it is lost. */
interface Hold {
  readonly lease: Lease;
  readonly stop: AbortController;
}

/** One writer at a time; the heartbeat joins a save that is under way. */
function saveState(ctx: Context, state: State, hold: Hold): Promise<void> {
  state.saving ??= writeState(ctx, state, hold).finally(() => {
    state.saving = null;
  });
  return state.saving;
}

async function writeState(ctx: Context, state: State, { lease, stop }: Hold): Promise<void> {
  await writeProblems(ctx, state, lease.scanId);
  const answer = await beatScan(ctx.db, { lease, ...state });
  if (answer === null) stop.abort("lease_lost" satisfies StopReason);
  else if (answer.isCancelled) stop.abort("cancelled" satisfies StopReason);
}

async function writeProblems(ctx: Context, state: State, scanId: number): Promise<void> {
  const waiting = state.problems;
  state.problems = [];
  try {
    await insertProblems(ctx.db, scanId, waiting);
  } catch (cause) {
    state.problems.unshift(...waiting);
    throw cause;
  }
}

function addCounts(stats: ScanStats, counts: Partial<ScanStats>): ScanStats {
  const sum: Record<string, number> = { ...stats };
  for (const [name, value] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + value;
  return { ...stats, ...sum };
}

interface Announcement {
  readonly scanId: number;
  readonly status: ScanStatus;
  readonly errorMessage: string | null;
  /** Also when the last announcement was just now. */
  readonly isForced: boolean;
}

function announce(ctx: Context, state: State, { isForced, ...what }: Announcement): void {
  const nowMs = performance.now();
  if (!isForced && nowMs - state.announcedAtMs < SCAN_PROGRESS_MS) return;
  state.announcedAtMs = nowMs;
  const { phase, platformFsSlug, stats } = state;
  ctx.raise({ topic: "scan", userId: null, data: { ...what, phase, platformFsSlug, stats } });
}
