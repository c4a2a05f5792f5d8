import { sql } from "drizzle-orm";
import type { Executor } from "./client.ts";

/**
 * How much younger than its row says a transaction may be seen to have begun, in milliseconds: the two are told by
 * different clock reads.
 */
const TRANSACTION_SEEN_MS = 1_000;

/** Moments by the clock of the database, in milliseconds since the epoch. */
export interface Horizon {
  readonly nowMs: number;
  /** No transaction that began earlier is under way. */
  readonly horizonMs: number;
}

/**
 * Finds out since when nothing can be committed any more. Rows carry the moment at which their transaction began, so
 * one that commits late makes rows that look old. Must be read before the rows, in a statement of its own: what
 * ended in between is then seen by the later snapshot. Only client connections count: what maintains tables writes
 * no rows of ours and may take hours.
 */
export async function readHorizon(db: Executor): Promise<Horizon> {
  const [row] = await db.execute<Record<keyof Horizon, number>>(sql`
    select floor(extract(epoch from now()) * 1000)::float8 as "nowMs",
      floor(extract(epoch from least(now(), min(a.xact_start))) * 1000)::float8 as "horizonMs"
    from pg_stat_activity a
    where a.datname = current_database() and a.pid <> pg_backend_pid() and a.backend_type = 'client backend'`);
  return { nowMs: row?.nowMs ?? 0, horizonMs: (row?.horizonMs ?? 0) - TRANSACTION_SEEN_MS };
}
