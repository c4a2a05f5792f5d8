/** Events kept for listeners that were away. */
export const LOG_EVENTS_MAX = 10_000;
/** How long events are kept for listeners that were away. */
export const LOG_AGE_MS = 10 * 60_000;
/** How often old events are swept. */
export const SWEEP_MS = 60_000;
/** Events that wait for the database; beyond, the oldest are dropped and listeners see a gap. */
export const PENDING_EVENTS_MAX = 10_000;
/** Events that wait for one slow listener before it is told of a gap. */
export const FEED_EVENTS_MAX = 1024;
/** Pause before a failed write of the log is tried again. */
export const RETRY_MS = 500;
/** Pause behind a write of the log: what is raised in a burst goes together, and listeners hear of it a blink later. */
export const BETWEEN_BATCHES_MS = 10;
/** Listeners of one process. */
export const FEEDS_MAX = 5_000;
/** Events read from the log at once. */
export const READ_EVENTS_MAX = 1_000;
