import type postgres from "postgres";
import { QUEUE_QUEUED_KEPT_MS } from "./limits.ts";
import type { QueueDepth } from "./port.ts";

/** Names one run: the same job run again has another `retryCount`. */
export interface RunId {
  readonly name: string;
  readonly id: string;
  readonly retryCount: number;
}

/** A job that had lost its worker. */
export interface LostJob {
  readonly name: string;
  readonly id: string;
  /** True when it lost too many and is not run again. */
  readonly isGivenUp: boolean;
}

/** What pg-boss 12.35.0 has no call for, said to its tables directly. */
export interface JobStatements {
  /** Adds the index that finds running jobs among all that are kept. */
  prepare(): Promise<void>;
  /**
   * Puts a running job back without counting the run: one more is allowed in exchange. Does nothing when the
   * run is no longer current.
   */
  handBack(run: RunId, delayMs: number): Promise<void>;
  /** Puts every running job back of which nothing was heard for `leaseMs`, except those named. */
  reclaimLost(input: {
    leaseMs: number;
    exceptIds: readonly string[];
    lossesMax: number;
  }): Promise<LostJob[]>;
  /** Finds the name of a job that is queued or running; null for any other id. */
  findName(id: string): Promise<string | null>;
  /** Counts the jobs of each name that have not ended. */
  countJobs(): Promise<QueueDepth[]>;
}

/** Builds the statements for pg-boss's tables in `schema`. */
export function createJobStatements(sql: postgres.Sql, schema: string): JobStatements {
  const job = sql(`${schema}.job`);
  const queue = sql(`${schema}.queue`);
  const state = sql(`${schema}.job_state`);
  return {
    async prepare() {
      await sql.begin(async (tx) => {
        // One process at a time. Not `if not exists`, which waits for every writer even with nothing to do.
        await tx`select pg_advisory_xact_lock(hashtext('multitap_job_active'))`;
        const [row] = await tx`select to_regclass(${`${schema}.multitap_job_active`}) as name`;
        if (row?.name !== null) return;
        await tx`create index multitap_job_active on ${job} (name) where state = 'active'`;
      });
    },
    async handBack({ name, id, retryCount }, delayMs) {
      // `started_on` stays, so that the next run counts up and a late word of this one is not taken for it.
      await sql`
        update ${job} set
          state = 'retry', retry_limit = retry_limit + 1, output = null,
          start_after = now() + ${delayMs}::float8 * interval '1 millisecond',
          keep_until = greatest(keep_until, now() + ${QUEUE_QUEUED_KEPT_MS}::float8 * interval '1 millisecond')
        where name = ${name} and id = ${id} and state = 'active' and retry_count = ${retryCount}`;
    },
    async reclaimLost({ leaseMs, exceptIds, lossesMax }) {
      // Jobs of pg-boss itself have no heartbeat. The count of losses starts anew with every failure.
      const rows = await sql`
        with lost as (
          select name, id, retry_count, coalesce((output->>'lossCount')::int, 0) + 1 as loss_count
          from ${job}
          where state = 'active' and heartbeat_seconds is not null
            and heartbeat_on <= now() - ${leaseMs}::float8 * interval '1 millisecond'
            and id <> all(${[...exceptIds]}::uuid[])
          for update skip locked
        )
        update ${job} j set
          state = (case when loss_count > ${lossesMax} then 'failed' else 'retry' end)::${state},
          completed_on = case when loss_count > ${lossesMax} then now() end,
          retry_limit = retry_limit + 1, start_after = now(),
          output = jsonb_build_object('lossCount', loss_count)
        from lost where j.name = lost.name and j.id = lost.id
        returning j.name, j.id, j.state = 'failed' as is_given_up`;
      return rows.map((row) => ({ name: row.name, id: row.id, isGivenUp: row.is_given_up }));
    },
    async findName(id) {
      // The table is keyed by name and id, so the few names are tried one by one.
      const [row] = await sql`
        select j.name from ${queue} q join ${job} j on j.name = q.name
        where j.id = ${id} and j.state <= 'active' limit 1`;
      return row?.name ?? null;
    },
    async countJobs() {
      const rows = await sql`
        select name, count(*) filter (where state < 'active')::int as queued,
          count(*) filter (where state = 'active')::int as running
        from ${job} where state <= 'active' and not starts_with(name, '__') group by name order by name`;
      return rows.map((row) => ({ name: row.name, queuedCount: row.queued, runningCount: row.running }));
    },
  };
}
