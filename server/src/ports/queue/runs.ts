import type { PgBoss } from "pg-boss";
import { isFullFailure } from "../kv/pg-failure.ts";
import type { ReportProblem } from "../kv/port.ts";
import type { JobStatements, RunId } from "./job-statements.ts";
import { QUEUE_FAILURE_TEXT_MAX } from "./limits.ts";
import type { Job } from "./port.ts";

/** A run as pg-boss hands it out. */
export interface FetchedJob extends RunId {
  readonly data: { readonly payload?: unknown };
  /** Aborted by pg-boss when the run is no longer current. */
  readonly signal: AbortSignal;
}

/** The runs under way in this process. */
export interface Runs {
  /** Runs a handler and settles the job, unless that was done by somebody else meanwhile. */
  run(job: FetchedJob, handler: (job: Job<never>) => Promise<void>): Promise<void>;
  /** The ids of all jobs under way. */
  ids(): string[];
  /** Aborts one job's signal because it was cancelled. */
  cancel(id: string): void;
  /** From now on new runs are handed back unseen. */
  refuse(): void;
  /** Aborts all signals because we stop. */
  interrupt(): void;
  /** Hands back all that has not ended. */
  handBackAll(): Promise<void>;
}

/** Why a signal was aborted; handlers see it as `signal.reason`. */
type Interruption = "cancelled" | "stopping" | "lost";

interface Run {
  readonly id: RunId;
  readonly controller: AbortController;
  interruption: Interruption | null;
}

export interface RunsOptions {
  boss: PgBoss;
  statements: JobStatements;
  fullPauseMs: number;
  report: ReportProblem;
}

/** Creates the registry of runs; it holds at most as many as there are workers. */
export function createRuns(options: RunsOptions): Runs {
  const { statements, report } = options;
  const current = new Map<string, Run>();
  let isRefusing = false;
  const interrupt = (run: Run, interruption: Interruption) => {
    run.interruption ??= interruption;
    run.controller.abort(new DOMException(`the job was interrupted: ${interruption}`, "AbortError"));
  };
  return {
    ids: () => [...current.keys()],
    cancel(id) {
      const run = current.get(id);
      if (run !== undefined) interrupt(run, "cancelled");
    },
    refuse() {
      isRefusing = true;
    },
    interrupt() {
      for (const run of current.values()) interrupt(run, "stopping");
    },
    async handBackAll() {
      const left = [...current.values()];
      const results = await Promise.allSettled(left.map((run) => statements.handBack(run.id, 0)));
      for (const result of results) {
        // Its lease ends, and then it is found; nothing is lost.
        if (result.status === "rejected") report("cannot hand back a job", result.reason);
      }
    },
    async run(job, handler) {
      const { name, id, retryCount } = job;
      if (isRefusing) return statements.handBack(job, 0);
      const run: Run = {
        id: { name, id, retryCount },
        controller: new AbortController(),
        interruption: null,
      };
      current.set(id, run);
      const onLost = () => interrupt(run, "lost");
      job.signal.addEventListener("abort", onLost, { once: true });
      try {
        const { signal } = run.controller;
        await handler({ id, data: job.data.payload as never, attempt: retryCount + 1, signal });
      } catch (error) {
        await settleFailure(options, run, error);
      } finally {
        job.signal.removeEventListener("abort", onLost);
        current.delete(id);
      }
    },
  };
}

/** Decides what a run that threw leads to. pg-boss's own completion then finds nothing left to settle. */
async function settleFailure(
  { boss, statements, fullPauseMs, report }: RunsOptions,
  run: Run,
  error: unknown,
): Promise<void> {
  const { name, id, retryCount } = run.id;
  if (run.interruption === "stopping") return statements.handBack(run.id, 0);
  // Cancelled: the row says so already. Lost: another run owns the row. Both leave nothing to write.
  if (run.interruption !== null) return;
  if (isFullFailure(error)) {
    report(`job ${name} ${id} rests: no room on the disk`, error);
    return statements.handBack(run.id, fullPauseMs);
  }
  report(`job ${name} ${id} failed on run ${retryCount + 1}`, error);
  await boss.fail(name, { id, retryCount }, { message: describe(error) });
}

/** A short text: the whole error may hold query parameters and a stack, which have no place in a row. */
function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, QUEUE_FAILURE_TEXT_MAX).replaceAll("\u0000", "");
}
