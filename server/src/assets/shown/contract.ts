import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { ReceivedFileSchema } from "../../base/received-file.ts";
import { Id } from "../../base/schemas.ts";
import { type Screenshot, ScreenshotSchema } from "../../screenshots/contract.ts";
import { DeviceIdText, EmulatorText, SlotText } from "../contract.ts";
import { VERSIONS_REMOVED_MAX } from "../limits.ts";

/** A version of a save or a state as its owner sees it, and everyone while it is public. */
export interface ShownVersion {
  readonly id: number;
  readonly romId: number;
  readonly userId: number;
  readonly fileName: string;
  readonly fileNameNoTags: string;
  readonly fileNameNoExt: string;
  readonly fileExtension: string;
  readonly filePath: string;
  readonly sizeBytes: number;
  readonly emulator: string | null;
  /** Named lane of versions; null: kept beside them, and never paired with a device's. */
  readonly slot: string | null;
  /** The file name without the moment that a slot adds: what its versions share. */
  readonly canonicalName: string;
  /** Several files in one archive. */
  readonly isBundle: boolean;
  readonly contentHash: string | null;
  readonly sha1: string;
  readonly isPublic: boolean;
  /** The file was not there when it was last looked for. */
  readonly isMissing: boolean;
  readonly originDeviceId: string | null;
  readonly screenshot: Screenshot | null;
  readonly createdAt: Instant;
  /** When the bytes were stored. */
  readonly updatedAt: Instant;
}

const TextOrNull = v.nullable(v.string());

export const ShownVersionSchema = v.object({
  id: Id,
  romId: Id,
  userId: Id,
  fileName: v.string(),
  fileNameNoTags: v.string(),
  fileNameNoExt: v.string(),
  fileExtension: v.string(),
  filePath: v.string(),
  sizeBytes: v.number(),
  emulator: TextOrNull,
  slot: TextOrNull,
  canonicalName: v.string(),
  isBundle: v.boolean(),
  contentHash: TextOrNull,
  sha1: v.string(),
  isPublic: v.boolean(),
  isMissing: v.boolean(),
  originDeviceId: TextOrNull,
  screenshot: v.nullable(ScreenshotSchema),
  createdAt: v.string(),
  updatedAt: v.string(),
});

const DeviceId = v.optional(DeviceIdText);

export const ListVersionsInput = v.strictObject({
  romId: v.optional(Id),
  platformId: v.optional(Id),
  slot: v.optional(SlotText),
  deviceId: DeviceId,
});

export const UploadVersionInput = v.strictObject({
  romId: Id,
  emulator: v.optional(EmulatorText, null),
  slot: v.optional(SlotText, null),
  deviceId: DeviceId,
  sessionId: v.optional(v.number()),
  isOverwrite: v.optional(v.boolean(), false),
  isAutocleanup: v.optional(v.boolean(), false),
  autocleanupLimit: v.optional(v.pipe(v.number(), v.integer()), 10),
  file: ReceivedFileSchema,
  screenshot: v.optional(ReceivedFileSchema),
});

/** What comes with new bytes of a version, beside its id. */
export const replaceEntries = {
  deviceId: DeviceId,
  file: v.optional(ReceivedFileSchema),
  screenshot: v.optional(ReceivedFileSchema),
};

/** What comes with the wish for the bytes of a version, beside its id. */
export const contentEntries = {
  deviceId: DeviceId,
  sessionId: v.optional(v.number()),
  /** The device counts as having these bytes as soon as they are sent. */
  isOptimistic: v.optional(v.boolean(), true),
  /** What is said about the bytes is asked for, and not the bytes: nothing is noted. */
  isHeadOnly: v.optional(v.boolean(), false),
};

/** Where the bytes of a version are. */
export const VersionContentSchema = v.object({
  path: v.string(),
  fileName: v.string(),
  sizeBytes: v.number(),
  modifiedAtMs: v.number(),
  sha1: TextOrNull,
  /** Changes with the bytes. */
  version: v.string(),
});

/** Ids of what is to be removed. */
export const RemovedIds = v.pipe(v.array(Id), v.maxLength(VERSIONS_REMOVED_MAX), v.readonly());
