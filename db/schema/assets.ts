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
    emulator: text("emulator"),
    slot: textC("slot"),
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
    index("saves_rom_user_slot_idx").on(t.romId, t.userId, t.slot, t.contentUpdatedAt),
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
    emulator: text("emulator"),
    contentHash: textC("content_hash"),
    contentUpdatedAt: moment("content_updated_at").notNull(),
    screenshotId: integer("screenshot_id").references((): AnyPgColumn => screenshots.id, {
      onDelete: "set null",
    }),
    ...stamps(),
  },
  (t) => [
    index("states_rom_user_idx").on(t.romId, t.userId),
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
    isGallery: boolean("is_gallery").notNull().default(false),
    ...stamps(),
  },
  (t) => [
    index("screenshots_rom_user_idx").on(t.romId, t.userId),
    index("screenshots_user_idx").on(t.userId),
    index("screenshots_public_idx").on(t.isPublic),
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
