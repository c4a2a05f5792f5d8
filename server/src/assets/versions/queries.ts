import type { Executor } from "@multitap/db";
import { saves, states } from "@multitap/db/schema/assets";
import { roms } from "@multitap/db/schema/roms";
import { syncConflicts } from "@multitap/db/schema/sync";
import { and, asc, desc, eq, inArray, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import { assert } from "../../base/assert.ts";
import type { AssetPlace, StoredBytes } from "../contract.ts";
import type { Lane, Version, VersionHead, VersionKind } from "./contract.ts";

/** Both tables have the same columns, so everything here is written once. */
type VersionTable = typeof saves;

/** The table of a kind. */
export function tableOf(kind: VersionKind): VersionTable {
  // The types differ in the table's name alone.
  return kind === "saves" ? saves : (states as unknown as VersionTable);
}

type VersionRow = typeof saves.$inferSelect;

/** Turns a row into a version. */
export function toVersion(kind: VersionKind, row: VersionRow): Version {
  const { md5Hash, sha1Hash, fileSizeBytes, missingFromFs, ...rest } = row;
  return { ...rest, kind, md5: md5Hash, sha1: sha1Hash, sizeBytes: fileSizeBytes, isMissing: missingFromFs };
}

/**
 * Makes everybody else who changes this rom's versions in this slot wait until the transaction ends, also when there
 * is no row yet that could be locked. What is read afterwards has to be asked in another statement: this one sees the
 * rows as they were before it waited.
 * @returns The database's clock once the wait was over.
 */
export async function lockSlot(
  db: Executor,
  { kind, userId, romId, slot }: Omit<Lane, "canonicalName">,
): Promise<Date> {
  const name = `${kind}:${userId}:${romId}:${slot === null ? "" : `=${slot}`}`;
  const [row] = await db.execute<{ now: string }>(sql`
    with locked as materialized (select pg_advisory_xact_lock(hashtextextended(${name}, 0)))
    select clock_timestamp()::timestamptz(3)::text as now from locked`);
  assert(row !== undefined, "the clock always answers");
  return new Date(row.now);
}

/** A moment behind everything in a line of versions, which decides what is the newest, whatever clocks did. */
export function toNextMoment(now: Date, after: Date | null): Date {
  return new Date(after === null ? now : Math.max(now.getTime(), after.getTime() + 1));
}

function inSlot(table: VersionTable, slot: string | null): SQL {
  return slot === null ? isNull(table.slot) : eq(table.slot, slot);
}

/** The newest version of each save in a slot, newest first. */
export async function listHeads(
  db: Executor,
  { kind, userId, romId, slot }: Omit<Lane, "canonicalName">,
): Promise<readonly Version[]> {
  const table = tableOf(kind);
  const rows = await db
    .selectDistinctOn([table.canonicalName])
    .from(table)
    .where(and(eq(table.userId, userId), eq(table.romId, romId), inSlot(table, slot)))
    .orderBy(asc(table.canonicalName), desc(table.contentUpdatedAt), desc(table.id));
  const versions = rows.map((row) => toVersion(kind, row));
  return versions.sort((a, b) => b.contentUpdatedAt.getTime() - a.contentUpdatedAt.getTime() || b.id - a.id);
}

/** Whose newest versions are meant, and of what. */
export interface HeadsFilter {
  readonly userId: number;
  readonly kinds: readonly VersionKind[];
  /** Only those in a slot. */
  readonly isSlotted?: boolean | undefined;
  readonly romIds?: readonly number[] | undefined;
}

/** The newest version of every save and state of a user, newest first. */
export async function listAllHeads(db: Executor, filter: HeadsFilter): Promise<readonly Version[]> {
  const lists = filter.kinds.map(async (kind) => {
    const rows = await db
      .selectDistinctOn(laneOf(kind))
      .from(tableOf(kind))
      .where(whereHeads(kind, filter))
      .orderBy(...orderOfHeads(kind));
    return rows.map((row) => toVersion(kind, row));
  });
  return sortHeads((await Promise.all(lists)).flat());
}

/** The same with what a comparison needs alone: a device may have thousands, and each column costs. */
export async function listHeadsToCompare(db: Executor, filter: HeadsFilter): Promise<readonly VersionHead[]> {
  const { userId } = filter;
  const lists = filter.kinds.map(async (kind) => {
    const table = tableOf(kind);
    const columns = {
      id: table.id,
      romId: table.romId,
      slot: table.slot,
      canonicalName: table.canonicalName,
      fileName: table.fileName,
      emulator: table.emulator,
      sizeBytes: table.fileSizeBytes,
      md5: table.md5Hash,
      sha1: table.sha1Hash,
      contentHash: table.contentHash,
      isBundle: table.isBundle,
      originDeviceId: table.originDeviceId,
      contentUpdatedAt: table.contentUpdatedAt,
    };
    const rows = await db
      .selectDistinctOn(laneOf(kind), columns)
      .from(table)
      .where(whereHeads(kind, filter))
      .orderBy(...orderOfHeads(kind));
    return rows.map((row): VersionHead => ({ ...row, kind, userId }));
  });
  return sortHeads((await Promise.all(lists)).flat());
}

function laneOf(kind: VersionKind) {
  const { romId, slot, canonicalName } = tableOf(kind);
  return [romId, slot, canonicalName];
}

function whereHeads(kind: VersionKind, { userId, isSlotted, romIds }: HeadsFilter): SQL | undefined {
  const table = tableOf(kind);
  return and(
    eq(table.userId, userId),
    isSlotted === true ? isNotNull(table.slot) : undefined,
    romIds === undefined ? undefined : inArray(table.romId, [...romIds]),
  );
}

function orderOfHeads(kind: VersionKind): readonly SQL[] {
  const { contentUpdatedAt, id } = tableOf(kind);
  return [...laneOf(kind).map((column) => asc(column)), desc(contentUpdatedAt), desc(id)];
}

function sortHeads<H extends VersionHead>(heads: readonly H[]): readonly H[] {
  return heads.toSorted((a, b) => b.contentUpdatedAt.getTime() - a.contentUpdatedAt.getTime() || b.id - a.id);
}

/** Ids of the versions of a lane beyond the `keptMax` newest, except those that an open conflict is about. */
export async function listOldVersionIds(
  db: Executor,
  { kind, userId, romId, slot, canonicalName }: Lane,
  keptMax: number,
): Promise<readonly number[]> {
  const table = tableOf(kind);
  const rows = await db
    .select({ id: table.id })
    .from(table)
    .where(
      and(
        eq(table.userId, userId),
        eq(table.romId, romId),
        inSlot(table, slot),
        eq(table.canonicalName, canonicalName),
      ),
    )
    .orderBy(desc(table.contentUpdatedAt), desc(table.id))
    .offset(keptMax);
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  const open = await db
    .select({ server: syncConflicts.serverAssetId, device: syncConflicts.deviceAssetId })
    .from(syncConflicts)
    .where(
      and(
        eq(syncConflicts.userId, userId),
        eq(syncConflicts.kind, kind),
        isNull(syncConflicts.resolution),
        or(inArray(syncConflicts.serverAssetId, ids), inArray(syncConflicts.deviceAssetId, ids)),
      ),
    );
  const needed = new Set(open.flatMap(({ server, device }) => [server, device]));
  return ids.filter((id) => !needed.has(id));
}

/** Which versions of a user are meant. */
export interface OwnVersions {
  readonly userId: number;
  readonly romId?: number | undefined;
  readonly platformId?: number | undefined;
  /** Null: those without one. */
  readonly slot?: string | null | undefined;
  readonly canonicalName?: string | undefined;
  readonly sha1?: string | undefined;
}

/** Versions of a user, by id. */
export async function listOwnVersionRows(
  db: Executor,
  kind: VersionKind,
  filter: OwnVersions,
): Promise<readonly Version[]> {
  return await listVersions(db, kind, (table) =>
    and(
      eq(table.userId, filter.userId),
      filter.romId === undefined ? undefined : eq(table.romId, filter.romId),
      filter.platformId === undefined
        ? undefined
        : sql`${table.romId} in (select r.id from ${roms} r where r.platform_id = ${filter.platformId})`,
      filter.slot === undefined ? undefined : inSlot(table, filter.slot),
      filter.canonicalName === undefined ? undefined : eq(table.canonicalName, filter.canonicalName),
      filter.sha1 === undefined ? undefined : eq(table.sha1Hash, filter.sha1),
    ),
  );
}

async function listVersions(
  db: Executor,
  kind: VersionKind,
  where: (table: VersionTable) => SQL | undefined,
): Promise<readonly Version[]> {
  const table = tableOf(kind);
  const rows = await db.select().from(table).where(where(table)).orderBy(asc(table.id));
  return rows.map((row) => toVersion(kind, row));
}

/** Versions by their ids, in no particular order. */
export async function listVersionsByIds(
  db: Executor,
  kind: VersionKind,
  ids: readonly number[],
): Promise<readonly Version[]> {
  if (ids.length === 0) return [];
  return await listVersions(db, kind, (table) => inArray(table.id, [...ids]));
}

/** One version, or null. */
export async function findVersion(db: Executor, kind: VersionKind, id: number): Promise<Version | null> {
  const [version] = await listVersionsByIds(db, kind, [id]);
  return version ?? null;
}

/** One version, locked until the transaction ends; null when it is gone. */
export async function lockVersion(db: Executor, kind: VersionKind, id: number): Promise<Version | null> {
  const table = tableOf(kind);
  const [row] = await db.select().from(table).where(eq(table.id, id)).for("update");
  return row === undefined ? null : toVersion(kind, row);
}

/** A row to be. */
export interface NewVersion extends Lane, AssetPlace {
  readonly bytes: StoredBytes;
  readonly emulator: string | null;
  readonly isBundle: boolean;
  readonly isPublic: boolean;
  readonly originDeviceId: string | null;
  readonly screenshotId: number | null;
  readonly contentUpdatedAt: Date;
}

function toColumns(bytes: StoredBytes) {
  return {
    storedPath: bytes.storedPath,
    fileSizeBytes: bytes.sizeBytes,
    md5Hash: bytes.md5,
    sha1Hash: bytes.sha1,
    contentHash: bytes.contentHash,
    missingFromFs: false,
  };
}

/** Adds a version. */
export async function insertVersion(db: Executor, { kind, bytes, ...values }: NewVersion): Promise<Version> {
  const [row] = await db
    .insert(tableOf(kind))
    .values({
      userId: values.userId,
      romId: values.romId,
      slot: values.slot,
      canonicalName: values.canonicalName,
      fileName: values.fileName,
      fileNameNoTags: values.fileNameNoTags,
      fileNameNoExt: values.fileNameNoExt,
      fileExtension: values.fileExtension,
      filePath: values.filePath,
      emulator: values.emulator,
      isBundle: values.isBundle,
      isPublic: values.isPublic,
      originDeviceId: values.originDeviceId,
      screenshotId: values.screenshotId,
      contentUpdatedAt: values.contentUpdatedAt,
      // Equal until the bytes are replaced, which is how that is told.
      createdAt: values.contentUpdatedAt,
      ...toColumns(bytes),
    })
    .returning();
  assert(row !== undefined, "an insert returns its row");
  return toVersion(kind, row);
}

/** What changes of a version; what is left out stays. */
export interface VersionChange {
  readonly bytes?: StoredBytes | undefined;
  /** With new bytes. */
  readonly contentUpdatedAt?: Date | undefined;
  readonly place?: AssetPlace | undefined;
  readonly canonicalName?: string | undefined;
  readonly emulator?: string | null | undefined;
  readonly isBundle?: boolean | undefined;
  readonly isPublic?: boolean | undefined;
  readonly originDeviceId?: string | null | undefined;
  readonly screenshotId?: number | null | undefined;
}

/** Changes a version; bytes that it had go to the trash by themselves. */
export async function updateVersion(
  db: Executor,
  { kind, id }: Pick<Version, "kind" | "id">,
  { bytes, place, ...values }: VersionChange,
): Promise<Version> {
  const table = tableOf(kind);
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const [row] = await db
    .update(table)
    .set({
      ...given,
      ...(place ?? {}),
      ...(bytes === undefined ? {} : toColumns(bytes)),
      updatedAt: sql`clock_timestamp()`,
    })
    .where(eq(table.id, id))
    .returning();
  assert(row !== undefined, "the row is locked");
  return toVersion(kind, row);
}

/** Removes versions; their bytes go to the trash by themselves. */
export async function deleteVersions(
  db: Executor,
  kind: VersionKind,
  { ids, reason }: { readonly ids: readonly number[]; readonly reason: "deleted" | "cleanup" },
): Promise<void> {
  if (ids.length === 0) return;
  await db.execute(sql`select set_config('multitap.trash_reason', ${reason}, true)`);
  const table = tableOf(kind);
  await db.delete(table).where(inArray(table.id, [...ids]));
}
