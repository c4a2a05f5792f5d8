import type { Executor } from "@multitap/db";
import { roms } from "@multitap/db/schema/roms";
import { eq } from "drizzle-orm";
import type { CoverPaths } from "../../base/covers.ts";

/** Where a rom's cover is said to lie; the row is locked until the transaction ends. Null for a rom that is gone. */
export async function lockCoverPaths(db: Executor, romId: number): Promise<CoverPaths | null> {
  const [row] = await db
    .select({ pathCoverLarge: roms.pathCoverLarge, pathCoverSmall: roms.pathCoverSmall })
    .from(roms)
    .where(eq(roms.id, romId))
    .for("update");
  return row ?? null;
}
