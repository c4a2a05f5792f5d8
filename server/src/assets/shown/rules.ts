import { toInstant } from "../../base/clock.ts";
import type { Screenshot } from "../../screenshots/contract.ts";
import type { Version } from "../versions/contract.ts";
import type { ShownVersion } from "./contract.ts";

/** A version as callers see it. */
export function toShownVersion(version: Version, screenshot: Screenshot | null): ShownVersion {
  return {
    id: version.id,
    romId: version.romId,
    userId: version.userId,
    fileName: version.fileName,
    fileNameNoTags: version.fileNameNoTags,
    fileNameNoExt: version.fileNameNoExt,
    fileExtension: version.fileExtension,
    filePath: version.filePath,
    sizeBytes: version.sizeBytes,
    emulator: version.emulator,
    slot: version.slot,
    canonicalName: version.canonicalName,
    isBundle: version.isBundle,
    contentHash: version.contentHash,
    sha1: version.sha1,
    isPublic: version.isPublic,
    isMissing: version.isMissing,
    originDeviceId: version.originDeviceId,
    screenshot,
    createdAt: toInstant(version.createdAt),
    updatedAt: toInstant(version.contentUpdatedAt),
  };
}
