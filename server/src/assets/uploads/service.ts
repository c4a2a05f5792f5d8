import type { Context } from "../../base/context.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteLastPlayed } from "../../roms/last-played/service.ts";
import { listSlotBaselines } from "../baselines/queries.ts";
import { noteSynced } from "../baselines/service.ts";
import { upsertConflicts } from "../conflicts/queries.ts";
import type { StoredBytes } from "../contract.ts";
import { type AssetHome, toAssetFolder, toPlace } from "../rules.ts";
import { discardBytes } from "../storage/service.ts";
import type { Lane, Version, VersionKind } from "../versions/contract.ts";
import {
  deleteVersions,
  insertVersion,
  listHeads,
  listOldVersionIds,
  lockSlot,
  lockVersion,
  toNextMoment,
  updateVersion,
} from "../versions/queries.ts";
import {
  canonicalNameOf,
  checkGate,
  chooseBaseline,
  chooseHead,
  type Gate,
  isConflict,
  isSameContent,
  nameVersion,
  type UploadSight,
} from "./rules.ts";

/** A version to be, whose bytes lie on disk already. */
export interface VersionUpload {
  readonly kind: VersionKind;
  readonly userId: number;
  readonly romId: number;
  /** Folder name of the rom's platform. */
  readonly platformFolder: string;
  /** Sanitized. */
  readonly fileName: string;
  readonly emulator: string | null;
  readonly slot: string | null;
  /** The caller's own; null without one. */
  readonly deviceId: string | null;
  readonly isBundle: boolean;
  readonly gate: Gate;
  /** Older versions of the slot beyond this many go to the trash; null keeps all. */
  readonly keptMax: number | null;
  /** Somebody played it just now, which is noted beside the version. */
  readonly isPlayed?: boolean | undefined;
  readonly bytes: StoredBytes;
  /** A row names these bytes already, so that they are not ours to remove. */
  readonly areBytesShared?: boolean | undefined;
}

/** What became of an upload. */
export interface UploadedVersion {
  readonly version: Version;
  /** `same`: these were the newest bytes already, and nothing was added. */
  readonly outcome: "created" | "updated" | "same";
  /** Present when the upload buried what its device never had; both versions are kept. */
  readonly conflictId: number | null;
}

/**
 * Adds a version, or replaces the one of its name outside of slots, once it is certain that nothing is buried
 * unseen. One at a time per slot. Fresh bytes that no row took are removed, also when the upload is refused.
 * @throws AppError `SAVES_SLOT_NEWER`.
 */
export async function storeVersion(ctx: Context, upload: VersionUpload): Promise<UploadedVersion> {
  let result: UploadedVersion;
  try {
    result = await inTransaction(ctx, (inner) => decide(inner, upload));
  } catch (error) {
    // The commit may have happened although its answer was lost: whatever a row names is left alone by the sweep.
    if (isRefusal(error)) await discardFresh(ctx, upload);
    throw error;
  }
  if (result.version.storedPath !== upload.bytes.storedPath) await discardFresh(ctx, upload);
  return result;
}

async function discardFresh(ctx: Context, { bytes, areBytesShared }: VersionUpload): Promise<void> {
  if (areBytesShared !== true) await discardBytes(ctx, bytes.storedPath);
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && "kind" in error && error.kind === "conflict";
}

async function decide(ctx: Context, upload: VersionUpload): Promise<UploadedVersion> {
  const { kind, userId, romId, slot, deviceId, gate, bytes } = upload;
  const place = { kind, userId, romId, slot };
  const canonicalName = canonicalNameOf(upload.fileName, slot);
  const now = await lockSlot(ctx.db, place);
  const [heads, baselines] = await Promise.all([
    listHeads(ctx.db, { ...place, canonicalName }),
    deviceId === null ? [] : listSlotBaselines(ctx.db, { deviceId, romId, kind, slot }),
  ]);
  const head = chooseHead(heads, { slot, canonicalName });
  const baseline = chooseBaseline(baselines, { head, canonicalName });
  const sight: UploadSight = { slot, head, baseline, deviceId, gate };
  const isSame = head !== null && isSameContent(head, bytes) && (gate.by !== "force" || slot === null);
  // A sender that names its version and lost the answer sends the same bytes once more: they are there.
  if (!isSame || gate.by !== "version") checkGate(sight);
  if (isSame) {
    const version = await moveTo(ctx, upload, head);
    return await finish(ctx, upload, { version, outcome: "same", conflictId: null });
  }
  const stored = await write(ctx, upload, { now, canonicalName, head, isConflict: isConflict(sight, bytes) });
  const conflictId =
    head !== null && isConflict(sight, bytes)
      ? await noteBuried(ctx, { buried: head, version: stored.version, deviceId })
      : null;
  return await finish(ctx, upload, { ...stored, conflictId });
}

interface Writing {
  readonly now: Date;
  readonly canonicalName: string;
  readonly head: Version | null;
  readonly isConflict: boolean;
}

async function write(
  ctx: Context,
  upload: VersionUpload,
  { now, canonicalName, head, isConflict: isContested }: Writing,
): Promise<Pick<UploadedVersion, "version" | "outcome">> {
  const { slot, bytes, kind, emulator, isBundle, deviceId } = upload;
  const contentUpdatedAt = toNextMoment(now, head?.contentUpdatedAt ?? null);
  const fileName = slot === null ? upload.fileName : nameVersion(canonicalName, contentUpdatedAt, head);
  // Outside of slots a name is one row; what two sides changed is kept as two.
  // Whoever removes one waits for no slot, so it may be gone by now.
  const isReplacing = slot === null && head !== null && !isContested;
  const replaced = isReplacing ? await lockVersion(ctx.db, kind, head.id) : null;
  if (replaced !== null) {
    const change = { bytes, contentUpdatedAt, isBundle, ...atHome(upload, replaced) };
    return { version: await updateVersion(ctx.db, replaced, change), outcome: "updated" };
  }
  const version = await insertVersion(ctx.db, {
    ...toPlace(fileName, toAssetFolder(homeOf(upload))),
    bytes,
    contentUpdatedAt,
    emulator,
    isBundle,
    kind,
    userId: upload.userId,
    romId: upload.romId,
    slot,
    canonicalName,
    isPublic: false,
    originDeviceId: deviceId,
    screenshotId: null,
  });
  return { version, outcome: "created" };
}

/** Where the row of a name belongs; a sender that names no emulator leaves it where it is. */
function atHome(upload: VersionUpload, head: Version) {
  const emulator = upload.emulator ?? head.emulator;
  return { emulator, place: toPlace(upload.fileName, toAssetFolder(homeOf({ ...upload, emulator }))) };
}

/** The same bytes of another emulator are still the one row of their name; what is in a slot stays as it is. */
async function moveTo(ctx: Context, upload: VersionUpload, head: Version): Promise<Version> {
  if (upload.slot !== null) return head;
  const change = atHome(upload, head);
  if (change.emulator === head.emulator) return head;
  // Removed just now: it was there when these bytes came.
  if ((await lockVersion(ctx.db, head.kind, head.id)) === null) return head;
  const moved = await updateVersion(ctx.db, head, change);
  raiseChange(ctx, moved, "updated");
  return moved;
}

function homeOf({ kind, userId, romId, platformFolder, emulator }: VersionUpload): AssetHome {
  return { kind, userId, romId, platformFolder, emulator };
}

const BURIED = "Uploaded over a version that the device never had";

/** What was buried, and by what. */
export interface Buried {
  readonly buried: Version;
  readonly version: Version;
  readonly deviceId: string | null;
}

/** Notes that a device put a version on top of one that it never had; gives the conflict's id. */
export async function noteBuried(
  ctx: Pick<Context, "db">,
  { buried, version, deviceId }: Buried,
): Promise<number | null> {
  const [id] = await upsertConflicts(ctx.db, [
    {
      userId: version.userId,
      deviceId,
      romId: version.romId,
      kind: version.kind,
      slot: version.slot,
      canonicalName: version.canonicalName,
      serverAssetId: buried.id,
      serverContentHash: buried.contentHash,
      deviceAssetId: version.id,
      deviceContentHash: version.contentHash,
      reason: BURIED,
      resolution: null,
    },
  ]);
  return id ?? null;
}

async function finish(
  ctx: Context,
  { deviceId, keptMax, isPlayed }: VersionUpload,
  result: UploadedVersion,
): Promise<UploadedVersion> {
  const { version } = result;
  // Together, so that they share a way to the database and back.
  await Promise.all([
    deviceId === null ? undefined : noteSynced(ctx, deviceId, [version]),
    // In the same commit: each one that announces itself makes all others wait.
    isPlayed === true ? noteLastPlayed(ctx, version) : undefined,
  ]);
  if (keptMax !== null && version.slot !== null) await removeOldVersions(ctx, version, keptMax);
  if (result.outcome !== "same") raiseChange(ctx, version);
  return result;
}

async function removeOldVersions(ctx: Context, lane: Lane, keptMax: number): Promise<void> {
  const ids = await listOldVersionIds(ctx.db, lane, keptMax);
  await deleteVersions(ctx.db, lane.kind, { ids, reason: "cleanup" });
}

/** Tells the user's other devices that there is something new. */
export function raiseChange(
  ctx: Pick<Context, "raise">,
  version: Version,
  change: "stored" | "updated" | "removed" = "stored",
): void {
  const { kind, romId, slot, originDeviceId, userId, id } = version;
  ctx.raise({
    topic: "saves",
    userId,
    data: { change, kind, romId, versionId: id, slot, originDeviceId },
  });
}
