import type { SyncConflict } from "@multitap/server/contract/assets/conflicts";
import type { SyncedSave } from "@multitap/server/contract/saves";
import type { HistoricVersion, StoredVersion } from "@multitap/server/contract/sync/versions";
import type { Instant } from "../auth/types.ts";
import { hasErrorCode, isMultitapError, MultitapError } from "../errors.ts";
import { type HttpParts, request } from "../http/rest.ts";
import { CALL_TIMEOUT_MS, UPLOAD_BYTES_PER_SECOND_MIN } from "../limits.ts";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { type DownloadParts, download } from "../transfers/download.ts";
import type { ByteSink, TransferOptions, TransferResult } from "../transfers/types.ts";

/** Which saves to read. */
export interface SavesFilter {
  readonly romId?: number | undefined;
  readonly platformId?: number | undefined;
  /** Null: those without one. */
  readonly slot?: string | null | undefined;
  /** Tells of each how far devices are with it. */
  readonly deviceId?: string | undefined;
}

/** Which history to read. */
export interface VersionsFilter {
  readonly romId: number;
  /** Null: those without one; all slots unless said. */
  readonly slot?: string | null | undefined;
  /** What its versions are called, without the moment that a slot adds. */
  readonly name?: string | undefined;
  /** Only versions stored by then: with the moment of the last one of 500, those behind it. */
  readonly until?: Instant | undefined;
}

/** Where a new version goes. */
export interface StoreVersion {
  readonly romId: number;
  /** Named lane of versions; without one it is kept beside the lanes. */
  readonly slot?: string | null | undefined;
  /** That of a `File`, or of the version that it grew from, unless said. */
  readonly name?: string | undefined;
  readonly emulator?: string | undefined;
  /** The device that the client's token is bound to unless said; null: none. */
  readonly deviceId?: string | null | undefined;
  /** Id of the version that this one grew from; null: there was none. What the device last had unless said. */
  readonly basedOn?: number | null | undefined;
  /** Goes on top of whatever is there, which stays as a version. */
  readonly force?: boolean | undefined;
}

/** An older version to bring back: one that is there, or one from the trash. */
export type RestoreVersion = { readonly versionId: number } | { readonly trashId: number };

/** Which conflicts to read. */
export interface ConflictsFilter {
  /** Only those that nobody decided, or only the others. */
  readonly isOpen?: boolean | undefined;
  readonly romId?: number | undefined;
  /** Only older ones than this. */
  readonly beforeId?: number | undefined;
  /** 100 unless said, 500 at most. */
  readonly limit?: number | undefined;
}

/** What saves and states have in common: versions that are never overwritten. */
export interface VersionCalls {
  /**
   * Gives the versions that the saves of a rom ever had, the newest first, 500 at most, those in the trash among them.
   * @example
   * const [newest, before] = await client.saves.versions({ romId: 42, slot: "main" });
   */
  versions(filter: VersionsFilter, options?: CallOptions): Promise<readonly HistoricVersion[]>;
  /**
   * Brings an older version back as the newest; nothing is removed.
   * @throws MultitapError `not_found`, also when its bytes are gone for good.
   * @example
   * await client.saves.restore({ versionId: before.versionId });
   */
  restore(version: RestoreVersion, options?: WriteOptions): Promise<StoredVersion>;
  /**
   * Moves the bytes of a version into a sink. Aborting suspends the transfer; the same call later goes on from there.
   * @throws MultitapError `not_found`; `storage` when the sink failed, `protocol` (`DIGEST_MISMATCH`) with `verify`.
   * @example
   * await client.saves.download(7, fileSink("/saves/game.srm"), { verify: true });
   */
  download(versionId: number, to: ByteSink, options?: TransferOptions): Promise<TransferResult>;
  /**
   * Stores a version on top of the one that it grew from.
   * @throws MultitapError `conflict` (`SAVES_SLOT_NEWER`) when another one came in between; `too_large`.
   * @example
   * const { version } = await client.saves.store(bytes, { romId: 42, slot: "main", basedOn: 7 });
   */
  store(
    bytes: Uint8Array<ArrayBuffer> | Blob,
    about: StoreVersion,
    options?: CallOptions,
  ): Promise<StoredVersion>;
  /**
   * Moves versions to the trash, all or none.
   * @throws MultitapError `not_found`.
   * @example
   * await client.saves.remove([7, 8]);
   */
  remove(versionIds: readonly number[], options?: WriteOptions): Promise<void>;
}

/** In-memory game data of the user's. */
export interface Saves extends VersionCalls {
  /**
   * Gives the versions that are there, by id.
   * @example
   * const saves = await client.saves.list({ romId: 42 });
   */
  list(filter?: SavesFilter, options?: CallOptions): Promise<readonly SyncedSave[]>;
  /**
   * Reads one version.
   * @throws MultitapError `not_found`.
   * @example
   * const { fileName, slot } = await client.saves.get(7);
   */
  get(
    saveId: number,
    input?: { readonly deviceId?: string | undefined },
    options?: CallOptions,
  ): Promise<SyncedSave>;
  /**
   * Shows a version to everyone, or to its owner alone.
   * @throws MultitapError `not_found`, also for another's.
   * @example
   * await client.saves.setVisibility(7, true);
   */
  setVisibility(saveId: number, isPublic: boolean, options?: WriteOptions): Promise<SyncedSave>;
  /**
   * Gives what two sides changed at the same time, saves and states, the newest first. Both versions of each are kept.
   * @example
   * for (const conflict of await client.saves.conflicts({ isOpen: true })) show(conflict.canonicalName);
   */
  conflicts(filter?: ConflictsFilter, options?: CallOptions): Promise<readonly SyncConflict[]>;
  /**
   * Notes what became of a conflict; the versions stay as they are, and `restore` brings one of them to the top.
   * @throws MultitapError `not_found`.
   * @example
   * await client.saves.resolveConflict(3, "keep_both");
   */
  resolveConflict(
    conflictId: number,
    resolution: NonNullable<SyncConflict["resolution"]>,
    options?: WriteOptions,
  ): Promise<SyncConflict>;
}

/** What the calls need of the client. */
type Parts = HttpParts & DownloadParts;

/** Builds the calls of saves. */
export function createSaves(rpc: Rpc, http: Parts): Saves {
  const get: Saves["get"] = (saveId, input = {}, options) =>
    rpc.query("saves.get", { saveId, ...input }, options);
  return {
    ...createVersionCalls(rpc, http, "save"),
    list: (filter = {}, options) => rpc.query("saves.list", filter, options),
    get,
    setVisibility: (saveId, isPublic, options) =>
      rpc.mutate("saves.setVisibility", { saveId, isPublic }, options),
    conflicts: (filter = {}, options) => rpc.query("sync.conflicts", filter, options),
    resolveConflict: (conflictId, resolution, options) =>
      rpc.mutate("sync.resolveConflict", { conflictId, resolution }, options),
  };
}

/** Builds the calls that saves and states have in common. */
export function createVersionCalls(rpc: Rpc, http: Parts, kind: "save" | "state"): VersionCalls {
  const versions: VersionCalls["versions"] = (filter, options) =>
    rpc.query("sync.history", { ...filter, kind }, options);
  return {
    versions,
    restore: (version, options) => rpc.mutate("sync.restore", { ...version, kind }, options),
    download: (versionId, sink, options = {}) =>
      download(http, {
        place: { operation: `${kind}s.download`, path: `/api/${kind}s/${versionId}/content` },
        sink,
        options,
        // The answer itself tells the digest.
        findSha1: async () => null,
      }),
    async store(bytes, about, options) {
      const name = about.name ?? (await findName(versions, { bytes, about, kind, options }));
      try {
        return await send(http, { bytes, about: { ...about, name }, kind, options });
      } catch (thrown) {
        throw await toSlotNewer(versions, thrown, { ...about, name });
      }
    },
    async remove(versionIds, options) {
      await rpc.mutate("sync.removeVersions", { versions: versionIds.map((id) => ({ kind, id })) }, options);
    },
  };
}

interface Storing {
  readonly bytes: Uint8Array<ArrayBuffer> | Blob;
  readonly about: StoreVersion;
  readonly kind: "save" | "state";
  readonly options: CallOptions | undefined;
}

/** Under another name it would begin a lane of its own. */
async function findName(
  versions: VersionCalls["versions"],
  { bytes, about: { romId, slot, basedOn }, kind, options }: Storing,
): Promise<string> {
  const { name } = bytes as { readonly name?: unknown };
  if (typeof name === "string" && name !== "") return name;
  if (typeof basedOn !== "number") return kind === "save" ? "save.srm" : "save.state";
  const known = await versions({ romId, slot }, options);
  return known.find(({ versionId }) => versionId === basedOn)?.name ?? "save.srm";
}

async function send(http: Parts, { bytes, about, kind, options }: Storing): Promise<StoredVersion> {
  const { romId, slot, name, emulator, deviceId, basedOn, force } = about;
  const given = {
    rom_id: romId,
    kind,
    name,
    slot,
    emulator,
    // Left out, it is the device that the token is bound to.
    device_id: deviceId === null ? "none" : deviceId,
    based_on: basedOn === null ? "none" : basedOn,
    is_forced: force,
  };
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(given)) if (value != null) query.set(key, String(value));
  const sizeBytes = bytes instanceof Blob ? bytes.size : bytes.length;
  const timeoutMs = options?.timeoutMs ?? CALL_TIMEOUT_MS + (sizeBytes / UPLOAD_BYTES_PER_SECOND_MIN) * 1_000;
  const response = await request(http, `/api/sync/versions?${query}`, {
    operation: `${kind}s.store`,
    options: { ...options, timeoutMs },
    init: { method: "POST", body: bytes },
  });
  return (await response.json()) as StoredVersion;
}

/** This door tells a conflict in words alone; the history knows which version came in between. */
async function toSlotNewer(
  versions: VersionCalls["versions"],
  thrown: unknown,
  { romId, slot, name }: StoreVersion,
): Promise<unknown> {
  if (!isMultitapError(thrown, "conflict") || hasErrorCode(thrown, "SAVES_SLOT_NEWER")) return thrown;
  const present = (await versions({ romId, slot })).filter(({ versionId }) => versionId !== null);
  const newest = present.find((version) => version.name === name) ?? present[0];
  if (newest === undefined) return thrown;
  const { versionId: newestSaveId, contentHash, updatedAt } = newest;
  const { message, status, operation, requestId, attempts } = thrown;
  const details = { newestSaveId, contentHash, updatedAt };
  return new MultitapError("conflict", "SAVES_SLOT_NEWER", {
    ...{ message, status, operation, requestId, attempts, details },
  });
}
