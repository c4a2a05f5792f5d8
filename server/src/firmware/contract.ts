import * as v from "valibot";
import { ReceivedFileSchema } from "../base/received-file.ts";
import { Id, list } from "../base/schemas.ts";
import { type PlatformFirmware, PlatformFirmwareSchema } from "../platforms/contract.ts";
import { FIRMWARE_FILES_MAX, FIRMWARE_REMOVED_MAX } from "./limits.ts";

/** A system file that emulators of a platform need. */
export interface Firmware extends PlatformFirmware {
  readonly platformId: number;
}

export const FirmwareSchema = v.object({ ...PlatformFirmwareSchema.entries, platformId: Id });
export const FirmwareListSchema = list(FirmwareSchema);
export const FirmwareIdsSchema = list(Id);

export const ListFirmwareInput = v.optional(
  v.strictObject({
    /** All platforms when it is left out. */
    platformId: v.optional(Id),
  }),
  {},
);
export const FirmwareIdInput = v.strictObject({ firmwareId: Id });

/** Files to store; of several with the same name the last one counts. */
export const UploadFirmwareInput = v.strictObject({
  platformId: Id,
  files: v.pipe(v.array(ReceivedFileSchema), v.minLength(1), v.maxLength(FIRMWARE_FILES_MAX), v.readonly()),
});

/** What became of an upload. */
export interface UploadedFirmware {
  /** Files that were stored. */
  readonly storedCount: number;
  /** All firmware of the platform, by file name. */
  readonly firmware: readonly Firmware[];
}

export const UploadedFirmwareSchema = v.object({ storedCount: v.number(), firmware: FirmwareListSchema });

const RemovedIds = v.pipe(v.array(Id), v.maxLength(FIRMWARE_REMOVED_MAX), v.readonly());

export const RemoveFirmwareInput = v.strictObject({
  firmwareIds: RemovedIds,
  /** Those of them whose files go too. */
  fileIds: v.optional(RemovedIds, []),
});

/** Firmware that stays, and why. */
export interface FirmwareFailure {
  readonly firmwareId: number;
  readonly message: string;
}

/** What became of a removal. */
export interface RemovedFirmware {
  readonly removedIds: readonly number[];
  readonly failures: readonly FirmwareFailure[];
}

export const RemovedFirmwareSchema = v.object({
  removedIds: FirmwareIdsSchema,
  failures: list(v.object({ firmwareId: Id, message: v.string() })),
});

/** Where the bytes of a firmware are. */
export interface StoredFirmware {
  readonly path: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

export const StoredFirmwareSchema = v.object({
  path: v.string(),
  fileName: v.string(),
  sizeBytes: v.number(),
  modifiedAtMs: v.number(),
});

/** A firmware file on disk. */
export interface DiscoveredFirmware {
  readonly fileName: string;
  /** Library-relative folder. */
  readonly filePath: string;
  readonly sizeBytes: number;
}

/** What a scan knows of a firmware file. */
export interface KnownFirmware {
  readonly firmwareId: number;
  readonly fileName: string;
  readonly filePath: string;
  readonly sizeBytes: number;
  readonly isHashed: boolean;
  readonly isMissing: boolean;
}

/** A firmware file with its digests, lower-case hex; "" where there is nothing to digest. */
export interface HashedFirmware extends DiscoveredFirmware {
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  /** When exactly these bytes were written. */
  readonly modifiedAtMs: number;
}
