import type { Executor } from "@multitap/db";
import { roms } from "@multitap/db/schema/roms";

/** Tells whether a scan found anything yet. */
export async function hasRoms(db: Executor): Promise<boolean> {
  const rows = await db.select({ id: roms.id }).from(roms).limit(1);
  return rows.length > 0;
}
