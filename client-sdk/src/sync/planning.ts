import type { RemoteSave as ServedSave } from "@multitap/server/contract/sync/plans";
import { toStorageError } from "../errors.ts";
import type { CallOptions } from "../options.ts";
import { type Listing, listSaves } from "./listing.ts";
import type { Memory } from "./memory.ts";
import { reconcile, type Step, toEntries } from "./reconcile.ts";
import type { Failure } from "./run-step.ts";
import type { SyncServer } from "./server.ts";
import type { RemoteSave, SaveStore, SyncOptions, SyncPlan } from "./types.ts";

/** What planning needs. */
export interface PlanningScene {
  readonly options: SyncOptions;
  readonly server: SyncServer;
  readonly memory: Memory;
  /** Roms that were asked for before. */
  readonly roms: Map<number, RemoteSave["rom"]>;
  readonly isDryRun: boolean;
  readonly call: CallOptions & { readonly signal: AbortSignal };
  readonly now: () => number;
}

/** A plan in all detail. */
export interface Planned {
  readonly sessionId: number | null;
  readonly steps: readonly Step[];
  readonly failures: readonly Failure[];
  readonly listing: Listing;
}

/** Lists what is here, asks the server, and finds the places of what comes; writes nothing here. */
export async function makePlan(scene: PlanningScene): Promise<Planned> {
  const { options, server, memory, isDryRun, call, now } = scene;
  const { store, kinds = ["save", "state"], deletions = "keep" } = options;
  const listing = await listSaves({ store, kinds, hashes: memory.hashes, signal: call.signal, now });
  const sent = toEntries(listing.locals, memory);
  const plan = await server.plan({ entries: [...sent.values()], isDryRun }, call);
  const needed = plan.actions.flatMap(({ action, key, remote }) => {
    const isPending = key !== null && Object.hasOwn(memory.pending, key);
    return remote !== null && (action !== "none" || isPending) ? [remote] : [];
  });
  const roms = await findRoms(scene, needed);
  const describe = (remote: ServedSave): RemoteSave => ({ ...remote, rom: roms.get(remote.romId) ?? NO_ROM });
  const absent = plan.actions.flatMap(({ key, action, remote }) =>
    key === null && action === "download" && remote !== null && roms.has(remote.romId)
      ? [describe(remote)]
      : [],
  );
  const { places, failures } = await findPlaces(store, absent);
  const steps = reconcile({
    locals: listing.locals,
    sent,
    planned: plan.actions,
    memory,
    deletions,
    describe,
    findPlace(remote) {
      const place = places.get(nameOf(remote)) ?? null;
      return place !== null && listing.failures.has(place) ? null : place;
    },
  });
  const unread = [...listing.failures.values()].map(
    ({ save: local, error }): Failure => ({ action: { action: "upload", local, reason: "" }, error }),
  );
  return { sessionId: plan.sessionId, steps, failures: [...unread, ...failures], listing };
}

/** A rom that is gone; its versions are left alone. */
const NO_ROM: RemoteSave["rom"] = { platformSlug: "", platformFsSlug: "", fsName: "", sha1: "" };

const nameOf = ({ kind, id }: ServedSave) => `${kind} ${id}`;

async function findRoms(
  { roms, server, call }: PlanningScene,
  remotes: readonly ServedSave[],
): Promise<ReadonlyMap<number, RemoteSave["rom"]>> {
  const unknown = new Set(remotes.map(({ romId }) => romId).filter((romId) => !roms.has(romId)));
  for (const [romId, rom] of await server.describeRoms([...unknown], call)) roms.set(romId, rom);
  return roms;
}

/** A version whose place the store cannot tell does not keep the others from theirs. */
async function findPlaces(store: SaveStore, remotes: readonly RemoteSave[]) {
  const places = new Map<string, string | null>();
  const failures: Failure[] = [];
  for (const remote of remotes) {
    try {
      places.set(nameOf(remote), await store.locate(remote));
    } catch (thrown) {
      const error = toStorageError(thrown, `Finding the place of ${remote.fileName}`);
      failures.push({ action: { action: "download", remote, reason: "" }, error });
    }
  }
  return { places, failures };
}

/** Shows steps as the public plan. */
export function toSyncPlan(steps: readonly Step[], atMs: number): SyncPlan {
  let uploadBytes = 0;
  let downloadBytes = 0;
  for (const step of steps) {
    if (step.kind === "upload") uploadBytes += step.local.sizeBytes;
    if (step.kind === "download" || step.kind === "restore") downloadBytes += step.remote.sizeBytes;
    if (step.kind === "conflict") {
      uploadBytes += step.local.sizeBytes;
      downloadBytes += step.remote.sizeBytes;
    }
  }
  const actions = steps.map(({ action }) => action);
  return { createdAt: new Date(atMs).toISOString(), actions, uploadBytes, downloadBytes };
}
