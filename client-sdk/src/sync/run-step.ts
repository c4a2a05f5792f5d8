import type { RemoteSave as ServedSave } from "@multitap/server/contract/sync/plans";
import type { StoredVersion } from "@multitap/server/contract/sync/versions";
import type { MultitapError } from "../errors.ts";
import { ROUNDS_MAX } from "./limits.ts";
import type { Lane, Pending } from "./memory.ts";
import { type HashedSave, type Step, type Task, tokensOf } from "./reconcile.ts";
import type { ConflictChoice, RemoteSave, SyncAction, SyncConflict, SyncEvent, SyncReport } from "./types.ts";

/** What holds for a whole run. */
export interface RunSettings {
  readonly concurrency: number;
  readonly direction: "both" | "upload" | "download";
  /** Words of an earlier plan: only what it has is done; null: everything. */
  readonly approved: ReadonlySet<string> | null;
}

/** One task under way, and what is known of it by now. */
interface Running {
  readonly task: Task;
  readonly choice: ConflictChoice | null;
  readonly conflictId: number | null;
}

type Counts = Omit<SyncReport, "startedAt" | "endedAt">;

/** Where a run stands. */
export interface RunState {
  readonly settings: RunSettings;
  readonly phase: "planning" | "working" | "closing" | "ended";
  readonly startedAtMs: number;
  /** When the last event came. */
  readonly nowMs: number;
  readonly sessionId: number | null;
  readonly tasks: readonly Task[];
  /** Of `tasks`, the first that was not begun. */
  readonly next: number;
  readonly running: ReadonlyMap<string, Running>;
  /** Keys that changed since they were planned. */
  readonly stale: readonly string[];
  readonly rounds: ReadonlyMap<string, number>;
  readonly counts: Counts;
  /** What ended the run before its end. */
  readonly fatal: MultitapError | null;
}

/** One thing that failed, alone. */
export interface Failure {
  readonly action: SyncAction;
  readonly error: MultitapError;
}

/** What happened. */
export type RunEvent =
  | {
      readonly type: "planned";
      readonly sessionId: number | null;
      readonly steps: readonly Step[];
      /** What could not even be planned. */
      readonly failures: readonly Failure[];
    }
  | { readonly type: "chosen"; readonly key: string; readonly choice: ConflictChoice }
  | {
      readonly type: "progressed";
      readonly key: string;
      readonly loadedBytes: number;
      readonly totalBytes: number;
    }
  | { readonly type: "uploaded"; readonly key: string; readonly stored: StoredVersion }
  | { readonly type: "noted"; readonly key: string }
  | { readonly type: "restored"; readonly key: string; readonly version: ServedSave }
  | {
      readonly type: "downloaded";
      readonly key: string;
      readonly remote: RemoteSave;
      readonly localHash: string;
    }
  | { readonly type: "trashed" | "settled"; readonly key: string }
  | { readonly type: "failed"; readonly key: string; readonly error: MultitapError }
  | { readonly type: "closed" }
  /** Planning or closing failed, or the run was ended from outside. */
  | { readonly type: "broken"; readonly error: MultitapError };

/** What is to be done about it. */
export type RunEffect =
  /** Null: everything; else these keys alone, without a session of their own. */
  | { readonly type: "plan"; readonly keys: readonly string[] | null }
  | { readonly type: "choose"; readonly key: string; readonly conflict: SyncConflict }
  | { readonly type: "upload"; readonly key: string; readonly task: Upload; readonly isForced: boolean }
  /** Puts down a decision before it is begun, durably. */
  | { readonly type: "note"; readonly key: string; readonly pending: Pending }
  | {
      readonly type: "restore";
      readonly key: string;
      readonly kind: "save" | "state";
      readonly versionId: number;
    }
  | {
      readonly type: "download";
      readonly key: string;
      readonly remote: RemoteSave;
      readonly local: HashedSave | null;
    }
  | { readonly type: "trash"; readonly key: string; readonly local: HashedSave }
  | {
      readonly type: "settle";
      readonly key: string;
      readonly conflictId: number;
      readonly resolution: Exclude<ConflictChoice, "skip">;
    }
  /** What the memory learns; null forgets, undefined leaves. */
  | { readonly type: "learn"; readonly key: string; readonly lane?: Lane | null; readonly pending?: null }
  | { readonly type: "tell"; readonly event: SyncEvent }
  /** To be said at the end, in one call. */
  | { readonly type: "acknowledge"; readonly version: ServedSave }
  | { readonly type: "close"; readonly sessionId: number | null; readonly counts: Counts }
  | { readonly type: "end"; readonly report: SyncReport }
  | { readonly type: "break"; readonly error: MultitapError };

type Upload = Extract<Task, { readonly kind: "upload" | "conflict" }>;

/** What a step gives: where the run stands now, and what is to be done, in order. */
export type Stepped = readonly [RunState, readonly RunEffect[]];

/** Begins a run. */
export function beginRun(settings: RunSettings, now: number): Stepped {
  const counts = { uploaded: 0, downloaded: 0, trashed: 0, conflicts: 0, failed: 0, unchanged: 0 };
  const state: RunState = {
    settings,
    phase: "planning",
    startedAtMs: now,
    nowMs: now,
    sessionId: null,
    tasks: [],
    next: 0,
    running: new Map(),
    stale: [],
    rounds: new Map(),
    counts,
    fatal: null,
  };
  return [state, [{ type: "plan", keys: null }]];
}

/** Failures that the next save would meet as well. */
const FATAL: readonly string[] = ["network", "unauthenticated", "incompatible", "aborted"];
/** Failures that say that something is not as it was planned. */
const STALE: readonly string[] = ["conflict", "not_found"];

/**
 * Decides what follows an event. Reads no clock and does nothing by itself: the same states and events always give
 * the same effects.
 */
export function stepRun(before: RunState, event: RunEvent, now: number): Stepped {
  if (before.phase === "ended") return [before, []];
  const state = { ...before, nowMs: now };
  if (event.type === "broken") {
    return advance({ ...state, phase: "closing", fatal: event.error, running: new Map() }, []);
  }
  if (event.type === "planned") return onPlanned(state, event);
  if (event.type === "closed") return end(state);
  const running = state.running.get(event.key);
  // What was given up meanwhile may still answer.
  if (running === undefined) return [state, []];
  return onTask(state, running, event);
}

type TaskEvent = Exclude<RunEvent, { readonly type: "broken" | "planned" | "closed" }>;

function onTask(state: RunState, running: Running, event: TaskEvent): Stepped {
  const { task } = running;
  switch (event.type) {
    case "progressed": {
      const { loadedBytes, totalBytes } = event;
      return [state, [tell({ type: "transferring", action: task.action, loadedBytes, totalBytes })]];
    }
    case "chosen":
      return onChosen(state, running, event.choice);
    case "uploaded":
      return onUploaded(state, running, event.stored);
    case "noted":
      return task.kind === "conflict" ? [state, [restore(task.key, task.remote)]] : [state, []];
    case "restored": {
      if (task.kind !== "conflict" && task.kind !== "restore") return [state, []];
      const remote = { ...event.version, rom: task.remote.rom };
      return [state, [{ type: "download", key: task.key, remote, local: task.local }]];
    }
    case "downloaded":
      return onDownloaded(state, running, event);
    case "trashed":
      return finish(state, running, { effects: [{ type: "learn", key: task.key, lane: null }] });
    case "settled":
      return finish(state, running);
    case "failed":
      return onFailed(state, running, event.error);
  }
}

function onPlanned(
  state: RunState,
  { sessionId, steps, failures }: Extract<RunEvent, { readonly type: "planned" }>,
): Stepped {
  const { approved } = state.settings;
  const isApproved = (task: Task) =>
    approved === null || [task.key, ...tokensOf(task.action)].some((token) => approved.has(token));
  const nones = steps.filter((step) => step.kind === "none");
  const isLater = state.sessionId !== null;
  const effects = nones.flatMap((step): readonly RunEffect[] => {
    if (step.same === null) return [];
    const lane = toLane(step.same, { localHash: step.local.hash });
    const learn: RunEffect = { type: "learn", key: step.key, lane };
    // A later planning of some keys is without a session, so what is the same has to be said.
    return isLater ? [learn, { type: "acknowledge", version: step.same }] : [learn];
  });
  const tasks = steps.filter((step) => step.kind !== "none").filter(isApproved);
  const failed = failures.map(({ action, error }) => tell({ type: "failed", action, error }));
  const next: RunState = {
    ...state,
    phase: "working",
    sessionId: state.sessionId ?? sessionId,
    // Questions come last: while the user thinks, nothing else is left to wait for the answer.
    tasks: [
      ...tasks.filter(({ kind }) => kind !== "conflict"),
      ...tasks.filter(({ kind }) => kind === "conflict"),
    ],
    next: 0,
    counts: {
      ...state.counts,
      failed: state.counts.failed + failures.length,
      unchanged: state.counts.unchanged + nones.length,
    },
  };
  return advance(next, [...effects, ...failed]);
}

function onChosen(state: RunState, running: Running, choice: ConflictChoice): Stepped {
  const { task } = running;
  if (task.kind !== "conflict" || task.action.action !== "conflict") return [state, []];
  const { direction } = state.settings;
  const isRefused =
    (direction === "download" && choice !== "server_wins") ||
    (direction === "upload" && choice === "server_wins");
  const taken = isRefused ? "skip" : choice;
  const told = tell({ type: "conflict", conflict: task.action.conflict, choice: taken });
  const counts = { ...state.counts, conflicts: state.counts.conflicts + 1 };
  const next = { ...withRunning(state, { ...running, choice: taken }), counts };
  if (taken === "skip") return finish(next, { ...running, choice: taken }, { effects: [told] });
  return [next, [told, { type: "upload", key: task.key, task, isForced: true }]];
}

function onUploaded(state: RunState, running: Running, stored: StoredVersion): Stepped {
  const { task, choice } = running;
  if (task.kind !== "upload" && task.kind !== "conflict") return [state, []];
  const { key, local } = task;
  const learn: RunEffect = { type: "learn", key, lane: toLane(stored.version, { localHash: local.hash }) };
  const counts = { ...state.counts, uploaded: state.counts.uploaded + 1 };
  const known = { ...running, conflictId: stored.conflictId };
  const next = { ...withRunning(state, known), counts };
  if (task.kind === "conflict" && choice === "server_wins") {
    const pending = { versionId: task.remote.id, conflictId: stored.conflictId, localHash: local.hash };
    return [next, [learn, { type: "note", key, pending }]];
  }
  return settle(next, known, [learn]);
}

/** Notes at the server what became of a conflict, if there was one, and ends the task. */
function settle(state: RunState, running: Running, effects: readonly RunEffect[]): Stepped {
  const { choice, conflictId, task } = running;
  const resolution = task.kind === "restore" ? "server_wins" : choice;
  if (conflictId === null || resolution === null || resolution === "skip") {
    return finish(state, running, { effects });
  }
  return [state, [...effects, { type: "settle", key: task.key, conflictId, resolution }]];
}

function onDownloaded(
  state: RunState,
  running: Running,
  { remote, localHash }: Extract<RunEvent, { readonly type: "downloaded" }>,
): Stepped {
  const { key } = running.task;
  const next: RunState = {
    ...state,
    counts: { ...state.counts, downloaded: state.counts.downloaded + 1 },
  };
  return settle(next, running, [
    { type: "acknowledge", version: remote },
    { type: "learn", key, lane: toLane(remote, { localHash }), pending: null },
  ]);
}

function onFailed(state: RunState, running: Running, error: MultitapError): Stepped {
  const { task } = running;
  const { key } = task;
  const rest = without(state, key);
  if (FATAL.includes(error.kind)) return advance({ ...rest, fatal: rest.fatal ?? error }, []);
  const round = (rest.rounds.get(key) ?? 0) + 1;
  if (STALE.includes(error.kind) && round < ROUNDS_MAX) {
    const rounds = new Map(rest.rounds).set(key, round);
    return advance({ ...rest, rounds, stale: [...rest.stale, key] }, []);
  }
  const counts = { ...rest.counts, failed: rest.counts.failed + 1 };
  // What was noted and cannot be done any more is given up: both versions are in the history.
  const forget: readonly RunEffect[] = task.kind === "restore" ? [{ type: "learn", key, pending: null }] : [];
  return advance({ ...rest, counts }, [...forget, tell({ type: "failed", action: task.action, error })]);
}

/** Ends a task in order. */
function finish(
  state: RunState,
  { task, choice }: Running,
  { effects = [] }: { readonly effects?: readonly RunEffect[] } = {},
): Stepped {
  const { counts } = state;
  const trashed = counts.trashed + (task.kind === "trash" ? 1 : 0);
  const unchanged = counts.unchanged + (choice === "skip" ? 1 : 0);
  const next = { ...without(state, task.key), counts: { ...counts, trashed, unchanged } };
  return advance(next, [...effects, tell({ type: "done", action: task.action })]);
}

/** Begins as many tasks as may run, and ends what is over. */
function advance(given: RunState, before: readonly RunEffect[]): Stepped {
  let state = given;
  const effects = [...before];
  while (state.fatal === null && state.running.size < state.settings.concurrency) {
    const task = state.tasks[state.next];
    if (task === undefined) break;
    state = {
      ...withRunning(state, { task, choice: null, conflictId: pendingConflict(task) }),
      next: state.next + 1,
    };
    effects.push(begin(task, state));
  }
  if (state.running.size > 0) return [state, effects];
  if (state.fatal !== null)
    return [{ ...state, phase: "ended" }, [...effects, { type: "break", error: state.fatal }]];
  if (state.phase === "closing") return end(state);
  if (state.stale.length > 0) {
    return [
      { ...state, phase: "planning", stale: [], tasks: [] },
      [...effects, { type: "plan", keys: state.stale }],
    ];
  }
  const { sessionId, counts } = state;
  return [{ ...state, phase: "closing" }, [...effects, { type: "close", sessionId, counts }]];
}

const pendingConflict = (task: Task) => (task.kind === "restore" ? task.pending.conflictId : null);

function begin(task: Task, { rounds }: RunState): RunEffect {
  const { key } = task;
  switch (task.kind) {
    case "upload": {
      // Where one file became several, the archive's lane may hold an older one that the plan knows nothing of. It was
      // planned anew, and nothing else came: what is on top there stays as a version.
      const isNewLane = task.remote !== null && task.remote.name !== task.version.name;
      return { type: "upload", key, task, isForced: isNewLane && rounds.has(key) };
    }
    case "download":
      return { type: "download", key, remote: task.remote, local: task.local };
    case "trash":
      return { type: "trash", key, local: task.local };
    case "restore":
      return { type: "restore", key, kind: task.remote.kind, versionId: task.pending.versionId };
    case "conflict": {
      // The action was made with the task.
      const conflict = (task.action as { readonly conflict: SyncConflict }).conflict;
      return { type: "choose", key, conflict };
    }
  }
}

function end(state: RunState): Stepped {
  const [startedAt, endedAt] = [state.startedAtMs, state.nowMs].map((ms) => new Date(ms).toISOString());
  const report: SyncReport = { startedAt: startedAt ?? "", endedAt: endedAt ?? "", ...state.counts };
  return [{ ...state, phase: "ended" }, [tell({ type: "completed", report }), { type: "end", report }]];
}

function restore(key: string, { kind, id }: RemoteSave): RunEffect {
  return { type: "restore", key, kind, versionId: id };
}

const tell = (event: SyncEvent): RunEffect => ({ type: "tell", event });

function withRunning(state: RunState, running: Running): RunState {
  return { ...state, running: new Map(state.running).set(running.task.key, running) };
}

function without(state: RunState, key: string): RunState {
  const running = new Map(state.running);
  running.delete(key);
  return { ...state, running };
}

function toLane(version: ServedSave, { localHash }: Pick<Lane, "localHash">): Lane {
  const { id: versionId, romId, kind, slot, name, isBundle, updatedAt, contentHash, sha1 } = version;
  const remoteHash = contentHash ?? sha1;
  return { versionId, romId, kind, slot, name, isBundle, updatedAt, remoteHash, localHash };
}
