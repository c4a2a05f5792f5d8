import type { Rom } from "@multitap/server/contract/roms";
import type { RemotePlan, RemoteSave as ServedSave } from "@multitap/server/contract/sync/plans";
import type { StoredVersion } from "@multitap/server/contract/sync/versions";
import type { ClientParts } from "../client-parts.ts";
import { hasErrorCode, isMultitapError, MultitapError } from "../errors.ts";
import { withDeadline } from "../http/deadline.ts";
import type { CallOptions } from "../options.ts";
import { createSha1 } from "../transfers/sha1.ts";
import { saveTooLarge } from "./errors.ts";
import {
  ACKNOWLEDGED_MAX,
  ASK_FIRST_BYTES_MIN,
  BYTES_PER_SECOND_MIN,
  ROMS_ASKED_MAX,
  SAVE_BYTES_MAX,
} from "./limits.ts";
import type { VersionName } from "./naming.ts";
import type { SentEntry } from "./reconcile.ts";
import type { ConflictChoice, RemoteSave, SyncOptions } from "./types.ts";

/** What is planned. */
export interface PlanRequest {
  readonly entries: readonly SentEntry[];
  readonly isDryRun: boolean;
}

/** A version to be. */
export interface Draft extends VersionName {
  readonly romId: number;
  readonly kind: "save" | "state";
  readonly slot: string | null;
  readonly emulator: string | null;
  /** The version that it goes on top of; null: there is none. */
  readonly basedOn: number | null;
  readonly isForced: boolean;
  readonly sessionId: number | null;
}

/** The server as a sync sees it. */
export interface SyncServer {
  plan(request: PlanRequest, options: CallOptions): Promise<RemotePlan>;
  /** What is known of roms; those that are gone are left out. */
  describeRoms(
    romIds: readonly number[],
    options: CallOptions,
  ): Promise<ReadonlyMap<number, RemoteSave["rom"]>>;
  store(draft: Draft, bytes: Uint8Array<ArrayBuffer>, options: CallOptions): Promise<StoredVersion>;
  /** Reads all bytes of a version and compares them with its digest. */
  read(remote: ServedSave, how: ReadOptions): Promise<Uint8Array>;
  restore(version: Pick<ServedSave, "kind" | "id">, options: CallOptions): Promise<ServedSave>;
  acknowledge(
    versions: readonly Pick<ServedSave, "kind" | "id" | "sha1">[],
    options: CallOptions,
  ): Promise<void>;
  settle(
    conflictId: number,
    resolution: Exclude<ConflictChoice, "skip">,
    options: CallOptions,
  ): Promise<void>;
  complete(
    session: { readonly id: number; readonly completed: number; readonly failed: number },
    options: CallOptions,
  ): Promise<void>;
}

/** How to read a version. */
export interface ReadOptions {
  readonly sessionId: number | null;
  readonly options: CallOptions;
  onProgress(loadedBytes: number): void;
}

/** Lower-case hex of the SHA-1 of some bytes. */
export function sha1Of(bytes: Uint8Array): string {
  const sha1 = createSha1();
  sha1.update(bytes);
  return sha1.hex();
}

/** Speaks with the server for one device. */
export function createSyncServer(
  parts: ClientParts,
  { deviceId, kinds, romIds, direction }: Pick<SyncOptions, "deviceId" | "kinds" | "romIds" | "direction">,
): SyncServer {
  const { rpc } = parts;
  const filter = { deviceId, kinds, romIds, direction };
  return {
    plan: ({ entries, isDryRun }, options) =>
      rpc.mutate("sync.plan", { ...filter, entries, isDryRun }, options),
    describeRoms: (ids, options) => describeRoms(parts, ids, options),
    store: (draft, bytes, options) => store(parts, deviceId, { draft, bytes, options }),
    read: (remote, how) => readContent({ parts, deviceId }, remote, how),
    async restore({ kind, id: versionId }, options) {
      // Not for this device: it does not have it yet.
      const input = { kind, versionId, deviceId: null };
      return (await rpc.mutate<StoredVersion>("sync.restore", input, options)).version;
    },
    async acknowledge(versions, options) {
      for (let at = 0; at < versions.length; at += ACKNOWLEDGED_MAX) {
        const some = versions
          .slice(at, at + ACKNOWLEDGED_MAX)
          .map(({ kind, id, sha1 }) => ({ kind, id, sha1 }));
        await rpc.mutate("sync.acknowledge", { deviceId, versions: some }, options);
      }
    },
    async settle(conflictId, resolution, options) {
      await rpc.mutate("sync.resolveConflict", { conflictId, resolution }, options);
    },
    async complete({ id: sessionId, completed: operationsCompleted, failed: operationsFailed }, options) {
      await rpc.mutate("sync.complete", { sessionId, operationsCompleted, operationsFailed }, options);
    },
  };
}

async function describeRoms(
  { rpc }: ClientParts,
  romIds: readonly number[],
  options: CallOptions,
): Promise<ReadonlyMap<number, RemoteSave["rom"]>> {
  const found = new Map<number, RemoteSave["rom"]>();
  const ask = async (romId: number) => {
    try {
      const rom = await rpc.query<Rom>("roms.get", { romId }, options);
      const { platformSlug, platformFsSlug, fsName, sha1 } = rom;
      found.set(romId, { platformSlug, platformFsSlug, fsName, sha1 });
    } catch (thrown) {
      if (!isMultitapError(thrown, "not_found")) throw thrown;
    }
  };
  for (let at = 0; at < romIds.length; at += ROMS_ASKED_MAX) {
    await Promise.all(romIds.slice(at, at + ROMS_ASKED_MAX).map(ask));
  }
  return found;
}

interface Sending {
  readonly draft: Draft;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly options: CallOptions;
}

/** Names the bytes first, since the server may have them: what was restored, renamed or sent before a crash. */
async function store(parts: ClientParts, deviceId: string, sending: Sending): Promise<StoredVersion> {
  const { draft, bytes, options } = sending;
  const { sessionId, ...about } = draft;
  const sizeBytes = bytes.length;
  if (sizeBytes >= ASK_FIRST_BYTES_MIN) {
    const known = {
      ...about,
      ...(sessionId !== null && { sessionId }),
      deviceId,
      sha1: sha1Of(bytes),
      sizeBytes,
    };
    try {
      return await parts.rpc.mutate("sync.storeKnown", known, options);
    } catch (thrown) {
      if (!hasErrorCode(thrown, "ASSETS_BYTES_UNKNOWN")) throw thrown;
    }
  }
  return await send(parts, deviceId, sending);
}

async function send(
  parts: ClientParts,
  deviceId: string,
  { draft, bytes, options }: Sending,
): Promise<StoredVersion> {
  const query = new URLSearchParams({
    rom_id: String(draft.romId),
    kind: draft.kind,
    name: draft.name,
    device_id: deviceId,
    is_bundle: String(draft.isBundle),
    is_forced: String(draft.isForced),
    based_on: draft.basedOn === null ? "none" : String(draft.basedOn),
    ...(draft.slot !== null && { slot: draft.slot }),
    ...(draft.emulator !== null && { emulator: draft.emulator }),
    ...(draft.sessionId !== null && { session_id: String(draft.sessionId) }),
  });
  const response = await parts.request(`/api/sync/versions?${query}`, {
    operation: "sync.store",
    options: { ...options, timeoutMs: allowedMs(options, bytes.length) },
    init: { method: "POST", body: bytes, headers: { "content-type": "application/octet-stream" } },
  });
  // The server is taken at its word for the shape, as everywhere.
  return (await response.json()) as StoredVersion;
}

/** Slow lines are slow in both directions. */
function allowedMs({ timeoutMs = 30_000 }: CallOptions, sizeBytes: number): number {
  return timeoutMs + Math.ceil((sizeBytes / BYTES_PER_SECOND_MIN) * 1_000);
}

/** How often an answer that was cut off is asked for again. */
const READ_TRIES = 3;

/** Who reads. */
interface Reader {
  readonly parts: ClientParts;
  readonly deviceId: string;
}

async function readContent(reader: Reader, remote: ServedSave, how: ReadOptions): Promise<Uint8Array> {
  if (remote.sizeBytes > SAVE_BYTES_MAX) throw saveTooLarge(remote.fileName);
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(reader, remote, how);
    } catch (thrown) {
      // The request itself was repeated already; what is repeated here was cut off on its way.
      const isCut = isMultitapError(thrown, "network") && thrown.attempts === 0;
      if (!isCut || attempt >= READ_TRIES) throw thrown;
    }
  }
}

async function readOnce(
  { parts, deviceId }: Reader,
  { id, kind, sizeBytes, fileName, sha1 }: ServedSave,
  { sessionId, options, onProgress }: ReadOptions,
): Promise<Uint8Array> {
  const query = new URLSearchParams({ device_id: deviceId, optimistic: "false" });
  if (sessionId !== null) query.set("session_id", String(sessionId));
  const call = { operation: "sync.read", options, init: {} };
  const response = await parts.request(`/api/${kind}s/${id}/content?${query}`, call);
  const { environment, lifetime } = parts;
  const limits = {
    environment,
    signals: [options.signal, lifetime],
    timeoutMs: allowedMs(options, sizeBytes),
  };
  const reader = response.body?.getReader();
  try {
    const bytes = await withDeadline(limits, () => readAll(reader, sizeBytes, onProgress));
    if (bytes !== null && (sha1 === "" || sha1Of(bytes) === sha1)) return bytes;
    // Bytes outside of slots may be replaced under the same id: then another plan knows more.
    throw new MultitapError("conflict", "CONTENT_CHANGED", { message: `${fileName} changed on the server` });
  } finally {
    // Also ends an answer that is not wanted any more; that this may fail changes nothing.
    await reader?.cancel().catch(() => undefined);
  }
}

/** Null when there are more or fewer bytes than announced. */
async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  sizeBytes: number,
  onProgress: (loadedBytes: number) => void,
): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(sizeBytes);
  let filled = 0;
  for (;;) {
    const piece = await readPiece(reader);
    if (piece === undefined) return filled === sizeBytes ? bytes : null;
    if (filled + piece.length > sizeBytes) return null;
    bytes.set(piece, filled);
    filled += piece.length;
    onProgress(filled);
  }
}

async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return (await reader?.read())?.value;
  } catch (thrown) {
    const message = `The answer was cut off: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    throw new MultitapError("network", "NETWORK_FAILED", { message, cause: thrown });
  }
}
