import { sql } from "drizzle-orm";
import { boolean, index, integer, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { saves } from "./assets.ts";
import { idColumn, moment, stamps, textC } from "./columns.ts";
import { devices } from "./devices.ts";
import { roms } from "./roms.ts";
import { users } from "./users.ts";

/** What a device last knew of a save: the baseline of the three-way comparison. */
export const deviceSaveSync = pgTable(
  "device_save_sync",
  {
    deviceId: textC("device_id")
      .notNull()
      .references(() => devices.id, { onDelete: "cascade" }),
    saveId: integer("save_id")
      .notNull()
      .references(() => saves.id, { onDelete: "cascade" }),
    lastSyncedAt: moment("last_synced_at").notNull(),
    isUntracked: boolean("is_untracked").notNull().default(false),
    ...stamps(),
  },
  (t) => [primaryKey({ columns: [t.deviceId, t.saveId] }), index("device_save_sync_save_idx").on(t.saveId)],
);

/**
 * What a device last had of a lane, whichever row that was: the common ancestor of a comparison. It outlives the row,
 * so that a version cleaned up does not make a changed file look like a new one.
 */
export const syncBaselines = pgTable(
  "sync_baselines",
  {
    deviceId: textC("device_id")
      .notNull()
      .references(() => devices.id, { onDelete: "cascade" }),
    romId: integer("rom_id")
      .notNull()
      .references(() => roms.id, { onDelete: "cascade" }),
    /** `save` or `state`. */
    kind: textC("kind").notNull(),
    /** "" stands for none. */
    slot: textC("slot").notNull(),
    canonicalName: textC("canonical_name").notNull(),
    /** The row, which may be gone by now. */
    assetId: integer("asset_id").notNull(),
    contentHash: textC("content_hash"),
    md5Hash: textC("md5_hash").notNull(),
    sha1Hash: textC("sha1_hash").notNull(),
    /** A copy of the row's `content_updated_at`. */
    contentUpdatedAt: moment("content_updated_at").notNull(),
    syncedAt: moment("synced_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.deviceId, t.romId, t.kind, t.slot, t.canonicalName] }),
    index("sync_baselines_rom_idx").on(t.romId),
  ],
);

/** Two sides changed one lane: which versions stand against each other, and what became of them. */
export const syncConflicts = pgTable(
  "sync_conflicts",
  {
    id: idColumn(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    deviceId: textC("device_id").references(() => devices.id, { onDelete: "set null" }),
    romId: integer("rom_id")
      .notNull()
      .references(() => roms.id, { onDelete: "cascade" }),
    kind: textC("kind").notNull(),
    slot: textC("slot"),
    canonicalName: textC("canonical_name").notNull(),
    /** What the server had; the row may be gone by now, its bytes in the trash. */
    serverAssetId: integer("server_asset_id").notNull(),
    serverContentHash: textC("server_content_hash"),
    /** What the device brought; null while only its hash is known. */
    deviceAssetId: integer("device_asset_id"),
    deviceContentHash: textC("device_content_hash"),
    reason: text("reason").notNull(),
    /** `keep_both`, `server_wins` or `device_wins`; null until somebody decides. */
    resolution: textC("resolution"),
    resolvedAt: moment("resolved_at"),
    ...stamps(),
  },
  (t) => [
    index("sync_conflicts_user_idx").on(t.userId, t.createdAt),
    index("sync_conflicts_device_idx").on(t.deviceId),
    index("sync_conflicts_rom_idx").on(t.romId),
    // Conflicts of devices that are gone may be alike: they are kept as they are, and nothing is noted for them again.
    uniqueIndex("sync_conflicts_key")
      .on(
        t.deviceId,
        t.kind,
        t.serverAssetId,
        sql`coalesce(${t.serverContentHash}, '')`,
        sql`coalesce(${t.deviceContentHash}, '')`,
      )
      .where(sql`${t.deviceId} is not null`),
  ],
);

export const syncSessions = pgTable(
  "sync_sessions",
  {
    id: idColumn(),
    /** The same session under the name that one of the protocols gives it. */
    uuid: textC("uuid").notNull().unique(),
    deviceId: textC("device_id")
      .notNull()
      .references(() => devices.id, { onDelete: "cascade" }),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    status: textC("status").notNull().default("pending"),
    initiatedAt: moment("initiated_at").notNull(),
    completedAt: moment("completed_at"),
    operationsPlanned: integer("operations_planned").notNull().default(0),
    operationsCompleted: integer("operations_completed").notNull().default(0),
    operationsFailed: integer("operations_failed").notNull().default(0),
    errorMessage: text("error_message"),
    ...stamps(),
  },
  (t) => [
    index("sync_sessions_device_idx").on(t.deviceId),
    index("sync_sessions_user_idx").on(t.userId),
    index("sync_sessions_status_idx").on(t.status),
  ],
);
