import { toScreenshotWire } from "../screenshots/wire.ts";
import type { DeviceSync, SavesSummary, SyncedSave } from "./contract.ts";

/** The compatible save schema. */
export function toSaveWire(save: SyncedSave) {
  return {
    id: save.id,
    rom_id: save.romId,
    user_id: save.userId,
    file_name: save.fileName,
    file_name_no_tags: save.fileNameNoTags,
    file_name_no_ext: save.fileNameNoExt,
    file_extension: save.fileExtension,
    file_path: save.filePath,
    file_size_bytes: save.sizeBytes,
    full_path: `${save.filePath}/${save.fileName}`,
    download_path: `/api/saves/${save.id}/content?timestamp=${encodeURIComponent(save.updatedAt)}`,
    missing_from_fs: save.isMissing,
    created_at: save.createdAt,
    updated_at: save.updatedAt,
    emulator: save.emulator,
    slot: save.slot,
    content_hash: save.contentHash,
    is_public: save.isPublic,
    screenshot: save.screenshot === null ? null : toScreenshotWire(save.screenshot),
    origin_device_id: save.originDeviceId,
    device_syncs: save.deviceSyncs.map(toDeviceSyncWire),
  };
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
