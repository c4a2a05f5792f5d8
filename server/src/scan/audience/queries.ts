import type { Executor } from "@multitap/db";
import { scans } from "@multitap/db/schema/scan";
import { eq } from "drizzle-orm";

/** The account that asked for a scan, or null. */
export async function findRequester(db: Executor, scanId: number): Promise<number | null> {
  const [row] = await db.select({ userId: scans.requestedBy }).from(scans).where(eq(scans.id, scanId));
  return row?.userId ?? null;
}
