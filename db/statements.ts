import { type SQL, sql } from "drizzle-orm";
import type { Executor } from "./client.ts";

/** Runs a change and gives how many rows it touched. */
export async function countChanged(db: Executor, change: SQL): Promise<number> {
  const [row] = await db.execute<{ count: number }>(
    sql`with changed as (${change} returning 1) select count(*)::int as count from changed`,
  );
  return row?.count ?? 0;
}
