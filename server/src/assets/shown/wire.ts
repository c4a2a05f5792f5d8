import type { RequestReader } from "../../http/reader.ts";
import { toScreenshotWire } from "../../screenshots/wire.ts";
import type { ShownVersion } from "./contract.ts";

/** What the compatible schemas of saves and states have in common; slots of states are ours. */
export function toVersionWire(version: ShownVersion, kind: "saves" | "states") {
  return {
    id: version.id,
    rom_id: version.romId,
    user_id: version.userId,
    file_name: version.fileName,
    file_name_no_tags: version.fileNameNoTags,
    file_name_no_ext: version.fileNameNoExt,
    file_extension: version.fileExtension,
    file_path: version.filePath,
    file_size_bytes: version.sizeBytes,
    full_path: `${version.filePath}/${version.fileName}`,
    download_path: `/api/${kind}/${version.id}/content?timestamp=${encodeURIComponent(version.updatedAt)}`,
    missing_from_fs: version.isMissing,
    created_at: version.createdAt,
    updated_at: version.updatedAt,
    emulator: version.emulator,
    slot: version.slot,
    content_hash: version.contentHash,
    is_public: version.isPublic,
    screenshot: version.screenshot === null ? null : toScreenshotWire(version.screenshot),
    origin_device_id: version.originDeviceId,
  };
}

/** The device that a call is about; an empty one is none. */
export const readDevice = (reader: RequestReader) => ({
  deviceId: reader.queryText("device_id") || undefined,
});

/** Which versions are asked for. Some apps send 0 for none. */
export const readFilter = (reader: RequestReader) => ({
  romId: reader.queryInt("rom_id") || undefined,
  platformId: reader.queryInt("platform_id") || undefined,
  slot: reader.queryText("slot"),
  ...readDevice(reader),
});

/** What a sent file is to become. */
export const readDraft = (reader: RequestReader) => ({
  romId: reader.queryInt("rom_id"),
  emulator: reader.queryText("emulator"),
  slot: reader.queryText("slot"),
  sessionId: reader.queryInt("session_id"),
  isOverwrite: reader.queryBool("overwrite"),
  isAutocleanup: reader.queryBool("autocleanup"),
  autocleanupLimit: reader.queryInt("autocleanup_limit"),
  ...readDevice(reader),
});

/** For whom bytes are, and whether they are sent at all. */
export const readContentWish = (reader: RequestReader) => ({
  ...readDevice(reader),
  sessionId: reader.queryInt("session_id"),
  isOptimistic: reader.queryBool("optimistic"),
  isHeadOnly: reader.request.method === "HEAD",
});
