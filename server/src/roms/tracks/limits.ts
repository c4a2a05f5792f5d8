/** Files whose tags one window of a scan reads; what is stored stays stored when the scan is killed. */
export const TRACK_WINDOW_FILES = 200;
/** Milliseconds after which the reader of one file's tags is ended, waiting for its turn included; it stops by itself before. */
export const TRACK_TIMEOUT_MS = 120_000;
