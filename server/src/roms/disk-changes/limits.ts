/** Bytes of one note about changes on disk: a batch of removals with the longest names fits many times. */
export const NOTE_BYTES_MAX = 1024 * 1024;
/** How often a folder is removed again that somebody else was removing at the same time. */
export const REMOVE_TRIES_MAX = 3;
/** Age in milliseconds from which a note that was never finished is one of a process that was killed. */
export const HALF_NOTE_AGE_MS = 60_000;
