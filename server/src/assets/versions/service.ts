import type { Executor } from "@multitap/db";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { inTransaction } from "../../base/transaction.ts";
import { listSlotBaselines } from "../baselines/queries.ts";
import { noteSynced } from "../baselines/service.ts";
import { discardBytes, storeBytes } from "../storage/service.ts";
import { chooseBaseline, isSameContent, knows } from "../uploads/rules.ts";
import { noteBuried, raiseChange } from "../uploads/service.ts";
import type { Version, VersionKind } from "./contract.ts";
import {
  deleteVersions,
  findVersion,
  insertVersion,
  listOwnVersionRows,
  listVersionsByIds,
  lockSlot,
  lockVersion,
  type OwnVersions,
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
 * Gives a version other bytes; name, slot and emulator stay. When a device replaces what it never had, the bytes that
 * were there stay as a version beside it, and the conflict is noted. Otherwise they go to the trash.
 * @throws AppError `SAVES_NOT_FOUND`, `STATES_NOT_FOUND`, `STORAGE_FULL`.
 */
export async function replaceBytes(
  ctx: Context,
  { kind, id, userId, deviceId }: Replacement,
  file: ReceivedFile,
): Promise<Version> {
  const before = await requireOwnVersion(ctx, kind, { id, userId });
  const { fileName, romId, filePath } = before;
  const bytes = await storeBytes(ctx, { folder: filePath, fileName, file });
  const replaced = await inTransaction(ctx, async (inner) => {
    const now = await lockSlot(inner.db, { kind, userId, romId, slot: before.slot });
    const present = await lockVersion(inner.db, kind, id);
    if (present === null) throw versionNotFound(kind, id);
    const isContested = deviceId !== null && !(await isKnown(inner, deviceId, present));
    const isSame = isSameContent(present, bytes);
    const buried = isContested && !isSame ? await keepBeside(inner.db, present) : null;
    const version = isSame
      ? present
      : await updateVersion(inner.db, present, {
          bytes,
          contentUpdatedAt: toNextMoment(now, present.contentUpdatedAt),
        });
    if (buried !== null) await noteBuried(inner, { buried, version, deviceId });
    if (deviceId !== null) await noteSynced(inner, deviceId, [version]);
    if (!isSame) raiseChange(inner, version);
    return version;
  }).catch(async (error: unknown) => {
    if (error instanceof AppError) await discardBytes(ctx, bytes.storedPath);
    throw error;
  });
  if (replaced.storedPath !== bytes.storedPath) await discardBytes(ctx, bytes.storedPath);
  return replaced;
}

async function isKnown({ db }: Context, deviceId: string, version: Version): Promise<boolean> {
  const { romId, kind, slot, canonicalName } = version;
  const baselines = await listSlotBaselines(db, { deviceId, romId, kind, slot });
  return knows(chooseBaseline(baselines, { head: version, canonicalName }), version);
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
