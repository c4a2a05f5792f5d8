import { sql } from "drizzle-orm";
import { index, pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { textC } from "./columns.ts";

/**
 * What expires: login sessions, one-time tokens, rate limits, locks. Values are text and come back byte for
 * byte, so never jsonb, which reorders keys.
 */
export const kvEntries = pgTable(
  "kv_entries",
  {
    key: textC("key").primaryKey(),
    /** Empty when the key holds a set of members. */
    value: text("value").notNull(),
    /** Names the members of a set; null when the key holds text. A set born anew gets a fresh id. */
    setId: uuid("set_id"),
    /** Null never expires. Full precision: rounding to milliseconds would lengthen a short life. */
    expiresAt: timestamp("expires_at", { withTimezone: true }),
  },
  (t) => [
    // Only for the sweep; most updates leave `expires_at` alone and stay HOT.
    index("kv_entries_expires_idx").on(t.expiresAt).where(sql`${t.expiresAt} is not null`),
  ],
);

/** Members of the sets above. No foreign key: a set that is gone is invisible at once and swept later. */
export const kvMembers = pgTable(
  "kv_members",
  {
    setId: uuid("set_id").notNull(),
    member: textC("member").notNull(),
  },
  (t) => [primaryKey({ columns: [t.setId, t.member] })],
);
