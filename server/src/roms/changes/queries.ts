import type { Executor } from "@multitap/db";
import { type Horizon, readHorizon as readDatabaseHorizon } from "@multitap/db/horizon";
import { platforms } from "@multitap/db/schema/platforms";
import { removals } from "@multitap/db/schema/removals";
import { roms } from "@multitap/db/schema/roms";
import { and, asc, eq, sql } from "drizzle-orm";
import type { Place } from "../../base/change-feed.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import type { Rom } from "../contract.ts";
import { toVisibleConditions } from "../filters/queries.ts";
import { isOneOf, ROM_COLUMNS, toRom } from "../queries.ts";

/** How far a reader of changes may go. */
export async function readHorizon(db: Executor): Promise<Horizon> {
  return await readDatabaseHorizon(db);
}

/** Roms behind a place in the order of their last change, outside of what is hidden. */
export async function listRomsBehind(
  db: Executor,
  { place, limit, hidden }: { readonly place: Place; readonly limit: number; readonly hidden: Hidden },
): Promise<readonly Rom[]> {
  const rows = await db
    .select(ROM_COLUMNS)
    .from(roms)
    .innerJoin(platforms, eq(platforms.id, roms.platformId))
    .where(
      and(
        sql`(${roms.updatedAt}, ${roms.id}) > (${momentOf(place)}, ${place.id})`,
        ...toVisibleConditions(hidden),
      ),
    )
    .orderBy(asc(roms.updatedAt), asc(roms.id))
    .limit(limit);
  return rows.map(toRom);
}

const momentOf = ({ atMs }: Place) => sql`${new Date(atMs).toISOString()}::timestamptz`;

/** Some roms, outside of what is hidden, by id. */
export async function listRomsOf(
  db: Executor,
  romIds: readonly number[],
  hidden: Hidden,
): Promise<readonly Rom[]> {
  if (romIds.length === 0) return [];
  const rows = await db
    .select(ROM_COLUMNS)
    .from(roms)
    .innerJoin(platforms, eq(platforms.id, roms.platformId))
    .where(and(isOneOf(roms.id, romIds), ...toVisibleConditions(hidden)))
    .orderBy(asc(roms.id));
  return rows.map(toRom);
}

/** A rom that is gone. */
export interface Removal extends Place {
  readonly romId: number;
}

/** Removed roms behind a place, in order. */
export async function listRemovalsBehind(
  db: Executor,
  place: Place,
  limit: number,
): Promise<readonly Removal[]> {
  const rows = await db
    .select({ id: removals.id, romId: removals.entityId, at: removals.removedAt })
    .from(removals)
    .where(
      and(
        eq(removals.entity, "roms"),
        sql`(${removals.removedAt}, ${removals.id}) > (${momentOf(place)}, ${place.id})`,
      ),
    )
    .orderBy(asc(removals.removedAt), asc(removals.id))
    .limit(limit);
  return rows.map(({ id, romId, at }) => ({ id, romId, atMs: at.getTime() }));
}

/** Forgets removals of that age or older; gives how many there were, at most `limit`. */
export async function deleteRemovals(db: Executor, ageMs: number, limit: number): Promise<number> {
  const [row] = await db.execute<{ count: number }>(sql`
    with gone as (
      delete from ${removals} where id in (
        select r.id from ${removals} r where r.removed_at < now() - ${`${ageMs} milliseconds`}::interval limit ${limit})
      returning 1)
    select count(*)::int as count from gone`);
  return row?.count ?? 0;
}
