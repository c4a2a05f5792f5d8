import type { Executor } from "@multitap/db";
import { devices } from "@multitap/db/schema/devices";
import { syncSessions } from "@multitap/db/schema/sync";
import { and, asc, eq, exists, gt, inArray, not } from "drizzle-orm";

/** Devices that are synced by SSH, and of which no session is open that began after a moment. */
export async function listIdleDevices(
  db: Executor,
  { openSince, limit }: { readonly openSince: Date; readonly limit: number },
): Promise<readonly { readonly id: string; readonly userId: number }[]> {
  const open = db
    .select({ id: syncSessions.id })
    .from(syncSessions)
    .where(
      and(
        eq(syncSessions.deviceId, devices.id),
        inArray(syncSessions.status, ["pending", "in_progress"]),
        gt(syncSessions.initiatedAt, openSince),
      ),
    );
  return await db
    .select({ id: devices.id, userId: devices.userId })
    .from(devices)
    .where(and(eq(devices.syncMode, "push_pull"), eq(devices.syncEnabled, true), not(exists(open))))
    .orderBy(asc(devices.id))
    .limit(limit);
}
