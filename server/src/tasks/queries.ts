import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { roms } from "@multitap/db/schema/roms";
import { and, count, eq, inArray } from "drizzle-orm";

/** How much the library holds. */
export async function countLibrary(
  db: Executor,
): Promise<{ readonly platformsInDb: number; readonly romsInDb: number }> {
  const [[platformRow], [romRow]] = await Promise.all([
    db.select({ total: count() }).from(platforms),
    db.select({ total: count() }).from(roms),
  ]);
  return { platformsInDb: platformRow?.total ?? 0, romsInDb: romRow?.total ?? 0 };
}

/** Ids of all platforms. */
export async function listPlatformIds(db: Executor): Promise<ReadonlySet<number>> {
  const rows = await db.select({ id: platforms.id }).from(platforms);
  return new Set(rows.map(({ id }) => id));
}

/** Those of some ids that are roms of a platform. */
export async function listRomIdsAmong(
  db: Executor,
  platformId: number,
  ids: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(and(eq(roms.platformId, platformId), inArray(roms.id, [...ids])));
  return new Set(rows.map(({ id }) => id));
}
