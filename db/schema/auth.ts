import { index, integer, pgTable, text, unique } from "drizzle-orm/pg-core";
import { idColumn, moment, stamps, textC } from "./columns.ts";
import { devices } from "./devices.ts";
import { users } from "./users.ts";

/** API tokens of apps; only the SHA-256 of the secret is stored. */
export const clientTokens = pgTable(
  "client_tokens",
  {
    id: idColumn(),
    userId: integer("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    hashedToken: textC("hashed_token").notNull(),
    /** Space-separated, in the order the caller asked for. */
    scopes: text("scopes").notNull(),
    expiresAt: moment("expires_at"),
    lastUsedAt: moment("last_used_at"),
    deviceId: textC("device_id").references(() => devices.id, { onDelete: "set null" }),
    ...stamps(),
  },
  (t) => [
    unique("client_tokens_hashed_token_key").on(t.hashedToken),
    index("client_tokens_user_idx").on(t.userId),
    index("client_tokens_device_idx").on(t.deviceId),
  ],
);
