import type { Executor } from "@multitap/db";
import { devices } from "@multitap/db/schema/devices";
import { and, asc, eq } from "drizzle-orm";

/** A device that syncs by files. */
export interface TransferDevice {
  readonly id: string;
  readonly userId: number;
  readonly syncConfig: unknown;
}

const COLUMNS = { id: devices.id, userId: devices.userId, syncConfig: devices.syncConfig };
const isSyncing = and(eq(devices.syncMode, "file_transfer"), eq(devices.syncEnabled, true));

/** One device that syncs by files; null when there is none, or it is set not to. */
export async function findTransferDevice(db: Executor, deviceId: string): Promise<TransferDevice | null> {
  const [row] = await db
    .select(COLUMNS)
    .from(devices)
    .where(and(isSyncing, eq(devices.id, deviceId)));
  return row ?? null;
}

/** Ids of all devices that sync by files. */
export async function listTransferDeviceIds(db: Executor, limit: number): Promise<readonly string[]> {
  const rows = await db
    .select({ id: devices.id })
    .from(devices)
    .where(isSyncing)
    .orderBy(asc(devices.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}
