import type { Executor } from "@multitap/db";
import { devices } from "@multitap/db/schema/devices";
import { deviceSaveSync } from "@multitap/db/schema/sync";
import { desc, eq, sql } from "drizzle-orm";

/** A device that once synced a save. */
export interface SaveDevice {
  readonly saveId: number;
  readonly deviceId: string;
  readonly deviceName: string | null;
  readonly lastSyncedAt: Date;
  readonly isUntracked: boolean;
}

/** Every device that ever synced one of these saves, most recent first. */
export async function listSaveDevices(
  db: Executor,
  saveIds: readonly number[],
): Promise<readonly SaveDevice[]> {
  if (saveIds.length === 0) return [];
  return await db
    .select({
      saveId: deviceSaveSync.saveId,
      deviceId: deviceSaveSync.deviceId,
      deviceName: devices.name,
      lastSyncedAt: deviceSaveSync.lastSyncedAt,
      isUntracked: deviceSaveSync.isUntracked,
    })
    .from(deviceSaveSync)
    .innerJoin(devices, eq(devices.id, deviceSaveSync.deviceId))
    // One parameter: a statement takes some sixty thousand, and an account may have more saves.
    .where(
      sql`${deviceSaveSync.saveId} in
        (select value::int from jsonb_array_elements_text(${JSON.stringify(saveIds)}::text::jsonb))`,
    )
    .orderBy(desc(deviceSaveSync.lastSyncedAt), desc(deviceSaveSync.deviceId));
}
