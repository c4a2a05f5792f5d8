import { sql } from "drizzle-orm";
import { type AnyPgColumn, boolean, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { bytesColumn, idColumn, moment, stamps, textC } from "./columns.ts";
import { devices } from "./devices.ts";
import { platforms } from "./platforms.ts";
import { roms } from "./roms.ts";
import { users } from "./users.ts";

/** What every stored file of a user or a platform says about its place on disk. */
const place = () => ({
  fileName: textC("file_name").notNull(),
  fileNameNoTags: textC("file_name_no_tags").notNull(),
  fileNameNoExt: textC("file_name_no_ext").notNull(),
  fileExtension: textC("file_extension").notNull(),
  filePath: textC("file_path").notNull(),
  fileSizeBytes: bytesColumn("file_size_bytes"),
  missingFromFs: boolean("missing_from_fs").notNull().default(false),
});

/**
 * Where the bytes lie and what they are. They are written once under a name of their own and never changed, so a
 * row that gets other bytes gets another path, and rows may share one.
 */
const stored = () => ({
  /** Below the assets folder; not shown to anybody. */
  storedPath: textC("stored_path").notNull(),
  /** Lower-case hex of the bytes as they are. */
  md5Hash: textC("md5_hash").notNull().default(""),
  sha1Hash: textC("sha1_hash").notNull().default(""),
});

/** Names one line of versions: rom, user, slot and canonical name. */
const lane = () => ({
  slot: textC("slot"),
  /** The file name without the tags that slots add; versions of one save share it. */
  canonicalName: textC("canonical_name").notNull(),
  /** Several files in one archive of ours, which whoever made it takes apart again. */
  isBundle: boolean("is_bundle").notNull().default(false),
});

const owner = () => ({
  romId: integer("rom_id")
    .notNull()
    .references(() => roms.id, { onDelete: "cascade" }),
  userId: integer("user_id")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" }),
  isPublic: boolean("is_public").notNull().default(false),
});

/**
 * A version of a save. `content_updated_at` moves only when the bytes change and is what sync compares;
 * `updated_at` moves on every visible change.
 */
export const saves = pgTable(
  "saves",
  {
    id: idColumn(),
    ...place(),
    ...owner(),
    ...stored(),
    ...lane(),
    emulator: text("emulator"),
    contentHash: textC("content_hash"),
    contentUpdatedAt: moment("content_updated_at").notNull(),
    originDeviceId: textC("origin_device_id").references(() => devices.id, {
      onDelete: "set null",
    }),
    screenshotId: integer("screenshot_id").references((): AnyPgColumn => screenshots.id, {
      onDelete: "set null",
    }),
    ...stamps(),
  },
  (t) => [
    index("saves_lane_idx").on(t.userId, t.romId, t.slot, t.canonicalName, t.contentUpdatedAt, t.id),
    index("saves_rom_idx").on(t.romId),
    index("saves_stored_idx").on(t.storedPath),
    index("saves_sha1_idx").on(t.userId, t.sha1Hash),
    index("saves_user_updated_idx").on(t.userId, t.updatedAt),
    index("saves_hash_idx").on(t.romId, t.userId, t.contentHash),
    index("saves_origin_device_idx").on(t.originDeviceId),
    index("saves_public_idx").on(t.isPublic),
    index("saves_screenshot_idx").on(t.screenshotId),
  ],
);

export const states = pgTable(
  "states",
  {
    id: idColumn(),
    ...place(),
    ...owner(),
    ...stored(),
    ...lane(),
    emulator: text("emulator"),
    contentHash: textC("content_hash"),
    contentUpdatedAt: moment("content_updated_at").notNull(),
    originDeviceId: textC("origin_device_id").references(() => devices.id, {
      onDelete: "set null",
    }),
    screenshotId: integer("screenshot_id").references((): AnyPgColumn => screenshots.id, {
      onDelete: "set null",
    }),
    ...stamps(),
  },
  (t) => [
    index("states_lane_idx").on(t.userId, t.romId, t.slot, t.canonicalName, t.contentUpdatedAt, t.id),
    index("states_rom_idx").on(t.romId),
    index("states_stored_idx").on(t.storedPath),
    index("states_sha1_idx").on(t.userId, t.sha1Hash),
    index("states_origin_device_idx").on(t.originDeviceId),
    index("states_user_updated_idx").on(t.userId, t.updatedAt),
    index("states_public_idx").on(t.isPublic),
    index("states_screenshot_idx").on(t.screenshotId),
  ],
);

export const screenshots = pgTable(
  "screenshots",
  {
    id: idColumn(),
    ...place(),
    ...owner(),
    ...stored(),
    isGallery: boolean("is_gallery").notNull().default(false),
    ...stamps(),
  },
  (t) => [
    index("screenshots_rom_user_idx").on(t.romId, t.userId),
    index("screenshots_user_idx").on(t.userId),
    index("screenshots_stored_idx").on(t.storedPath),
    index("screenshots_public_idx").on(t.isPublic),
  ],
);

/**
 * Files of users that were deleted, replaced or cleaned up. Triggers write it, whatever the cause, so that nothing is
 * lost by a way that somebody forgot; the bytes go after some weeks, and the row then says so.
 */
export const trashedAssets = pgTable(
  "trashed_assets",
  {
    id: idColumn(),
    /** Name of the table that the row was in. */
    kind: textC("kind").notNull(),
    assetId: integer("asset_id").notNull(),
    /** Neither is a reference: both may be gone by now. */
    userId: integer("user_id").notNull(),
    romId: integer("rom_id").notNull(),
    fileName: textC("file_name").notNull(),
    filePath: textC("file_path").notNull(),
    fileSizeBytes: bytesColumn("file_size_bytes"),
    storedPath: textC("stored_path").notNull(),
    md5Hash: textC("md5_hash").notNull(),
    sha1Hash: textC("sha1_hash").notNull(),
    contentHash: textC("content_hash"),
    emulator: text("emulator"),
    slot: textC("slot"),
    canonicalName: textC("canonical_name").notNull(),
    isBundle: boolean("is_bundle").notNull(),
    originDeviceId: textC("origin_device_id"),
    contentUpdatedAt: moment("content_updated_at").notNull(),
    /** `deleted`, `replaced` or `cleanup`. */
    reason: textC("reason").notNull(),
    trashedAt: moment("trashed_at").notNull(),
    /** When the bytes went; null while they can be brought back. */
    purgedAt: moment("purged_at"),
  },
  (t) => [
    index("trashed_assets_lane_idx").on(t.userId, t.romId, t.kind, t.slot, t.canonicalName),
    index("trashed_assets_user_idx").on(t.userId, t.trashedAt),
    index("trashed_assets_stored_idx").on(t.storedPath),
    index("trashed_assets_sha1_idx").on(t.userId, t.sha1Hash),
    index("trashed_assets_due_idx").on(t.trashedAt).where(sql`${t.purgedAt} is null`),
  ],
);

export const firmware = pgTable(
  "firmware",
  {
    id: idColumn(),
    platformId: integer("platform_id")
      .notNull()
      .references(() => platforms.id, { onDelete: "cascade" }),
    ...place(),
    crcHash: textC("crc_hash").notNull().default(""),
    md5Hash: textC("md5_hash").notNull().default(""),
    sha1Hash: textC("sha1_hash").notNull().default(""),
    isVerified: boolean("is_verified").notNull().default(false),
    ...stamps(),
  },
  (t) => [index("firmware_platform_name_idx").on(t.platformId, t.fileName)],
);
