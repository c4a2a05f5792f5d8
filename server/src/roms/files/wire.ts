import { toTrackMetaWire } from "../tracks/wire.ts";
import type { RomFile } from "./contract.ts";

/** A rom file of the compatible API. */
export function toRomFileWire(file: RomFile) {
  return {
    id: file.id,
    rom_id: file.romId,
    file_name: file.fileName,
    file_path: file.filePath,
    file_size_bytes: file.sizeBytes,
    full_path: `${file.filePath}/${file.fileName}`,
    is_top_level: file.isTopLevel,
    created_at: file.createdAt,
    updated_at: file.updatedAt,
    last_modified: file.modifiedAt,
    crc_hash: file.crc32,
    md5_hash: file.md5,
    sha1_hash: file.sha1,
    // Null where the others are "": the compatible scanner never writes this one.
    ra_hash: file.raHash === "" ? null : file.raHash,
    chd_sha1_hash: file.chdSha1,
    archive_members:
      file.archiveMembers?.map((member) => ({
        name: member.name,
        size: member.sizeBytes,
        crc_hash: member.crc32,
        md5_hash: member.md5,
        sha1_hash: member.sha1,
      })) ?? null,
    // A top-level file without a category of its own is the game.
    category: file.category ?? (file.isTopLevel ? "game" : null),
    track_meta: file.trackMeta === null ? null : toTrackMetaWire(file.trackMeta),
  };
}
