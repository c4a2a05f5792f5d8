import type { Executor } from "@multitap/db";
import { and, asc, desc, eq, inArray, isNotNull, type SQL } from "drizzle-orm";
import type { Version, VersionHead, VersionKind } from "../versions/contract.ts";
import { tableOf, toVersion } from "../versions/queries.ts";

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
