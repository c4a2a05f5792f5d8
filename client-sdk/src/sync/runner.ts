import type { Environment } from "../environment.ts";
import { abortedError, isMultitapError, type MultitapError } from "../errors.ts";
import { toClientError } from "../http/calls.ts";
import { onAnyAbort, withDeadline } from "../http/deadline.ts";
import { callListener } from "../listeners.ts";
import type { CallOptions } from "../options.ts";
import type { Keeper } from "./keeper.ts";
import { downloadSave, type MoveScene, trashSave, uploadSave } from "./moves.ts";
import { makePlan, toSyncPlan } from "./planning.ts";
import { beginRun, type RunEffect, type RunEvent, type RunSettings, stepRun } from "./run-step.ts";
import type { SyncServer } from "./server.ts";
import type {
  ConflictChoice,
  RemoteSave,
  SyncConflict,
  SyncEvent,
  SyncOptions,
  SyncReport,
} from "./types.ts";

/** What a run needs. */
export interface RunScene {
  readonly options: SyncOptions;
  readonly server: SyncServer;
  readonly keeper: Keeper;
  readonly roms: Map<number, RemoteSave["rom"]>;
  readonly environment: Environment;
  readonly settings: RunSettings;
  readonly call: CallOptions;
  /** Aborts when the client is closed. */
  readonly lifetime: AbortSignal;
  readonly onEvent: ((event: SyncEvent) => void) | undefined;
}

/** What a run gathers beside its state. */
interface Run extends RunScene {
  readonly signal: AbortSignal;
  /** Versions that this device has now, to be said at the end. */
  readonly acknowledged: { readonly kind: "save" | "state"; readonly id: number; readonly sha1: string }[];
}

/** A run as one effect of it sees it. */
interface Acting extends Run {
  readonly sessionId: number | null;
  dispatch(event: RunEvent): void;
}

/**
 * Lets the steps of one run happen.
 * @throws MultitapError what ended it, once nothing of it is under way any more.
 */
export async function runOnce(scene: RunScene): Promise<SyncReport> {
  const ending = new AbortController();
  const run: Run = { ...scene, signal: ending.signal, acknowledged: [] };
  const work = new Set<Promise<void>>();
  let outcome: { readonly report: SyncReport } | { readonly error: MultitapError } | null = null;
  let [state, first] = beginRun(scene.settings, scene.environment.now());

  const dispatch = (event: RunEvent): void => {
    const [next, effects] = stepRun(state, event, scene.environment.now());
    state = next;
    for (const effect of effects) apply(effect);
  };
  const apply = (effect: RunEffect): void => {
    if (effect.type === "end") outcome = { report: effect.report };
    else if (effect.type === "break") outcome = { error: effect.error };
    else if (!applyAtOnce(run, effect)) begin(effect);
  };
  const begin = (effect: RunEffect): void => {
    const job = perform({ ...run, sessionId: state.sessionId, dispatch }, effect)
      .catch((thrown: unknown): RunEvent => toFailure(effect, thrown, ending.signal))
      .then((event) => {
        work.delete(job);
        dispatch(event);
      });
    work.add(job);
  };
  const stop = onAnyAbort([scene.call.signal, scene.lifetime], (signal) => {
    const error = abortedError(signal);
    ending.abort(error);
    dispatch({ type: "broken", error });
  });
  try {
    for (const effect of outcome === null ? first : []) apply(effect);
    first = [];
    while (work.size > 0) await Promise.race(work);
  } finally {
    stop();
    ending.abort();
  }
  return await conclude(run, outcome);
}

async function conclude(
  { keeper }: Run,
  outcome: { readonly report: SyncReport } | { readonly error: MultitapError } | null,
): Promise<SyncReport> {
  if (outcome !== null && "report" in outcome) return outcome.report;
  // What was learned is worth keeping; the failure that led here is the one that the caller sees.
  await Promise.allSettled([keeper.flush()]);
  throw outcome?.error ?? toClientError("the run ended without a result");
}

/** Does what needs no waiting; tells whether it did. */
function applyAtOnce({ keeper, onEvent, acknowledged }: Run, effect: RunEffect): boolean {
  switch (effect.type) {
    case "tell":
      if (onEvent !== undefined) callListener(onEvent, effect.event);
      return true;
    case "learn":
      keeper.learn(effect.key, effect);
      return true;
    case "acknowledge":
      acknowledged.push(effect.version);
      return true;
    default:
      return false;
  }
}

function toFailure(effect: RunEffect, thrown: unknown, signal: AbortSignal): RunEvent {
  const error = signal.aborted ? abortedError(signal) : toClientError(thrown);
  return "key" in effect ? { type: "failed", key: effect.key, error } : { type: "broken", error };
}

async function perform(run: Acting, effect: RunEffect): Promise<RunEvent> {
  const { keeper, server } = run;
  const call = { ...run.call, signal: run.signal };
  switch (effect.type) {
    case "plan":
      return await plan(run, effect.keys);
    case "choose":
      return { type: "chosen", key: effect.key, choice: await choose(run, effect.conflict) };
    case "upload":
      return {
        type: "uploaded",
        key: effect.key,
        stored: await uploadSave(moveScene(run, effect.key), effect),
      };
    case "note":
      keeper.learn(effect.key, { pending: effect.pending });
      await keeper.flush();
      return { type: "noted", key: effect.key };
    case "restore": {
      const version = await server.restore({ kind: effect.kind, id: effect.versionId }, call);
      return { type: "restored", key: effect.key, version };
    }
    case "download": {
      const { key, remote } = effect;
      const localHash = await downloadSave(moveScene(run, key), effect);
      return { type: "downloaded", key, remote, localHash };
    }
    case "trash":
      await trashSave(moveScene(run, effect.key), effect.local);
      return { type: "trashed", key: effect.key };
    case "settle":
      await settle(run, effect);
      return { type: "settled", key: effect.key };
    case "close":
      return await close(run, effect);
    default:
      return { type: "closed" };
  }
}

/** Asks the app, which may ask the user. */
async function choose(
  { options, environment, signal }: Run,
  conflict: SyncConflict,
): Promise<ConflictChoice> {
  const { conflicts = "keep_both" } = options;
  if (typeof conflicts !== "function") return conflicts;
  const limits = { environment, signals: [signal], timeoutMs: null };
  return await withDeadline(limits, async () => await conflicts(conflict, signal));
}

/** Plans everything in a session, or again some keys that changed meanwhile. */
async function plan(run: Run, keys: readonly string[] | null): Promise<RunEvent> {
  const { keeper, environment, options, server, roms } = run;
  await keeper.load();
  const planned = await makePlan({
    options,
    server,
    roms,
    memory: keeper.memory,
    isDryRun: keys !== null,
    call: { ...run.call, signal: run.signal },
    now: () => environment.now(),
  });
  const { sessionId, listing } = planned;
  if (keys !== null) {
    const steps = planned.steps.filter(({ key }) => keys.includes(key));
    return { type: "planned", sessionId, steps, failures: [] };
  }
  keeper.learnListing(listing.hashes, new Set([...listing.locals.keys(), ...listing.failures.keys()]));
  const told = toSyncPlan(planned.steps, environment.now());
  if (run.onEvent !== undefined) callListener(run.onEvent, { type: "planned", plan: told });
  return { type: "planned", sessionId, steps: planned.steps, failures: planned.failures };
}

function moveScene(run: Acting, key: string): MoveScene {
  const { options, server, sessionId, dispatch } = run;
  return {
    store: options.store,
    server,
    sessionId,
    call: { ...run.call, signal: run.signal },
    onProgress: (loadedBytes, totalBytes) => dispatch({ type: "progressed", key, loadedBytes, totalBytes }),
  };
}

/** What was decided has happened already; that it cannot be noted changes nothing about it. */
async function settle(run: Run, effect: Extract<RunEffect, { readonly type: "settle" }>): Promise<void> {
  try {
    await run.server.settle(effect.conflictId, effect.resolution, { ...run.call, signal: run.signal });
  } catch (thrown) {
    if (!isMultitapError(thrown, "not_found", "forbidden", "invalid", "conflict")) throw thrown;
  }
}

async function close(run: Run, effect: Extract<RunEffect, { readonly type: "close" }>): Promise<RunEvent> {
  const { keeper, server, acknowledged } = run;
  const call = { ...run.call, signal: run.signal };
  await keeper.flush();
  if (acknowledged.length > 0) await server.acknowledge(acknowledged, call);
  const { uploaded, downloaded, trashed, failed } = effect.counts;
  if (effect.sessionId !== null) {
    await complete(
      server,
      { id: effect.sessionId, completed: uploaded + downloaded + trashed, failed },
      call,
    );
  }
  return { type: "closed" };
}

/** Another run of this device may have ended the session meanwhile, and a token may not be allowed to end any. */
async function complete(
  server: SyncServer,
  session: Parameters<SyncServer["complete"]>[0],
  call: CallOptions,
): Promise<void> {
  try {
    await server.complete(session, call);
  } catch (thrown) {
    if (!isMultitapError(thrown, "invalid", "not_found", "forbidden")) throw thrown;
  }
}
