import { noteSynced } from "../../assets/baselines/service.ts";
import type { TrashedAsset } from "../../assets/contract.ts";
import { storeKnownVersion, storeSentStream, type VersionDraft } from "../../assets/service.ts";
import { findTrashed, readTrash } from "../../assets/trash/service.ts";
import type { Version, VersionKind } from "../../assets/versions/contract.ts";
import {
  listVersionsNamed,
  readLatestVersions,
  removeVersions,
  requireOwnVersion,
} from "../../assets/versions/service.ts";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { requireAccountId } from "../../base/identity.ts";
import { operation, requireAccess } from "../../base/operation.ts";
import { Nothing } from "../../base/schemas.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteSighting, requireOwnDevice } from "../../devices/service.ts";
import { countSessionOperation } from "../../devices/sync-sessions/service.ts";
import { requireVisibleRom } from "../../roms/service.ts";
import { HISTORY_PAGE_MAX } from "../limits.ts";
import type { RemoteKind } from "../plans/contract.ts";
import { toRemoteSave } from "../plans/rules.ts";
import {
  AcknowledgedSchema,
  AcknowledgeInput,
  type HistoricVersion,
  HistorySchema,
  ListHistoryInput,
  RemoveVersionsInput,
  RestoreVersionInput,
  StoredVersionSchema,
  StoreKnownVersionInput,
  StoreVersionInput,
} from "./contract.ts";

const toKind = (kind: RemoteKind): VersionKind => (kind === "save" ? "saves" : "states");

/** The device that a caller speaks for; null when it speaks for none. */
async function findDevice(
  ctx: Context,
  given: string | null | undefined,
  userId: number,
): Promise<string | null> {
  const bound = ctx.identity.kind === "user" ? ctx.identity.deviceId : null;
  const deviceId = given === undefined ? bound : given;
  if (deviceId === null) return null;
  if (deviceId !== bound) requireAccess(ctx, { scope: "devices.write" });
  return (await requireOwnDevice(ctx, deviceId, userId)).id;
}

interface GivenDraft {
  readonly romId: number;
  readonly kind: RemoteKind;
  readonly slot: string | null;
  readonly name: string;
  readonly emulator: string | null;
  readonly deviceId?: string | null | undefined;
  readonly isBundle: boolean;
  readonly basedOn?: number | null | undefined;
  readonly isForced: boolean;
  readonly keptMax?: number | undefined;
}

async function toDraft(ctx: Context, given: GivenDraft): Promise<VersionDraft> {
  const userId = requireAccountId(ctx);
  const [rom, deviceId] = await Promise.all([
    requireVisibleRom(ctx, given.romId),
    findDevice(ctx, given.deviceId, userId),
  ]);
  const byVersion = given.basedOn === undefined ? null : { by: "version" as const, versionId: given.basedOn };
  return {
    kind: toKind(given.kind),
    userId,
    rom,
    fileName: given.name,
    emulator: given.emulator,
    slot: given.slot,
    deviceId,
    isBundle: given.isBundle,
    gate: given.isForced ? { by: "force" } : (byVersion ?? { by: "device" }),
    keptMax: given.keptMax === undefined ? null : Math.min(given.keptMax, ctx.facts.assets.keptMax),
    isPlayed: true,
  };
}

/** What follows every upload. */
async function afterUpload(ctx: Context, draft: VersionDraft, sessionId: number | undefined): Promise<void> {
  const { userId, deviceId } = draft;
  if (sessionId !== undefined) await countSessionOperation(ctx, sessionId, userId);
  if (deviceId !== null) await noteSighting(ctx, deviceId);
}

/**
 * Stores a version from the bytes of the body. What it goes on top of has to be known: by the version it grew from, or
 * by what its device last had.
 * @throws AppError `ROMS_NOT_FOUND`, `DEVICES_NOT_FOUND`, `SAVES_SLOT_NEWER`, `ASSETS_NAME_INVALID`,
 *   `ASSETS_EMULATOR_INVALID`, `SAVES_TOO_LARGE`, `STORAGE_FULL`.
 */
export const storeVersion = operation(
  {
    type: "mutation",
    scope: "assets.write",
    input: StoreVersionInput,
    output: StoredVersionSchema,
    storesNoAnswer: true,
  },
  async (ctx, { body, sessionId, ...given }) => {
    const draft = await toDraft(ctx, given);
    const { version, outcome, conflictId } = await storeSentStream(ctx, draft, body);
    await afterUpload(ctx, draft, sessionId);
    return { version: toRemoteSave(version), outcome, conflictId };
  },
);

/**
 * Does the same with bytes that the caller stored before, which are not sent again.
 * @throws AppError `ASSETS_BYTES_UNKNOWN` when they have to be sent after all, and those of `storeVersion`.
 */
export const storeKnown = operation(
  { type: "mutation", scope: "assets.write", input: StoreKnownVersionInput, output: StoredVersionSchema },
  async (ctx, { sha1, sizeBytes, sessionId, ...given }) => {
    const draft = await toDraft(ctx, given);
    const { version, outcome, conflictId } = await storeKnownVersion(ctx, draft, { sha1, sizeBytes });
    await afterUpload(ctx, draft, sessionId);
    return { version: toRemoteSave(version), outcome, conflictId };
  },
);

/**
 * A device says which versions it has now, with the digest of what it really has: what holds other bytes by now does
 * not count.
 * @throws AppError `DEVICES_NOT_FOUND`.
 */
export const acknowledgeVersions = operation(
  { type: "mutation", scope: "assets.write", input: AcknowledgeInput, output: AcknowledgedSchema },
  async (ctx, { deviceId: given, versions }) => {
    const userId = requireAccountId(ctx);
    const deviceId = await findDevice(ctx, given, userId);
    if (deviceId === null) {
      throw new AppError("invalid", "SYNC_DEVICE_REQUIRED", { message: "A device has to be named" });
    }
    return await inTransaction(ctx, async (inner) => {
      const names = versions.map(({ kind, id }) => ({ kind: toKind(kind), id }));
      const found = await listVersionsNamed(inner, names);
      const own = new Map(
        found.filter((each) => each.userId === userId).map((each) => [`${each.kind} ${each.id}`, each]),
      );
      const isCurrent = ({ kind, id, sha1 }: (typeof versions)[number]) =>
        own.get(`${toKind(kind)} ${id}`)?.sha1 === sha1;
      const current = versions.filter(isCurrent);
      await noteSynced(
        inner,
        deviceId,
        current.flatMap(({ kind, id }) => own.get(`${toKind(kind)} ${id}`) ?? []),
      );
      const stale = versions.filter((each) => !isCurrent(each)).map(({ kind, id }) => ({ kind, id }));
      return { count: current.length, stale };
    });
  },
);

/**
 * The versions that a save of the caller's ever had, newest first: those in the trash and those purged as well,
 * `HISTORY_PAGE_MAX` at most.
 */
export const listHistory = operation(
  { type: "query", scope: "assets.read", input: ListHistoryInput, output: HistorySchema },
  async (ctx, { romId, kind: given, slot, name: canonicalName, sha1, until }) => {
    const kind = toKind(given);
    const filter = {
      userId: requireAccountId(ctx),
      romId,
      slot,
      canonicalName,
      sha1,
      until: until === undefined ? undefined : new Date(until),
      limit: HISTORY_PAGE_MAX,
    };
    const [versions, trashed] = await Promise.all([
      readLatestVersions(ctx, kind, filter),
      readTrash(ctx, { ...filter, kind }),
    ]);
    const history = [...versions.map(toPresent), ...trashed.map((asset) => toPast(asset, given))];
    history.sort((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt));
    return history.slice(0, HISTORY_PAGE_MAX);
  },
);

function toPast(asset: TrashedAsset, kind: RemoteKind): HistoricVersion {
  const { id, romId, slot, fileName, sizeBytes, contentHash, sha1, isBundle, originDeviceId } = asset;
  return {
    versionId: null,
    trashId: id,
    romId,
    kind,
    slot,
    name: asset.canonicalName,
    fileName,
    sizeBytes,
    contentHash,
    sha1,
    isBundle,
    originDeviceId,
    updatedAt: asset.updatedAt,
    reason: asset.reason,
    trashedAt: asset.trashedAt,
    purgedAt: asset.purgedAt,
  };
}

function toPresent(version: Version): HistoricVersion {
  const { id, fileName, sizeBytes, contentHash, sha1, isBundle, originDeviceId, romId, slot } = version;
  return {
    versionId: id,
    trashId: null,
    romId,
    kind: version.kind === "saves" ? "save" : "state",
    slot,
    name: version.canonicalName,
    fileName,
    sizeBytes,
    contentHash,
    sha1,
    isBundle,
    originDeviceId,
    updatedAt: toInstant(version.contentUpdatedAt),
    reason: null,
    trashedAt: null,
    purgedAt: null,
  };
}

/**
 * Brings an older version back as the newest, also one from the trash; nothing is removed.
 * @throws AppError `SAVES_NOT_FOUND`, `STATES_NOT_FOUND`; `ASSETS_TRASH_NOT_FOUND` for what is not in the caller's
 *   trash, or purged; `ROMS_NOT_FOUND` when the rom is gone.
 */
export const restoreVersion = operation(
  { type: "mutation", scope: "assets.write", input: RestoreVersionInput, output: StoredVersionSchema },
  async (ctx, { kind: given, versionId, trashId, deviceId }) => {
    const kind = toKind(given);
    const userId = requireAccountId(ctx);
    return await inTransaction(ctx, async (inner) => {
      const old =
        trashId === undefined
          ? await requireOwnVersion(inner, kind, { id: versionId ?? 0, userId })
          : await requireTrashed(inner, { trashId, userId, kind });
      const rom = await requireVisibleRom(inner, old.romId);
      const draft: VersionDraft = {
        kind,
        userId,
        rom,
        fileName: old.canonicalName,
        emulator: old.emulator,
        slot: old.slot,
        deviceId: await findDevice(inner, deviceId ?? null, userId),
        isBundle: old.isBundle,
        gate: { by: "force" },
        keptMax: null,
      };
      const { version, outcome, conflictId } = await storeKnownVersion(inner, draft, old);
      return { version: toRemoteSave(version), outcome, conflictId };
    });
  },
);

async function requireTrashed(
  ctx: Context,
  {
    trashId,
    userId,
    kind,
  }: { readonly trashId: number; readonly userId: number; readonly kind: VersionKind },
) {
  const found = await findTrashed(ctx, trashId, userId);
  if (found === null || found.asset.kind !== kind) {
    throw new AppError("not_found", "ASSETS_TRASH_NOT_FOUND", {
      message: `There is no ${trashId} in the trash`,
    });
  }
  return { ...found.asset, emulator: found.emulator, ...found.bytes };
}

/**
 * Moves versions of the caller's to the trash, all or none.
 * @throws AppError `SAVES_NOT_FOUND`, `STATES_NOT_FOUND`.
 */
export const removeSyncVersions = operation(
  { type: "mutation", scope: "assets.write", input: RemoveVersionsInput, output: Nothing },
  async (ctx, { versions }) => {
    const userId = requireAccountId(ctx);
    await inTransaction(ctx, async (inner) => {
      for (const kind of ["saves", "states"] as const) {
        const ids = versions.filter((each) => toKind(each.kind) === kind).map(({ id }) => id);
        if (ids.length > 0) await removeVersions(inner, kind, { ids: [...new Set(ids)], userId });
      }
    });
    return null;
  },
);
