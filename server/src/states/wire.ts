import { toScreenshotWire } from "../screenshots/wire.ts";
import type { State } from "./contract.ts";

/** The compatible state schema, and what our slots add to it. */
export function toStateWire(state: State) {
  return {
    id: state.id,
    rom_id: state.romId,
    user_id: state.userId,
    file_name: state.fileName,
    file_name_no_tags: state.fileNameNoTags,
    file_name_no_ext: state.fileNameNoExt,
    file_extension: state.fileExtension,
    file_path: state.filePath,
    file_size_bytes: state.sizeBytes,
    full_path: `${state.filePath}/${state.fileName}`,
    download_path: `/api/states/${state.id}/content?timestamp=${encodeURIComponent(state.updatedAt)}`,
    missing_from_fs: state.isMissing,
    created_at: state.createdAt,
    updated_at: state.updatedAt,
    emulator: state.emulator,
    slot: state.slot,
    content_hash: state.contentHash,
    is_public: state.isPublic,
    screenshot: state.screenshot === null ? null : toScreenshotWire(state.screenshot),
    origin_device_id: state.originDeviceId,
  };
}
