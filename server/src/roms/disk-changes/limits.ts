/** Bytes of one note about changes on disk: a batch of removals with the longest names fits many times. */
export const NOTE_BYTES_MAX = 1024 * 1024;
/** How often a folder is removed again that somebody else was removing at the same time. */
export const REMOVE_TRIES_MAX = 3;
