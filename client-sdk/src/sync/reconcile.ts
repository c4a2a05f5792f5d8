import type { PlannedAction, RemoteSave as ServedSave } from "@multitap/server/contract/sync/plans";
import type { Lane, Memory, Pending } from "./memory.ts";
import { nameVersion, type VersionName } from "./naming.ts";
import type { LocalSave, RemoteSave, SyncAction, SyncConflict } from "./types.ts";

/** A save of this device, and what it holds. */
export interface HashedSave {
  readonly save: LocalSave;
  readonly hash: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** What is sent about a save to have it planned. */
export interface SentEntry {
  readonly key: string;
  readonly rom: LocalSave["rom"];
  readonly kind: LocalSave["kind"];
  readonly slot: string | null;
  readonly name: string;
  readonly hash: string;
  readonly sizeBytes: number;
  readonly modifiedAt: string;
}

interface TaskBase {
  /** Of the place here. */
  readonly key: string;
  readonly action: SyncAction;
}

/** One thing to be done, with everything that is needed for it. At most one per key. */
export type Task =
  | (TaskBase & {
      readonly kind: "upload";
      readonly local: HashedSave;
      readonly romId: number;
      /** What it goes on top of. */
      readonly remote: ServedSave | null;
      readonly version: VersionName;
    })
  | (TaskBase & { readonly kind: "download"; readonly local: HashedSave | null; readonly remote: RemoteSave })
  | (TaskBase & { readonly kind: "trash"; readonly local: HashedSave })
  | (TaskBase & {
      readonly kind: "conflict";
      readonly local: HashedSave;
      readonly remote: RemoteSave;
      readonly version: VersionName;
    })
  /** A decision for the server's side that an earlier run began. */
  | (TaskBase & {
      readonly kind: "restore";
      readonly local: HashedSave;
      readonly remote: RemoteSave;
      readonly pending: Pending;
    });

/** What became of a key: a task, or nothing to do. */
export type Step =
  | Task
  | (TaskBase & {
      readonly kind: "none";
      readonly local: HashedSave;
      /** What the server has that is the same; null when it is not, or not known. */
      readonly same: ServedSave | null;
    });

/** What a plan is made from. */
export interface Scene {
  readonly locals: ReadonlyMap<string, HashedSave>;
  readonly sent: ReadonlyMap<string, SentEntry>;
  readonly planned: readonly PlannedAction[];
  readonly memory: Memory;
  readonly deletions: "keep" | "trash";
  /** Where a version belongs that no local save was paired with; null: not wanted here. */
  findPlace(remote: ServedSave): string | null;
  /** Adds what is known of the rom. */
  describe(remote: ServedSave): RemoteSave;
}

/** Makes what the server is told of each save: where nothing changed here, in the words of the server. */
export function toEntries(
  locals: ReadonlyMap<string, HashedSave>,
  memory: Memory,
): ReadonlyMap<string, SentEntry> {
  return new Map(
    [...locals].map(([key, { save, hash, sizeBytes, modifiedAtMs }]) => {
      const { rom, kind, slot } = save;
      const lane = findLane(memory, save);
      // The bytes are those of the version, but a hash over names may differ where files are called otherwise here.
      const sentHash = lane?.localHash === hash ? lane.remoteHash : hash;
      const modifiedAt = new Date(modifiedAtMs).toISOString();
      const name = lane?.name ?? nameVersion(save, null).name;
      return [key, { key, rom, kind, slot, name, hash: sentHash, sizeBytes, modifiedAt }];
    }),
  );
}

function findLane(memory: Memory, { key, kind, slot }: LocalSave): Lane | null {
  const lane = Object.hasOwn(memory.lanes, key) ? memory.lanes[key] : undefined;
  return lane !== undefined && lane.kind === kind && lane.slot === slot ? lane : null;
}

/** Names the lane of a version, to tell whether two are of one save. */
export function laneOf({
  kind,
  romId,
  slot,
  name,
}: Pick<ServedSave, "kind" | "romId" | "slot" | "name">): string {
  return JSON.stringify([kind, romId, slot, name]);
}

/**
 * Turns what the server planned into tasks, one per place on this device. The server pairs by names, and only the
 * device knows that two versions belong into one place: there nothing is overwritten that the server has not.
 */
export function reconcile(scene: Scene): readonly Step[] {
  const steps = new Map<string, Step>();
  const owners = chooseOwners(scene);
  const absent: ServedSave[] = [];
  const reasons = new Map<ServedSave, string>();
  for (const planned of scene.planned) {
    const { key, remote, action, reason } = planned;
    if (key === null) {
      if (remote !== null && action === "download") {
        absent.push(remote);
        reasons.set(remote, reason);
      }
      continue;
    }
    const local = scene.locals.get(key);
    if (local === undefined) continue;
    steps.set(
      key,
      owners.has(key)
        ? toStep(scene, local, planned)
        : toNone(local, "Another file of this device is a version of the same save"),
    );
  }
  absent.sort((a, b) => Date.parse(a.updatedAt) - Date.parse(b.updatedAt));
  for (const remote of absent) {
    const key = scene.findPlace(remote);
    if (key === null) continue;
    const step = arrive(
      scene,
      { key, remote, reason: reasons.get(remote) ?? "", base: null },
      steps.get(key),
    );
    if (step !== undefined) steps.set(key, step);
  }
  return [...steps.values()];
}

/** Of several local saves that are versions of one, the one that was written last takes part. */
function chooseOwners({ locals, planned, sent }: Scene): ReadonlySet<string> {
  const owners = new Map<string, HashedSave>();
  for (const { key, romId, remote } of planned) {
    const [local, entry] = key === null ? [] : [locals.get(key), sent.get(key)];
    if (local === undefined || entry === undefined) continue;
    const lane = remote ?? (romId === null ? null : { ...entry, romId });
    const name = lane === null ? `key ${local.save.key}` : laneOf(lane);
    const owner = owners.get(name);
    if (owner === undefined || owner.modifiedAtMs < local.modifiedAtMs) owners.set(name, local);
  }
  return new Set([...owners.values()].map(({ save }) => save.key));
}

function toNone(local: HashedSave, reason: string, same: ServedSave | null = null): Step {
  const { key } = local.save;
  return { kind: "none", key, local, same, action: { action: "none", key, reason } };
}

function toStep(scene: Scene, local: HashedSave, planned: PlannedAction): Step {
  const { remote, reason, romId } = planned;
  const { save } = local;
  const { key } = save;
  if (planned.action === "trash") {
    if (scene.deletions === "keep") return toNone(local, `${reason}, kept here`);
    return { kind: "trash", key, local, action: { action: "trash", local: save, reason } };
  }
  if (planned.action === "upload" && romId !== null) {
    const version = nameVersion(save, remote ?? findLane(scene.memory, save));
    return {
      kind: "upload",
      key,
      local,
      romId,
      remote,
      version,
      action: { action: "upload", local: save, reason },
    };
  }
  if (remote === null) return toNone(local, reason);
  const arrival: Arrival = { key, remote, reason, base: planned.base };
  if (planned.action === "download") return toDownload(scene, arrival, local);
  if (planned.action === "conflict") return toConflict(scene, arrival, local);
  const isSame = isNamed(remote, scene.sent.get(key)?.hash);
  const pending = Object.hasOwn(scene.memory.pending, key) ? scene.memory.pending[key] : undefined;
  if (isSame && pending?.localHash === local.hash) {
    const described = scene.describe(remote);
    return {
      kind: "restore",
      key,
      local,
      remote: described,
      pending,
      action: conflictOf(local, described, null),
    };
  }
  return toNone(local, reason, isSame ? remote : null);
}

/** A version, and the place here that it goes to. */
interface Arrival {
  readonly key: string;
  readonly remote: ServedSave;
  readonly reason: string;
  /** What both sides last had in common; null: nothing, or not known. */
  readonly base: PlannedAction["base"];
}

function toDownload(scene: Scene, { key, remote: served, reason }: Arrival, local: HashedSave | null): Step {
  const remote = scene.describe(served);
  return { kind: "download", key, local, remote, action: { action: "download", remote, reason } };
}

function toConflict(scene: Scene, { key, remote: served, base }: Arrival, local: HashedSave): Step {
  const remote = scene.describe(served);
  const version = nameVersion(local.save, remote);
  return { kind: "conflict", key, local, remote, version, action: conflictOf(local, remote, base) };
}

function conflictOf(
  { save: local }: HashedSave,
  remote: RemoteSave,
  base: PlannedAction["base"],
): { readonly action: "conflict"; readonly conflict: SyncConflict } {
  const known = base === null ? null : { contentHash: base.contentHash ?? "", at: base.at };
  return { action: "conflict", conflict: { local, remote, base: known } };
}

/** A version that no local save was paired with reaches its place; undefined: what is there stays as it was planned. */
function arrive(scene: Scene, arrival: Arrival, there: Step | undefined): Step | undefined {
  const { remote, key } = arrival;
  const local = scene.locals.get(key);
  if (there === undefined) return toDownload(scene, arrival, local ?? null);
  if (local === undefined) return toDownload(scene, arrival, null);
  const lane = findLane(scene.memory, local.save);
  const others = [remoteOf(there), lane].filter((other) => other !== null);
  // An older save under another name: what is here is a later one already.
  if (others.some(({ updatedAt }) => Date.parse(updatedAt) >= Date.parse(remote.updatedAt))) return undefined;
  if (there.kind === "upload" || there.kind === "conflict") return toConflict(scene, arrival, local);
  const isKept = there.kind !== "none" || there.same !== null || lane?.localHash === local.hash;
  return isKept ? toDownload(scene, arrival, local) : toConflict(scene, arrival, local);
}

function remoteOf(step: Step): ServedSave | null {
  if (step.kind === "none") return step.same;
  return step.kind === "trash" ? null : step.remote;
}

/** Tells whether a hash that was sent names a version. */
export function isNamed({ contentHash, sha1 }: ServedSave, hash: string | undefined): boolean {
  return hash !== undefined && (hash === contentHash || hash === sha1);
}

/** The words by which an earlier plan is compared with a later one. */
export function tokensOf(action: SyncAction): readonly string[] {
  if (action.action === "none") return [];
  if (action.action === "download") return [laneOf(action.remote)];
  if (action.action === "conflict") return [action.conflict.local.key, laneOf(action.conflict.remote)];
  return [action.local.key];
}
