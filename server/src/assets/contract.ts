import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { EMULATOR_CHARS_MAX, SLOT_CHARS_MAX } from "./limits.ts";

/** What users keep as files. */
export const ASSET_KINDS = ["saves", "states", "screenshots"] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];

/** Why a file is in the trash. */
export const TRASH_REASONS = ["deleted", "replaced", "cleanup"] as const;
export type TrashReason = (typeof TRASH_REASONS)[number];

const hasNoZero = (text: string) => !text.includes("\0");
const NO_ZERO = "Input should not contain a zero character";

/** Nothing for an empty text; half characters become what the database would make of them. */
const toStored = (text: string | null) => (text === null || text === "" ? null : text.toWellFormed());

/** A slot as it is sent; an empty one is none. */
export const SlotText = v.pipe(
  v.nullable(v.pipe(v.string(), v.maxLength(SLOT_CHARS_MAX), v.check(hasNoZero, NO_ZERO))),
  v.transform((slot) => toStored(slot)),
);

/** An emulator as it is sent; what it may hold is asked when it becomes a folder. */
export const EmulatorText = v.pipe(
  v.nullable(v.pipe(v.string(), v.maxLength(8 * EMULATOR_CHARS_MAX), v.check(hasNoZero, NO_ZERO))),
  v.transform((emulator) => toStored(emulator)),
);

/** Name of a device as it is sent. */
export const DeviceIdText = v.pipe(v.string(), v.maxLength(255), v.check(hasNoZero, NO_ZERO));

/** Lower-case hex of a SHA-1. */
export const Sha1Text = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/i), v.toLowerCase());

/** Bytes that lie safely on disk, not yet named by a row. */
export interface StoredBytes {
  /** Below the assets folder. */
  readonly storedPath: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly md5: string;
  readonly sha1: string;
  /** What tells versions apart; null for a zip that cannot be read. */
  readonly contentHash: string | null;
}

/** Where a file of a user stands, as the compatible API shows it. */
export interface AssetPlace {
  readonly fileName: string;
  readonly fileNameNoTags: string;
  readonly fileNameNoExt: string;
  readonly fileExtension: string;
  /** The folder below the assets. */
  readonly filePath: string;
}

/** A file of a user that was deleted or replaced. */
export interface TrashedAsset {
  readonly id: number;
  readonly kind: AssetKind;
  /** The id it had. */
  readonly assetId: number;
  readonly romId: number;
  readonly fileName: string;
  readonly slot: string | null;
  readonly canonicalName: string;
  readonly sizeBytes: number;
  readonly contentHash: string | null;
  readonly sha1: string;
  readonly isBundle: boolean;
  readonly originDeviceId: string | null;
  /** When its bytes were stored. */
  readonly updatedAt: Instant;
  readonly reason: TrashReason;
  readonly trashedAt: Instant;
  /** When the bytes went for good; null while it can be brought back. */
  readonly purgedAt: Instant | null;
}

const TextOrNull = v.nullable(v.string());

export const TrashedAssetSchema = v.object({
  id: v.number(),
  kind: v.picklist(ASSET_KINDS),
  assetId: v.number(),
  romId: v.number(),
  fileName: v.string(),
  slot: TextOrNull,
  canonicalName: v.string(),
  sizeBytes: v.number(),
  contentHash: TextOrNull,
  sha1: v.string(),
  isBundle: v.boolean(),
  originDeviceId: TextOrNull,
  updatedAt: v.string(),
  reason: v.picklist(TRASH_REASONS),
  trashedAt: v.string(),
  purgedAt: TextOrNull,
});
