import { bigint, index, integer, jsonb, pgTable } from "drizzle-orm/pg-core";
import { moment, textC } from "./columns.ts";

/**
 * The log behind the event stream: what a listener that was away is told on its return. Rows older than ten
 * minutes and beyond the newest ten thousand are swept.
 */
export const eventLog = pgTable(
  "event_log",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    at: moment("at").notNull(),
    topic: textC("topic").notNull(),
    /** Null: for everyone that may see the topic. */
    userId: integer("user_id"),
    data: jsonb("data").notNull(),
  },
  (t) => [index("event_log_at_idx").on(t.at)],
);

/** Ids that are gone, so that a client which lists "changed since" learns of deletions. */
export const tombstones = pgTable(
  "tombstones",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    entity: textC("entity").notNull(),
    entityId: integer("entity_id").notNull(),
    /** Null: everybody's entity. */
    userId: integer("user_id"),
    deletedAt: moment("deleted_at").notNull(),
  },
  (t) => [index("tombstones_entity_idx").on(t.entity, t.deletedAt)],
);
