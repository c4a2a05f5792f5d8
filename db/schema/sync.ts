import { boolean, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { saves } from "./assets.ts";
import { idColumn, moment, stamps, textC } from "./columns.ts";
import { devices } from "./devices.ts";
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

export const syncSessions = pgTable(
  "sync_sessions",
  {
    id: idColumn(),
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
