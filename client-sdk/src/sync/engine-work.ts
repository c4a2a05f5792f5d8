import type { ClientParts } from "../client-parts.ts";
import { throwIfAborted } from "../http/deadline.ts";
import { createKeeper } from "./keeper.ts";
import { SYNC_CONCURRENCY, SYNC_CONCURRENCY_MAX } from "./limits.ts";
import type { MemoryOwner } from "./memory.ts";
import { makePlan, toSyncPlan } from "./planning.ts";
import { tokensOf } from "./reconcile.ts";
import { runOnce } from "./runner.ts";
import type { SyncServer } from "./server.ts";
import type { RemoteSave, RunOptions, SyncEngine, SyncOptions } from "./types.ts";

export { createSyncServer } from "./server.ts";

/** What an engine is made of. */
export interface EngineParts extends Pick<ClientParts, "environment" | "lifetime"> {
  readonly owner: MemoryOwner;
  readonly options: SyncOptions;
  readonly server: SyncServer;
}

/** Makes an engine that speaks with any server. */
export function createEngine({
  owner,
  options,
  server,
  environment,
  lifetime,
}: EngineParts): Pick<SyncEngine, "plan" | "run"> {
  const keeper = createKeeper(options.store, owner, environment);
  const roms = new Map<number, RemoteSave["rom"]>();
  const inTurn = createTurns();
  const { concurrency = SYNC_CONCURRENCY, direction = "both" } = options;
  return {
    run: ({ plan, onEvent, ...call }: RunOptions = {}) =>
      inTurn(async () => {
        throwIfAborted(call.signal, lifetime);
        const approved = plan === undefined ? null : new Set(plan.actions.flatMap(tokensOf));
        const places = Math.max(1, Math.min(concurrency, SYNC_CONCURRENCY_MAX));
        const settings = { concurrency: places, direction, approved };
        return await runOnce({
          options,
          server,
          keeper,
          roms,
          environment,
          settings,
          call,
          lifetime,
          onEvent,
        });
      }),
    plan: (call = {}) =>
      inTurn(async () => {
        throwIfAborted(call.signal, lifetime);
        await keeper.load();
        const signal = call.signal ?? lifetime;
        const now = () => environment.now();
        const scene = { options, server, roms, memory: keeper.memory, isDryRun: true, now };
        const { steps } = await makePlan({ ...scene, call: { ...call, signal } });
        return toSyncPlan(steps, now());
      }),
  };
}

/** Lets one piece of work happen at a time, in the order of the calls. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn;
    return turn;
  };
}
