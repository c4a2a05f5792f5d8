import type { Platform, PlatformFirmware } from "./contract.ts";

/** A platform of the compatible API; one without a row shows null where the operator has no say yet. */
export function toPlatformWire(platform: Platform) {
  const isStored = platform.id > 0;
  return {
    id: platform.id,
    slug: platform.slug,
    fs_slug: platform.fsSlug,
    rom_count: platform.romCount,
    name: platform.name,
    igdb_slug: platform.igdbSlug,
    moby_slug: platform.mobySlug,
    hltb_slug: platform.hltbSlug,
    libretro_slug: isStored ? platform.libretroSlug : null,
    custom_name: isStored ? platform.customName : null,
    description: isStored ? platform.description : null,
    igdb_id: platform.providerIds.igdb,
    sgdb_id: platform.providerIds.sgdb,
    moby_id: platform.providerIds.moby,
    launchbox_id: platform.providerIds.launchbox,
    ss_id: platform.providerIds.ss,
    ra_id: platform.providerIds.ra,
    hasheous_id: platform.providerIds.hasheous,
    tgdb_id: platform.providerIds.tgdb,
    flashpoint_id: platform.providerIds.flashpoint,
    category: platform.category,
    generation: platform.generation,
    family_name: platform.familyName,
    family_slug: platform.familySlug,
    url: platform.url,
    url_logo: platform.logoUrl,
    firmware: platform.firmware.map(toFirmwareWire),
    created_at: platform.createdAt,
    updated_at: platform.updatedAt,
    fs_size_bytes: platform.sizeBytes,
    is_unidentified: !platform.isIdentified,
    is_identified: platform.isIdentified,
    missing_from_fs: platform.isMissing,
    display_name: platform.displayName,
    firmware_count: platform.firmware.length,
  };
}

/** A firmware file of the compatible API. */
export function toFirmwareWire(file: PlatformFirmware) {
  return {
    id: file.id,
    file_name: file.fileName,
    file_name_no_tags: file.fileNameNoTags,
    file_name_no_ext: file.fileNameNoExt,
    file_extension: file.fileExtension,
    file_path: file.filePath,
    file_size_bytes: file.sizeBytes,
    full_path: `${file.filePath}/${file.fileName}`,
    is_verified: file.isVerified,
    crc_hash: file.crc32,
    md5_hash: file.md5,
    sha1_hash: file.sha1,
    missing_from_fs: file.isMissing,
    created_at: file.createdAt,
    updated_at: file.updatedAt,
  };
}

/** The folder out of a JSON body; what is no object is left for the schema to refuse. */
export function fromNewPlatformWire(body: unknown): unknown {
  return isFields(body) ? { fsSlug: body.fs_slug } : body;
}

/** A change of a platform out of a JSON body. */
export function fromPlatformChangeWire(platformId: number | undefined, body: unknown): unknown {
  return isFields(body) ? { platformId, customName: body.custom_name, description: body.description } : body;
}

function isFields(body: unknown): body is Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null && !Array.isArray(body);
}
