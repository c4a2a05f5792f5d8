import type { PlannedAction, RemoteSave as ServedSave } from "@multitap/server/contract/sync/plans";
import type { StoredVersion } from "@multitap/server/contract/sync/versions";
import { MultitapError } from "../errors.ts";
import { contentHashOf } from "../sync/content-hash.ts";
import { md5 } from "../sync/md5.ts";
import type { SentEntry } from "../sync/reconcile.ts";
import { type Draft, type SyncServer, sha1Of } from "../sync/server.ts";

/** One version, and its bytes. */
export interface ModelVersion extends ServedSave {
  readonly bytes: Uint8Array;
  readonly md5: string;
}

interface Base {
  readonly version: ModelVersion;
  readonly order: number;
}

/** The rules of the real server in memory, without anything around them. */
export interface ModelSyncServer {
  /** Everything that was ever stored, oldest first; what was removed included. */
  readonly history: readonly ModelVersion[];
  /** Versions of the past and the present that somebody removed. */
  removeLane(romId: number, slot: string): void;
  /** The server as one device sees it. */
  for(deviceId: string): SyncServer;
}

/** What a model consists of; its functions are below. */
interface Model {
  readonly history: ModelVersion[];
  readonly removed: Set<number>;
  /** By device. */
  readonly bases: Map<string, Base[]>;
}

const placeOf = ({ kind, romId, slot }: Pick<ServedSave, "kind" | "romId" | "slot">) =>
  `${kind} ${romId} ${slot}`;
const names = (hash: string, { contentHash, sha1, md5: raw }: ModelVersion) =>
  [contentHash, sha1, raw].includes(hash);
const isSame = (a: ModelVersion, b: ModelVersion) => a.sha1 === b.sha1 || a.contentHash === b.contentHash;
const present = ({ history, removed }: Model) => history.filter(({ id }) => !removed.has(id));

/** The newest version of each save in a place. */
function headsOf(model: Model, place: string): readonly ModelVersion[] {
  const heads = new Map<string, ModelVersion>();
  for (const version of present(model)) if (placeOf(version) === place) heads.set(version.name, version);
  return [...heads.values()];
}

function findHead(model: Model, place: string, name: string): ModelVersion | null {
  const heads = headsOf(model, place);
  return heads.find((head) => head.name === name) ?? (heads.length === 1 ? heads[0] : undefined) ?? null;
}

function findBase(
  { bases }: Model,
  deviceId: string,
  { place, known }: { readonly place: string; readonly known: readonly string[] },
): ModelVersion | null {
  const own = (bases.get(deviceId) ?? []).filter(
    ({ version }) => placeOf(version) === place && known.includes(version.name),
  );
  return own.sort((a, b) => b.order - a.order)[0]?.version ?? null;
}

function noteBase({ bases }: Model, deviceId: string | null, version: ModelVersion): void {
  if (deviceId === null) return;
  const all = bases.get(deviceId) ?? [];
  const others = all.filter(
    (base) => placeOf(base.version) !== placeOf(version) || base.version.name !== version.name,
  );
  const order = Math.max(0, ...all.map((base) => base.order)) + 1;
  bases.set(deviceId, [...others, { version, order }]);
}

function planEntry(
  model: Model,
  deviceId: string,
  entry: SentEntry,
): PlannedAction & { readonly head: ModelVersion | null } {
  const romId = entry.rom as number;
  const place = placeOf({ ...entry, romId });
  const head = findHead(model, place, entry.name);
  const base = findBase(model, deviceId, { place, known: [entry.name, head?.name ?? entry.name] });
  const common = base === null ? null : { contentHash: base.contentHash, at: base.updatedAt };
  const about = { key: entry.key, romId, remote: head, base: common, head, reason: "" };
  if (head === null) {
    const wasThere = base !== null && names(entry.hash, base);
    return { ...about, action: wasThere ? "trash" : "upload" };
  }
  if (names(entry.hash, head)) return { ...about, action: "none", reason: "Content is identical" };
  if (base === null) {
    const isNewer = Date.parse(entry.modifiedAt) > Date.parse(head.updatedAt);
    return { ...about, action: isNewer ? "upload" : "conflict" };
  }
  const hasServerChanged = head.id !== base.id && !isSame(head, base);
  if (!names(entry.hash, base)) return { ...about, action: hasServerChanged ? "conflict" : "upload" };
  return { ...about, action: hasServerChanged ? "download" : "none" };
}

function planAbsent(model: Model, deviceId: string, named: ReadonlySet<number>): readonly PlannedAction[] {
  const places = new Set(present(model).map(placeOf));
  return [...places]
    .flatMap((place) => headsOf(model, place))
    .flatMap((head): readonly PlannedAction[] => {
      if (named.has(head.id)) return [];
      const base = findBase(model, deviceId, { place: placeOf(head), known: [head.name] });
      if (base !== null && (base.id === head.id || isSame(base, head))) return [];
      return [{ key: null, action: "download", reason: "", romId: head.romId, remote: head, base: null }];
    });
}

interface Adding {
  readonly draft: Draft;
  readonly bytes: Uint8Array;
  readonly deviceId: string | null;
}

async function add(model: Model, adding: Adding): Promise<StoredVersion> {
  const { draft, bytes, deviceId } = adding;
  const { romId, kind, slot, name, isBundle, emulator } = draft;
  const contentHash = await contentHashOf([{ path: name, bytes }]);
  // From here on nothing waits: the real server locks the slot.
  const head = findHead(model, placeOf(draft), name);
  if (!draft.isForced && head !== null && head.id !== draft.basedOn) {
    throw new MultitapError("conflict", "SAVES_SLOT_NEWER", { message: "newer" });
  }
  const id = model.history.length + 1;
  const version: ModelVersion = {
    ...{ id, romId, kind, slot, name, isBundle, emulator, contentHash, bytes },
    originDeviceId: deviceId,
    fileName: `${id} ${name}`,
    sizeBytes: bytes.length,
    sha1: sha1Of(bytes),
    md5: md5(bytes),
    updatedAt: new Date(Date.now() + id * 1_000).toISOString(),
  };
  if (head !== null && isSame(head, version) && !draft.isForced) {
    noteBase(model, deviceId, head);
    return { version: head, outcome: "same", conflictId: null };
  }
  model.history.push(version);
  noteBase(model, deviceId, version);
  return { version, outcome: "created", conflictId: draft.isForced && head !== null ? id : null };
}

function requireVersion(model: Model, id: number): ModelVersion {
  const version = present(model).find((each) => each.id === id);
  if (version !== undefined) return version;
  throw new MultitapError("not_found", "SAVES_NOT_FOUND", { message: "gone" });
}

/** Makes a server without versions. */
export function createModelSyncServer(): ModelSyncServer {
  const model: Model = { history: [], removed: new Set(), bases: new Map() };
  return {
    history: model.history,
    removeLane(romId, slot) {
      for (const { id, ...each } of model.history) {
        if (each.romId === romId && each.slot === slot) model.removed.add(id);
      }
    },
    for: (deviceId) => ({
      async plan({ entries, isDryRun }) {
        const own = entries.map((entry) => planEntry(model, deviceId, entry));
        const named = new Set(own.flatMap(({ head }) => head?.id ?? []));
        const actions = [...own, ...planAbsent(model, deviceId, named)];
        for (const { head, reason } of isDryRun ? [] : own) {
          if (head !== null && reason === "Content is identical") noteBase(model, deviceId, head);
        }
        return { sessionId: isDryRun ? null : 1, actions };
      },
      async describeRoms(romIds) {
        const rom = { platformSlug: "snes", platformFsSlug: "snes", fsName: "Game.sfc", sha1: "" };
        return new Map(romIds.map((romId) => [romId, rom]));
      },
      store: (draft, bytes) => add(model, { draft, bytes, deviceId }),
      read: async ({ id }) => requireVersion(model, id).bytes,
      async restore({ id }) {
        const old = requireVersion(model, id);
        const draft = { ...old, basedOn: null, isForced: true, sessionId: null };
        return (await add(model, { draft, bytes: old.bytes, deviceId: null })).version;
      },
      async acknowledge(versions) {
        for (const { id, sha1 } of versions) {
          const version = present(model).find((each) => each.id === id);
          if (version?.sha1 === sha1) noteBase(model, deviceId, version);
        }
      },
      settle: async () => undefined,
      complete: async () => undefined,
    }),
  };
}
