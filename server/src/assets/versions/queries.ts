import type { Executor } from "@multitap/db";
import { saves, states } from "@multitap/db/schema/assets";
import { roms } from "@multitap/db/schema/roms";
import { syncConflicts } from "@multitap/db/schema/sync";
import {
  and,
  asc,
  desc,
  eq,
  exists,
  getTableColumns,
  inArray,
  isNull,
  lte,
  not,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import { assert } from "../../base/assert.ts";
import type { AssetPlace, StoredBytes } from "../contract.ts";
import { VERSIONS_REMOVED_MAX } from "../limits.ts";
import type { Lane, Version, VersionKind } from "./contract.ts";

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

/**
 * The newest version of each save that one of this name may go on top of, newest first: of all in its slot, and outside
 * of slots, where people keep hundreds, of its own.
 */
export async function listHeads(
  db: Executor,
  { kind, userId, romId, slot, canonicalName }: Lane,
): Promise<readonly Version[]> {
  const table = tableOf(kind);
  const isOfName = slot === null ? eq(table.canonicalName, canonicalName) : undefined;
  const rows = await db
    .selectDistinctOn([table.canonicalName])
    .from(table)
    .where(and(eq(table.userId, userId), eq(table.romId, romId), inSlot(table, slot), isOfName))
    .orderBy(asc(table.canonicalName), desc(table.contentUpdatedAt), desc(table.id));
  const versions = rows.map((row) => toVersion(kind, row));
  return versions.sort((a, b) => b.contentUpdatedAt.getTime() - a.contentUpdatedAt.getTime() || b.id - a.id);
}

/**
 * Ids of the versions of a lane beyond the `keptMax` newest, except those that an open conflict is about; as many as one
 * call removes.
 */
export async function listOldVersionIds(
  db: Executor,
  { kind, userId, romId, slot, canonicalName }: Lane,
  keptMax: number,
): Promise<readonly number[]> {
  const table = tableOf(kind);
  const old = db
    .select({ id: table.id, contentUpdatedAt: table.contentUpdatedAt })
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
    .offset(keptMax)
    .as("old");
  const open = db
    .select({ server: syncConflicts.serverAssetId, device: syncConflicts.deviceAssetId })
    .from(syncConflicts)
    .where(
      and(
        eq(syncConflicts.userId, userId),
        eq(syncConflicts.kind, kind),
        isNull(syncConflicts.resolution),
        or(eq(syncConflicts.serverAssetId, old.id), eq(syncConflicts.deviceAssetId, old.id)),
      ),
    );
  const rows = await db
    .select({ id: old.id })
    .from(old)
    .where(not(exists(open)))
    .orderBy(asc(old.contentUpdatedAt), asc(old.id))
    .limit(VERSIONS_REMOVED_MAX);
  return rows.map(({ id }) => id);
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

function whereOwn(table: VersionTable, filter: OwnVersions): SQL | undefined {
  return and(
    eq(table.userId, filter.userId),
    filter.romId === undefined ? undefined : eq(table.romId, filter.romId),
    filter.platformId === undefined
      ? undefined
      : sql`${table.romId} in (select r.id from ${roms} r where r.platform_id = ${filter.platformId})`,
    filter.slot === undefined ? undefined : inSlot(table, filter.slot),
    filter.canonicalName === undefined ? undefined : eq(table.canonicalName, filter.canonicalName),
    filter.sha1 === undefined ? undefined : eq(table.sha1Hash, filter.sha1),
  );
}

/** Versions of a user, by id. */
export async function listOwnVersionRows(
  db: Executor,
  kind: VersionKind,
  filter: OwnVersions,
): Promise<readonly Version[]> {
  return await listVersions(db, kind, (table) => whereOwn(table, filter));
}

/** Their ids alone. */
export async function listOwnIds(
  db: Executor,
  kind: VersionKind,
  filter: OwnVersions,
): Promise<readonly number[]> {
  const table = tableOf(kind);
  const rows = await db
    .select({ id: table.id })
    .from(table)
    .where(whereOwn(table, filter))
    .orderBy(asc(table.id));
  return rows.map(({ id }) => id);
}

/** Where a page of the past begins, and how long it is. */
export interface PastPage {
  /** Only versions whose bytes were stored by then. */
  readonly until: Date | undefined;
  readonly limit: number;
}

/** One page of a user's versions, newest first. */
export async function listLatestVersions(
  db: Executor,
  kind: VersionKind,
  { until, limit, ...filter }: OwnVersions & PastPage,
): Promise<readonly Version[]> {
  const table = tableOf(kind);
  const rows = await db
    .select()
    .from(table)
    .where(and(whereOwn(table, filter), until === undefined ? undefined : lte(table.contentUpdatedAt, until)))
    .orderBy(desc(table.contentUpdatedAt), desc(table.id))
    .limit(limit);
  return rows.map((row) => toVersion(kind, row));
}

/** A slot of a rom. */
export interface SlotCount {
  readonly latest: Version;
  /** Versions in it. */
  readonly count: number;
}

/** The slots of a user's rom by their newest version, oldest first. */
export async function listSlotCounts(
  db: Executor,
  kind: VersionKind,
  { userId, romId }: Pick<Lane, "userId" | "romId">,
): Promise<readonly SlotCount[]> {
  const table = tableOf(kind);
  const rows = await db
    .selectDistinctOn([table.slot], {
      row: getTableColumns(table),
      count: sql<number>`count(*) over (partition by ${table.slot})`,
    })
    .from(table)
    .where(and(eq(table.userId, userId), eq(table.romId, romId)))
    .orderBy(asc(table.slot), desc(table.contentUpdatedAt), desc(table.id));
  const slots = rows.map(({ row, count }) => ({ latest: toVersion(kind, row), count }));
  return slots.sort((a, b) => a.latest.contentUpdatedAt.getTime() - b.latest.contentUpdatedAt.getTime());
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
export async function insertVersion(db: Executor, version: NewVersion): Promise<Version> {
  const { kind, bytes, ...values } = version;
  const table = tableOf(kind);
  const [row] = await db
    .insert(table)
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
    // The rest is what was given.
    .returning({ id: table.id, updatedAt: table.updatedAt });
  assert(row !== undefined, "an insert returns its row");
  return { ...values, ...bytes, ...row, kind, isMissing: false, createdAt: values.contentUpdatedAt };
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
