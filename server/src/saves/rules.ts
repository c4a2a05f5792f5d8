import type { Version } from "../assets/versions/contract.ts";
import { toInstant } from "../base/clock.ts";
import type { DeviceSync } from "./contract.ts";

/** A device that once synced a save, as stored. */
export interface StoredDeviceSync {
  readonly deviceId: string;
  readonly deviceName: string | null;
  readonly lastSyncedAt: Date;
  readonly isUntracked: boolean;
}

/**
 * How far devices are with a save: the asking one first, also when it never had it, then the others, most recent
 * first.
 */
export function toDeviceSyncs(
  version: Version,
  synced: readonly StoredDeviceSync[],
  asking: { readonly id: string; readonly name: string | null },
): readonly DeviceSync[] {
  const all = synced.map(({ lastSyncedAt, ...rest }) => ({
    ...rest,
    lastSyncedAt: toInstant(lastSyncedAt),
    isCurrent: lastSyncedAt.getTime() >= version.contentUpdatedAt.getTime(),
  }));
  const own = all.find(({ deviceId }) => deviceId === asking.id) ?? {
    deviceId: asking.id,
    deviceName: asking.name,
    lastSyncedAt: toInstant(version.contentUpdatedAt),
    isUntracked: false,
    isCurrent: false,
  };
  return [own, ...all.filter(({ deviceId }) => deviceId !== asking.id)];
}
