import type { Executor } from "@multitap/db";
import { roms } from "@multitap/db/schema/roms";
import { eq } from "drizzle-orm";
import { isOneOf } from "../queries.ts";

/** What decides whether a rom is hidden. */
export interface RomPlace {
  readonly id: number;
  readonly platformId: number;
}

/** A rom's id and platform, which stays until the transaction ends; null when there is none. */
export async function keepRomPlace(db: Executor, romId: number): Promise<RomPlace | null> {
  const [row] = await db
    .select({ id: roms.id, platformId: roms.platformId })
    .from(roms)
    .where(eq(roms.id, romId))
    .for("key share");
  return row ?? null;
}

/** Ids and platforms of some roms; what does not exist is left out. */
export async function listRomPlaces(db: Executor, romIds: readonly number[]): Promise<readonly RomPlace[]> {
  return await db
    .select({ id: roms.id, platformId: roms.platformId })
    .from(roms)
    .where(isOneOf(roms.id, romIds));
}
