import { boolean, index, integer, jsonb, pgTable, text, unique } from "drizzle-orm/pg-core";
import { moment, stamps, textC } from "./columns.ts";
import { users } from "./users.ts";

/** Registered machines that sync; the id is text and chosen by us. */
export const devices = pgTable(
  "devices",
  {
    id: textC("id").primaryKey(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name"),
    platform: text("platform"),
    client: text("client"),
    clientVersion: text("client_version"),
    ipAddress: text("ip_address"),
    macAddress: text("mac_address"),
    hostname: text("hostname"),
    clientDeviceIdentifier: textC("client_device_identifier"),
    syncMode: textC("sync_mode").notNull().default("api"),
    syncEnabled: boolean("sync_enabled").notNull().default(true),
    syncConfig: jsonb("sync_config"),
    lastSeen: moment("last_seen"),
    ...stamps(),
  },
  (t) => [
    unique("devices_client_identifier_key").on(t.userId, t.clientDeviceIdentifier),
    index("devices_user_idx").on(t.userId),
    index("devices_last_seen_idx").on(t.lastSeen),
  ],
);
