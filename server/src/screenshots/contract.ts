import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { ReceivedFileSchema } from "../base/received-file.ts";
import { Id } from "../base/schemas.ts";
import { SCREENSHOTS_REMOVED_MAX } from "./limits.ts";

/** A picture of a user's: of the gallery of a rom, or what a save or a state shows of itself. */
export interface Screenshot {
  readonly id: number;
  readonly romId: number;
  readonly userId: number;
  readonly fileName: string;
  readonly fileNameNoTags: string;
  readonly fileNameNoExt: string;
  readonly fileExtension: string;
  readonly filePath: string;
  readonly sizeBytes: number;
  readonly isGallery: boolean;
  readonly isPublic: boolean;
  /** The file was not there when it was last looked for. */
  readonly isMissing: boolean;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const ScreenshotSchema = v.object({
  id: Id,
  romId: Id,
  userId: Id,
  fileName: v.string(),
  fileNameNoTags: v.string(),
  fileNameNoExt: v.string(),
  fileExtension: v.string(),
  filePath: v.string(),
  sizeBytes: v.number(),
  isGallery: v.boolean(),
  isPublic: v.boolean(),
  isMissing: v.boolean(),
  createdAt: v.string(),
  updatedAt: v.string(),
});

export const ListScreenshotsInput = v.strictObject({
  romId: v.optional(Id),
  platformId: v.optional(Id),
});

export const ScreenshotIdInput = v.strictObject({ screenshotId: Id });

export const UploadScreenshotInput = v.strictObject({ romId: Id, file: ReceivedFileSchema });

/** Where the bytes of a picture are. */
export const ScreenshotContentSchema = v.object({
  path: v.string(),
  fileName: v.string(),
  sizeBytes: v.number(),
  modifiedAtMs: v.number(),
  sha1: v.nullable(v.string()),
});

export const ScreenshotVisibilityInput = v.strictObject({ screenshotId: Id, isPublic: v.boolean() });

export const RemoveScreenshotsInput = v.strictObject({
  screenshotIds: v.pipe(v.array(Id), v.maxLength(SCREENSHOTS_REMOVED_MAX), v.readonly()),
});
