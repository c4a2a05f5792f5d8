import type { Executor } from "@multitap/db";
import { saves, screenshots, states } from "@multitap/db/schema/assets";
import { roms } from "@multitap/db/schema/roms";
import { and, asc, count, eq, gt, inArray, notExists, type SQL } from "drizzle-orm";

/** Which missing roms are meant; null: those of every platform. */
export interface MissingRoms {
  readonly platformId: number | null;
}

function isMissing({ platformId }: MissingRoms): SQL | undefined {
  return and(eq(roms.missingFromFs, true), platformId === null ? undefined : eq(roms.platformId, platformId));
}

/** What users stored for a rom goes with its row, and nobody could bring it back. */
function isWithoutUserFiles(db: Executor): SQL | undefined {
  const none = (table: typeof saves | typeof states | typeof screenshots) =>
    notExists(db.select({ id: table.id }).from(table).where(eq(table.romId, roms.id)));
  return and(none(saves), none(states), none(screenshots));
}

/** How many roms are missing, those with files of users among them. */
export async function countMissing(db: Executor, missing: MissingRoms): Promise<number> {
  const [row] = await db.select({ total: count() }).from(roms).where(isMissing(missing));
  return row?.total ?? 0;
}

export interface MissingBatch extends MissingRoms {
  readonly afterId: number;
  readonly limit: number;
}

/** Ids of the next missing roms that may go, locked until the transaction ends. */
export async function lockMissing(db: Executor, batch: MissingBatch): Promise<readonly number[]> {
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(and(isMissing(batch), gt(roms.id, batch.afterId), isWithoutUserFiles(db)))
    .orderBy(asc(roms.id))
    .limit(batch.limit)
    .for("update");
  return rows.map(({ id }) => id);
}

/** A rom that is no more. */
export interface RemovedRom {
  readonly id: number;
  readonly platformId: number;
}

/** Removes locked roms that are still missing and still without files of users. */
export async function deleteMissing(db: Executor, ids: readonly number[]): Promise<readonly RemovedRom[]> {
  return await db
    .delete(roms)
    .where(and(inArray(roms.id, [...ids]), eq(roms.missingFromFs, true), isWithoutUserFiles(db)))
    .returning({ id: roms.id, platformId: roms.platformId });
}

/** Removes locked roms with all that hangs on them. */
export async function deleteRoms(db: Executor, ids: readonly number[]): Promise<void> {
  await db.delete(roms).where(inArray(roms.id, [...ids]));
}
