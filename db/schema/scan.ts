import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import { idColumn, moment, stamps, textC } from "./columns.ts";

/**
 * One scan from request to end. Progress lives here, not in the queue; the lease says which process works on
 * it, and an expired one lets another take the scan over where it stood.
 */
export const scans = pgTable(
  "scans",
  {
    id: idColumn(),
    type: textC("type").notNull(),
    status: textC("status").notNull().default("queued"),
    phase: textC("phase").notNull().default("queued"),
    /** Folder names to scan, in order; empty means all that are on disk. */
    platformFsSlugs: text("platform_fs_slugs").array().notNull(),
    /** The only roms to look at; empty means those of the folders. */
    romIds: integer("rom_ids").array().notNull().default(sql`'{}'::integer[]`),
    /** Metadata providers to ask, by their short names. */
    sources: text("sources").array().notNull().default(sql`'{}'::text[]`),
    acceptMissing: boolean("accept_missing").notNull().default(false),
    requestedBy: integer("requested_by"),
    stats: jsonb("stats").notNull().default({}),
    errorCount: integer("error_count").notNull().default(0),
    errorMessage: text("error_message"),
    cancelRequested: boolean("cancel_requested").notNull().default(false),
    leaseOwner: textC("lease_owner"),
    leaseUntil: moment("lease_until"),
    startedAt: moment("started_at"),
    finishedAt: moment("finished_at"),
    ...stamps(),
  },
  (t) => [index("scans_status_idx").on(t.status), index("scans_created_idx").on(t.createdAt)],
);

/** What a scan could not read; bounded per scan. */
export const scanProblems = pgTable(
  "scan_problems",
  {
    id: idColumn(),
    scanId: integer("scan_id")
      .notNull()
      .references(() => scans.id, { onDelete: "cascade" }),
    code: textC("code").notNull(),
    /** Library-relative; bytes that are not UTF-8 are escaped as \xNN. */
    path: text("path").notNull(),
    message: text("message").notNull(),
    ...stamps(),
  },
  (t) => [index("scan_problems_scan_idx").on(t.scanId)],
);

/** Which device (disk) a library root was on when it was last scanned: tells a vanished mount from an emptied folder. */
export const libraryRoots = pgTable("library_roots", {
  path: textC("path").primaryKey(),
  deviceNumber: bigint("device_number", { mode: "bigint" }).notNull(),
  ...stamps(),
});
