import type { Executor } from "@multitap/db";
import { saves, screenshots, states, trashedAssets } from "@multitap/db/schema/assets";
import { syncConflicts } from "@multitap/db/schema/sync";
import { users } from "@multitap/db/schema/users";
import {
  and,
  asc,
  desc,
  eq,
  exists,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  not,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import { toInstant, toInstantOrNull } from "../../base/clock.ts";
import { ASSET_KINDS, type StoredBytes, TRASH_REASONS, type TrashedAsset } from "../contract.ts";

type Row = typeof trashedAssets.$inferSelect;

function toTrashed(row: Row): TrashedAsset {
  return {
    id: row.id,
    kind: ASSET_KINDS.find((kind) => kind === row.kind) ?? "saves",
    assetId: row.assetId,
    romId: row.romId,
    fileName: row.fileName,
    slot: row.slot,
    canonicalName: row.canonicalName,
    sizeBytes: row.fileSizeBytes,
    contentHash: row.contentHash,
    sha1: row.sha1Hash,
    isBundle: row.isBundle,
    originDeviceId: row.originDeviceId,
    updatedAt: toInstant(row.contentUpdatedAt),
    reason: TRASH_REASONS.find((reason) => reason === row.reason) ?? "deleted",
    trashedAt: toInstant(row.trashedAt),
    purgedAt: toInstantOrNull(row.purgedAt),
  };
}

/** Which trashed files of a user are meant. */
export interface TrashFilter {
  readonly userId: number;
  readonly kind?: string | undefined;
  readonly romId?: number | undefined;
  readonly slot?: string | null | undefined;
  readonly canonicalName?: string | undefined;
  readonly sha1?: string | undefined;
  /** Only those whose bytes were stored by then. */
  readonly until?: Date | undefined;
  readonly limit: number;
}

/** Trashed files of a user by when their bytes were stored, newest first, purged ones among them. */
export async function listTrashed(db: Executor, filter: TrashFilter): Promise<readonly TrashedAsset[]> {
  const { slot } = filter;
  const rows = await db
    .select()
    .from(trashedAssets)
    .where(
      and(
        eq(trashedAssets.userId, filter.userId),
        filter.kind === undefined ? undefined : eq(trashedAssets.kind, filter.kind),
        filter.romId === undefined ? undefined : eq(trashedAssets.romId, filter.romId),
        slot === undefined
          ? undefined
          : slot === null
            ? isNull(trashedAssets.slot)
            : eq(trashedAssets.slot, slot),
        filter.canonicalName === undefined
          ? undefined
          : eq(trashedAssets.canonicalName, filter.canonicalName),
        filter.sha1 === undefined ? undefined : eq(trashedAssets.sha1Hash, filter.sha1),
        filter.until === undefined ? undefined : lte(trashedAssets.contentUpdatedAt, filter.until),
      ),
    )
    .orderBy(desc(trashedAssets.contentUpdatedAt), desc(trashedAssets.id))
    .limit(filter.limit);
  return rows.map(toTrashed);
}

/** A trashed file with its bytes. */
export interface TrashedBytes {
  readonly asset: TrashedAsset;
  readonly emulator: string | null;
  readonly bytes: StoredBytes;
}

/** One trashed file of a user, whose bytes are not purged until the transaction ends; null when they were. */
export async function keepTrashed(db: Executor, id: number, userId: number): Promise<TrashedBytes | null> {
  const [row] = await db
    .select()
    .from(trashedAssets)
    .where(and(eq(trashedAssets.id, id), eq(trashedAssets.userId, userId), isNull(trashedAssets.purgedAt)))
    .for("share");
  if (row === undefined) return null;
  const bytes = {
    storedPath: row.storedPath,
    sizeBytes: row.fileSizeBytes,
    md5: row.md5Hash,
    sha1: row.sha1Hash,
    contentHash: row.contentHash,
  };
  return { asset: toTrashed(row), emulator: row.emulator, bytes };
}

/** A conflict that nobody decided is about it, so it stays however old it is. */
function isContested(db: Executor): SQL {
  return exists(
    db
      .select({ id: syncConflicts.id })
      .from(syncConflicts)
      .where(
        and(
          eq(syncConflicts.userId, trashedAssets.userId),
          eq(syncConflicts.kind, trashedAssets.kind),
          isNull(syncConflicts.resolution),
          or(
            eq(syncConflicts.serverAssetId, trashedAssets.assetId),
            eq(syncConflicts.deviceAssetId, trashedAssets.assetId),
          ),
        ),
      ),
  );
}

export interface Due {
  readonly trashedBefore: Date;
  readonly now: Date;
  readonly limit: number;
}

/**
 * Marks the next trashed files as purged whose time is up, or whose account is gone, and gives the paths that no row
 * names any more: those files can go once the transaction has ended.
 */
export async function purgeDue(
  db: Executor,
  due: Due,
): Promise<{ readonly count: number; readonly paths: readonly string[] }> {
  const isOrphan = not(
    exists(db.select({ id: users.id }).from(users).where(eq(users.id, trashedAssets.userId))),
  );
  const rows = await db
    .select({ id: trashedAssets.id, path: trashedAssets.storedPath })
    .from(trashedAssets)
    .where(
      and(
        isNull(trashedAssets.purgedAt),
        or(and(lt(trashedAssets.trashedAt, due.trashedBefore), not(isContested(db))), isOrphan),
      ),
    )
    .orderBy(asc(trashedAssets.trashedAt))
    .limit(due.limit)
    .for("update", { skipLocked: true });
  if (rows.length === 0) return { count: 0, paths: [] };
  await db
    .update(trashedAssets)
    .set({ purgedAt: due.now })
    .where(
      inArray(
        trashedAssets.id,
        rows.map(({ id }) => id),
      ),
    );
  const paths = [...new Set(rows.map(({ path }) => path))];
  const named = await listNamed(db, paths);
  return { count: rows.length, paths: paths.filter((path) => !named.has(path)) };
}

/** Forgets what was purged long ago; gives how many rows went. */
export async function deletePurged(db: Executor, before: Date): Promise<number> {
  const rows = await db
    .delete(trashedAssets)
    .where(and(isNotNull(trashedAssets.purgedAt), lt(trashedAssets.purgedAt, before)))
    .returning({ id: trashedAssets.id });
  return rows.length;
}

/** Those of some stored paths that a row still names; what is in the trash counts until it is purged. */
export async function listNamed(db: Executor, storedPaths: readonly string[]): Promise<ReadonlySet<string>> {
  if (storedPaths.length === 0) return new Set();
  const paths = sql`(${sql.join(
    storedPaths.map((path) => sql`${path}`),
    sql`, `,
  )})`;
  const rows = await db.execute<{ path: string }>(sql`
    select stored_path as path from ${saves} where stored_path in ${paths} union
    select stored_path from ${states} where stored_path in ${paths} union
    select stored_path from ${screenshots} where stored_path in ${paths} union
    select stored_path from ${trashedAssets} where stored_path in ${paths} and purged_at is null`);
  return new Set(rows.map(({ path }) => path));
}
