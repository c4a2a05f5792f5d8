import type { Executor } from "@multitap/db";
import { roms } from "@multitap/db/schema/roms";
import { inArray } from "drizzle-orm";

/** A rom that rooms are open for. */
export interface PlayedRom {
  readonly id: number;
  readonly name: string;
  readonly platformId: number;
}

/** The roms of these ids that there are; one statement. */
export async function listPlayedRoms(db: Executor, ids: readonly number[]): Promise<readonly PlayedRom[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .select({ id: roms.id, name: roms.name, fsName: roms.fsName, platformId: roms.platformId })
    .from(roms)
    .where(inArray(roms.id, [...ids]));
  return rows.map(({ fsName, ...row }) => ({ ...row, name: row.name || fsName }));
}
