import type { Executor } from "@multitap/db";
import { auditLog } from "@multitap/db/schema/audit";
import { desc, lt, sql } from "drizzle-orm";

/** A line as stored. */
export type AuditRow = typeof auditLog.$inferSelect;

/** Adds a line. */
export async function insertAuditRow(db: Executor, row: typeof auditLog.$inferInsert): Promise<void> {
  await db.insert(auditLog).values(row);
}

/** Lists lines older than `before`, newest first. */
export async function listAuditRows(
  db: Executor,
  { before, limit }: { readonly before: number | null; readonly limit: number },
): Promise<readonly AuditRow[]> {
  return await db
    .select()
    .from(auditLog)
    .where(before === null ? undefined : lt(auditLog.id, before))
    .orderBy(desc(auditLog.id))
    .limit(limit);
}

/** Removes lines from before `oldestAt`, and all but the newest `linesMax`. */
export async function sweepAuditRows(
  db: Executor,
  { oldestAt, linesMax }: { readonly oldestAt: Date; readonly linesMax: number },
): Promise<void> {
  const surplus = sql`${auditLog.id} <= (select ${auditLog.id} from ${auditLog} order by ${auditLog.id} desc offset ${linesMax} limit 1)`;
  await db.delete(auditLog).where(sql`${lt(auditLog.at, oldestAt)} or ${surplus}`);
}
