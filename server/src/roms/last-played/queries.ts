import type { Executor } from "@multitap/db";
import { roms, romUser } from "@multitap/db/schema/roms";
import { asc, inArray, sql } from "drizzle-orm";

/** Notes that a user played a rom now; their row is made when it is not there. */
export async function upsertLastPlayed(
  db: Executor,
  { romId, userId }: { readonly romId: number; readonly userId: number },
): Promise<void> {
  const played = { lastPlayed: sql`clock_timestamp()`, updatedAt: sql`clock_timestamp()` };
  await db
    .insert(romUser)
    .values({ romId, userId, ...played })
    .onConflictDoUpdate({ target: [romUser.romId, romUser.userId], set: played });
}

/** Ids and platforms of some roms, which stay until the transaction ends; what does not exist is left out. */
export async function keepRomPlaces(
  db: Executor,
  romIds: readonly number[],
): Promise<readonly { readonly id: number; readonly platformId: number }[]> {
  return await db
    .select({ id: roms.id, platformId: roms.platformId })
    .from(roms)
    .where(inArray(roms.id, [...romIds]))
    .orderBy(asc(roms.id))
    .for("key share");
}

/** When a user played a rom last, as somebody tells afterwards. */
export interface Play {
  readonly romId: number;
  readonly playedAt: Date;
}

/**
 * Notes plays that are later than those known, and that the user plays those roms now; rows are made where there are
 * none. What was not begun, or finished before, is under way.
 * @returns The roms whose rows changed.
 */
export async function upsertPlays(
  db: Executor,
  userId: number,
  plays: readonly Play[],
): Promise<readonly number[]> {
  // In one order, or two calls about the same roms could wait for each other.
  const ordered = plays.toSorted((a, b) => a.romId - b.romId);
  const rows = await db
    .insert(romUser)
    .values(
      ordered.map(({ romId, playedAt }) => ({
        romId,
        userId,
        lastPlayed: playedAt,
        nowPlaying: true,
        status: "incomplete",
      })),
    )
    .onConflictDoUpdate({
      target: [romUser.romId, romUser.userId],
      set: {
        lastPlayed: sql`excluded.last_played`,
        nowPlaying: true,
        status: sql`case when ${romUser.status} is null or ${romUser.status} = 'finished'
          then 'incomplete' else ${romUser.status} end`,
        // Apps take the moment for the row's version, so it moves with every change.
        updatedAt: sql`greatest(clock_timestamp(), ${romUser.updatedAt} + interval '1 millisecond')`,
      },
      setWhere: sql`${romUser.lastPlayed} is null or ${romUser.lastPlayed} < excluded.last_played`,
    })
    .returning({ romId: romUser.romId });
  return rows.map(({ romId }) => romId);
}
