import type { Executor } from "@multitap/db";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { inTransaction } from "../../base/transaction.ts";
import { listSlotBaselines } from "../baselines/queries.ts";
import { noteSynced } from "../baselines/service.ts";
import type { StoredBytes } from "../contract.ts";
import { discardBytes, storeBytes } from "../storage/service.ts";
import { chooseBaseline, chooseHead, isSameContent, knows } from "../uploads/rules.ts";
import { noteBuried, raiseChange } from "../uploads/service.ts";
import type { Lane, Version, VersionKind } from "./contract.ts";
import {
  deleteVersions,
  findVersion,
  insertVersion,
  listHeads,
  listLatestVersions,
  listOwnIds,
  listOwnVersionRows,
  listSlotCounts,
  listVersionsByIds,
  lockSlot,
  lockVersion,
  type OwnVersions,
  type PastPage,
  type SlotCount,
  toNextMoment,
  updateVersion,
  type VersionChange,
} from "./queries.ts";

const NAMES: Readonly<Record<VersionKind, string>> = { saves: "Save", states: "State" };

/** The one answer for a version that is not there, or not the caller's to see. */
export function versionNotFound(kind: VersionKind, id: number): AppError<"not_found"> {
  const message = `${NAMES[kind]} with ID ${id} not found`;
  return new AppError("not_found", kind === "saves" ? "SAVES_NOT_FOUND" : "STATES_NOT_FOUND", { message });
}

/**
 * One version of a user's.
 * @throws AppError `SAVES_NOT_FOUND`, `STATES_NOT_FOUND`.
 */
export async function requireOwnVersion(
  ctx: Pick<Context, "db">,
  kind: VersionKind,
  { id, userId }: { readonly id: number; readonly userId: number },
): Promise<Version> {
  const version = await findVersion(ctx.db, kind, id);
  if (version === null || version.userId !== userId) throw versionNotFound(kind, id);
  return version;
}

/** A version of anybody's, or null. */
export async function readVersion(
  ctx: Pick<Context, "db">,
  kind: VersionKind,
  id: number,
): Promise<Version | null> {
  return await findVersion(ctx.db, kind, id);
}

/** Versions of a user's, by id. */
export async function listOwnVersions(
  db: Executor,
  kind: VersionKind,
  filter: OwnVersions,
): Promise<readonly Version[]> {
  return await listOwnVersionRows(db, kind, filter);
}

/** Ids of versions of a user's, in order. */
export async function listOwnVersionIds(
  db: Executor,
  kind: VersionKind,
  filter: OwnVersions,
): Promise<readonly number[]> {
  return await listOwnIds(db, kind, filter);
}

/** One page of a user's versions, newest first. */
export async function readLatestVersions(
  ctx: Pick<Context, "db">,
  kind: VersionKind,
  page: OwnVersions & PastPage,
): Promise<readonly Version[]> {
  return await listLatestVersions(ctx.db, kind, page);
}

/** The slots of a user's rom by their newest version, oldest first. */
export async function readSlotCounts(
  ctx: Pick<Context, "db">,
  kind: VersionKind,
  owner: { readonly userId: number; readonly romId: number },
): Promise<readonly SlotCount[]> {
  return await listSlotCounts(ctx.db, kind, owner);
}

/**
 * Makes sure that a version is still the newest of its save and holds what it held, and that this stays so until the
 * transaction ends.
 * @throws AppError `SAVES_SLOT_NEWER` when it is to be looked at again.
 */
export async function requireNewest(
  ctx: Pick<Context, "db">,
  version: Pick<Version, "id" | "storedPath" | keyof Lane>,
): Promise<void> {
  await lockSlot(ctx.db, version);
  const head = chooseHead(await listHeads(ctx.db, version), version);
  if (head?.id === version.id && head.storedPath === version.storedPath) return;
  throw new AppError("conflict", "SAVES_SLOT_NEWER", {
    message: `${NAMES[version.kind]} has been updated since it was compared`,
    details: { newestSaveId: head?.id ?? null },
  });
}

/** Versions of both kinds by their names, anybody's; what is gone is left out. */
export async function listVersionsNamed(
  ctx: Pick<Context, "db">,
  names: readonly { readonly kind: VersionKind; readonly id: number }[],
): Promise<readonly Version[]> {
  const idsOf = (kind: VersionKind) => names.filter((name) => name.kind === kind).map(({ id }) => id);
  const lists = await Promise.all(
    (["saves", "states"] as const).map((kind) => listVersionsByIds(ctx.db, kind, idsOf(kind))),
  );
  return lists.flat();
}

/** What a caller replaces the bytes of. */
export interface Replacement {
  readonly kind: VersionKind;
  readonly id: number;
  readonly userId: number;
  readonly deviceId: string | null;
}

/**
 * Gives a version other bytes, which makes it the newest of its save; name, slot and emulator stay. When a device does
 * so that never had what was the newest, the two are noted as a conflict. What was replaced stays as a version beside
 * it, unless the device had it, or none is named: then it goes to the trash.
 * @throws AppError `SAVES_NOT_FOUND`, `STATES_NOT_FOUND`, `STORAGE_FULL`.
 */
export async function replaceBytes(
  ctx: Context,
  replacement: Replacement,
  file: ReceivedFile,
): Promise<Version> {
  const { fileName, filePath } = await requireOwnVersion(ctx, replacement.kind, replacement);
  const bytes = await storeBytes(ctx, { folder: filePath, fileName, file });
  const replaced = await inTransaction(ctx, (inner) => replace(inner, replacement, bytes)).catch(
    async (error: unknown) => {
      // Of anything else the commit may have happened although its answer was lost; the sweep sees to it.
      if (isAppError(error) && error.kind === "not_found") await discardBytes(ctx, bytes.storedPath);
      throw error;
    },
  );
  if (replaced.storedPath !== bytes.storedPath) await discardBytes(ctx, bytes.storedPath);
  return replaced;
}

async function replace(
  ctx: Context,
  { kind, id, userId, deviceId }: Replacement,
  bytes: StoredBytes,
): Promise<Version> {
  const { romId, slot } = await requireOwnVersion(ctx, kind, { id, userId });
  const now = await lockSlot(ctx.db, { kind, userId, romId, slot });
  const present = await lockVersion(ctx.db, kind, id);
  if (present === null) throw versionNotFound(kind, id);
  if (isSameContent(present, bytes)) {
    if (deviceId !== null) await noteSynced(ctx, deviceId, [present]);
    return present;
  }
  const head = chooseHead(await listHeads(ctx.db, present), present) ?? present;
  const sight = await readSight(ctx, deviceId, { present, head });
  const copy = sight.hadPresent ? null : await keepBeside(ctx.db, present);
  const contentUpdatedAt = toNextMoment(now, head.contentUpdatedAt);
  const version = await updateVersion(ctx.db, present, { bytes, contentUpdatedAt });
  const buried = head.id === id ? copy : head;
  if (!sight.hadHead && buried !== null && !isSameContent(head, bytes)) {
    await noteBuried(ctx, { buried, version, deviceId });
  }
  if (deviceId !== null) await noteSynced(ctx, deviceId, [version]);
  raiseChange(ctx, version);
  return version;
}

/** What a device is known to have had; without one nothing is asked. */
async function readSight(
  { db }: Context,
  deviceId: string | null,
  { present, head }: { readonly present: Version; readonly head: Version },
): Promise<{ readonly hadPresent: boolean; readonly hadHead: boolean }> {
  if (deviceId === null) return { hadPresent: true, hadHead: true };
  const { romId, kind, slot, canonicalName } = present;
  const baselines = await listSlotBaselines(db, { deviceId, romId, kind, slot });
  const baseline = chooseBaseline(baselines, { head, canonicalName });
  return { hadPresent: knows(baseline, present), hadHead: knows(baseline, head) };
}

/** The same bytes as a row of their own, right behind the one that is about to change. */
async function keepBeside(db: Executor, version: Version): Promise<Version> {
  return await insertVersion(db, { ...version, bytes: version });
}

/**
 * Changes what a version says of itself.
 * @throws AppError `SAVES_NOT_FOUND`, `STATES_NOT_FOUND`.
 */
export async function changeVersion(
  ctx: Context,
  { kind, id, userId }: Pick<Replacement, "kind" | "id" | "userId">,
  change: Omit<VersionChange, "bytes" | "contentUpdatedAt">,
): Promise<Version> {
  return await inTransaction(ctx, async (inner) => {
    const present = await lockVersion(inner.db, kind, id);
    if (present === null || present.userId !== userId) throw versionNotFound(kind, id);
    const version = await updateVersion(inner.db, present, change);
    raiseChange(inner, version, "updated");
    return version;
  });
}

/**
 * Moves versions of a user's to the trash, all or none; gives what they were.
 * @throws AppError `SAVES_NOT_FOUND`, `STATES_NOT_FOUND` with the first id that is none of theirs.
 */
export async function removeVersions(
  ctx: Context,
  kind: VersionKind,
  { ids, userId }: { readonly ids: readonly number[]; readonly userId: number },
): Promise<readonly Version[]> {
  return await inTransaction(ctx, async (inner) => {
    const found = await listVersionsByIds(inner.db, kind, ids);
    const own = new Map(found.filter((each) => each.userId === userId).map((each) => [each.id, each]));
    for (const id of ids) if (!own.has(id)) throw versionNotFound(kind, id);
    await deleteVersions(inner.db, kind, { ids, reason: "deleted" });
    for (const version of own.values()) raiseChange(inner, version, "removed");
    return [...own.values()];
  });
}
