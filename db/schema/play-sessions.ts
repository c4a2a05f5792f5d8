import { sql } from "drizzle-orm";
import { bigint, index, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { idColumn, moment, stamps, textC } from "./columns.ts";
import { devices } from "./devices.ts";
import { roms } from "./roms.ts";
import { syncSessions } from "./sync.ts";
import { users } from "./users.ts";

/** Spans of play; deleting a rom or a device keeps the time played. */
export const playSessions = pgTable(
  "play_sessions",
  {
    id: idColumn(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    deviceId: textC("device_id").references(() => devices.id, { onDelete: "set null" }),
    romId: integer("rom_id").references(() => roms.id, { onDelete: "set null" }),
    syncSessionId: integer("sync_session_id").references(() => syncSessions.id, { onDelete: "set null" }),
    saveSlot: text("save_slot"),
    startTime: moment("start_time").notNull(),
    endTime: moment("end_time").notNull(),
    durationMs: bigint("duration_ms", { mode: "number" }).notNull(),
    ...stamps(),
  },
  (t) => [
    // Without a device or a rom two spans may be alike, or neither could be removed. That the same one is not told
    // twice is seen to where spans are added.
    uniqueIndex("play_sessions_key")
      .on(t.userId, t.deviceId, t.romId, t.startTime)
      .where(sql`${t.deviceId} is not null and ${t.romId} is not null`),
    index("play_sessions_user_rom_idx").on(t.userId, t.romId),
    index("play_sessions_user_start_idx").on(t.userId, t.startTime),
    index("play_sessions_rom_idx").on(t.romId),
    index("play_sessions_device_idx").on(t.deviceId),
    index("play_sessions_sync_session_idx").on(t.syncSessionId),
  ],
);
