import type { Executor } from "@multitap/db";
import { roms } from "@multitap/db/schema/roms";
import { and, asc, eq, inArray } from "drizzle-orm";

/** A rom's row, as far as the disk is concerned. */
export interface PlacedRom {
  readonly romId: number;
  readonly platformId: number;
  readonly fsPath: string;
  readonly fsName: string;
}

/** Where some roms lie, in the order of their ids; locked until the transaction ends. Unknown ones are left out. */
export async function lockPlaces(db: Executor, romIds: readonly number[]): Promise<readonly PlacedRom[]> {
  return await selectPlaces(db, romIds).for("update");
}

/** The same without locks. */
export async function listPlaces(db: Executor, romIds: readonly number[]): Promise<readonly PlacedRom[]> {
  return await selectPlaces(db, romIds);
}

function selectPlaces(db: Executor, romIds: readonly number[]) {
  return db
    .select({ romId: roms.id, platformId: roms.platformId, fsPath: roms.fsPath, fsName: roms.fsName })
    .from(roms)
    .where(inArray(roms.id, [...romIds]))
    .orderBy(asc(roms.id));
}

/** Whether some rom of a platform has this name. */
export async function hasRomOfName(db: Executor, platformId: number, fsName: string): Promise<boolean> {
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(and(eq(roms.platformId, platformId), eq(roms.fsName, fsName)))
    .limit(1);
  return rows.length > 0;
}
