import { bigint, index, integer, pgTable } from "drizzle-orm/pg-core";
import { moment, textC } from "./columns.ts";

/**
 * What was removed, for callers that ask what changed since they last asked. Written by triggers, since most rows go
 * with others; swept after some months.
 */
export const removals = pgTable(
  "removals",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedByDefaultAsIdentity(),
    /** Name of the table. */
    entity: textC("entity").notNull(),
    entityId: integer("entity_id").notNull(),
    /** Whom alone it concerns; null: everybody. */
    userId: integer("user_id"),
    removedAt: moment("removed_at").notNull(),
  },
  (t) => [index("removals_entity_idx").on(t.entity, t.removedAt, t.id)],
);
