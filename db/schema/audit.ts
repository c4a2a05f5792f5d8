import { bigint, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { moment, textC } from "./columns.ts";

/**
 * Who changed what about accounts, credentials and permissions. Names are copied and nothing refers to an account,
 * so that a line outlives whom it is about.
 */
export const auditLog = pgTable(
  "audit_log",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    at: moment("at").notNull(),
    /** Null: nobody who was signed in, such as a login that failed, or the command line on the server. */
    actorId: integer("actor_id"),
    actorName: text("actor_name").notNull(),
    action: textC("action").notNull(),
    /** Whom or what it was done to, as text for people. */
    subject: text("subject").notNull(),
    address: text("address"),
    details: jsonb("details").notNull(),
  },
  (t) => [index("audit_log_at_idx").on(t.at), index("audit_log_actor_idx").on(t.actorId, t.id)],
);
