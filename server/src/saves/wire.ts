import { readContentWish, readDevice, readDraft, readFilter, toVersionWire } from "../assets/shown/wire.ts";
import type { DeviceSync, SavesSummary, SyncedSave } from "./contract.ts";

export { readContentWish, readDevice, readDraft, readFilter };

/** The compatible save schema. */
export function toSaveWire(save: SyncedSave) {
  return { ...toVersionWire(save, "saves"), device_syncs: save.deviceSyncs.map(toDeviceSyncWire) };
}

function toDeviceSyncWire(sync: DeviceSync) {
  return {
    device_id: sync.deviceId,
    device_name: sync.deviceName,
    last_synced_at: sync.lastSyncedAt,
    is_untracked: sync.isUntracked,
    is_current: sync.isCurrent,
  };
}

/** Saves of a rom by slot. */
export function toSummaryWire(summary: SavesSummary) {
  return {
    total_count: summary.totalCount,
    slots: summary.slots.map(({ slot, count, latest }) => ({ slot, count, latest: toSaveWire(latest) })),
  };
}
