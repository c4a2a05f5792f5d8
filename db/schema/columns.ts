import { sql } from "drizzle-orm";
import { bigint, customType, integer, timestamp } from "drizzle-orm/pg-core";

/**
 * Text that sorts and joins by code point on every server. The embedded cluster has that collation anyway;
 * an external PostgreSQL 15 has no builtin provider, so the column says it.
 */
export const textC = customType<{ data: string }>({ dataType: () => 'text COLLATE "C"' });

/** A moment with millisecond precision, UTC. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

/** `created_at` and `updated_at`; the second is set by the code that makes a visible change, never by a trigger. */
export const stamps = () => ({
  createdAt: moment("created_at").notNull().default(sql`now()`),
  updatedAt: moment("updated_at").notNull().default(sql`now()`),
});

/** Integer key that is never reused; `by default` so that an importer may bring its own ids. */
export const idColumn = () => integer("id").primaryKey().generatedByDefaultAsIdentity();

/** A byte count; JavaScript numbers are exact far beyond any disk. */
export const bytesColumn = (name: string) => bigint(name, { mode: "number" }).notNull().default(0);
