import type { Screenshot } from "./contract.ts";

/** The compatible screenshot schema. */
export function toScreenshotWire(picture: Screenshot) {
  return {
    id: picture.id,
    rom_id: picture.romId,
    user_id: picture.userId,
    file_name: picture.fileName,
    file_name_no_tags: picture.fileNameNoTags,
    file_name_no_ext: picture.fileNameNoExt,
    file_extension: picture.fileExtension,
    file_path: picture.filePath,
    file_size_bytes: picture.sizeBytes,
    full_path: `${picture.filePath}/${picture.fileName}`,
    download_path: `/api/screenshots/${picture.id}/content?timestamp=${encodeURIComponent(picture.updatedAt)}`,
    missing_from_fs: picture.isMissing,
    created_at: picture.createdAt,
    updated_at: picture.updatedAt,
    is_gallery: picture.isGallery,
    is_public: picture.isPublic,
  };
}
