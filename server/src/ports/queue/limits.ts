/** Schema of pg-boss in our database; nothing else lives there. */
export const QUEUE_SCHEMA = "pgboss";

/** Failed runs after which a job counts as failed, when the caller says nothing. */
export const QUEUE_RETRY_MAX = 3;

/** Pause before the second run after a failure; doubles with every further one up to the second value. */
export const QUEUE_RETRY_DELAY_MS = 5_000;
export const QUEUE_RETRY_DELAY_MS_MAX = 600_000;

/** How long one run may take before it counts as failed; pg-boss allows no more. */
export const QUEUE_RUN_MS_MAX = 24 * 60 * 60 * 1_000;

/** A running job of which nothing was heard for so long is given to another worker (kill -9, power loss). */
export const QUEUE_LEASE_MS = 15_000;

/** How many signs of life fit into one lease, and how often lost jobs are looked for in that time. */
export const QUEUE_BEATS_PER_LEASE = 3;

/** How often a job may lose its worker before it counts as failed: perhaps it is what kills the process. */
export const QUEUE_LOSSES_MAX = 5;

/** How long a job rests that found no room on the disk. */
export const QUEUE_FULL_PAUSE_MS = 60_000;

/** Polling for jobs whose time has come; new ones are announced by PostgreSQL, in some milliseconds. */
export const QUEUE_POLL_MS = 2_000;

/** Polling while PostgreSQL's announcements do not reach us. */
export const QUEUE_POLL_DEAF_MS = 500;

/** How long a finished or failed job is kept for inspection, and a queued one before it is given up. */
export const QUEUE_FINISHED_KEPT_MS = 24 * 60 * 60 * 1_000;
export const QUEUE_QUEUED_KEPT_MS = 30 * 24 * 60 * 60 * 1_000;

/** How often pg-boss deletes what is no longer kept. */
export const QUEUE_MAINTENANCE_MS = 60 * 60 * 1_000;

/** How often schedules are looked at, and how often what came due is forwarded. */
export const QUEUE_CRON_CHECK_MS = 30_000;
export const QUEUE_CRON_FORWARD_MS = 5_000;

/** How long handlers get between the abort of their signal and the return of their jobs when stopping. */
export const QUEUE_ABORT_GRACE_MS = 500;

/** Workers of one name in one process; each is a polling loop. */
export const QUEUE_CONCURRENCY_MAX = 64;

/** Longest job data as JSON; what is larger belongs in a table, the job names the row. */
export const QUEUE_DATA_BYTES_MAX = 262_144;

/** Characters of a failure that are stored with the job. */
export const QUEUE_FAILURE_TEXT_MAX = 2_000;
