/**
 * Roms, or files of roms, that one feed lists; what is behind them is left out and the log says so. No shop app
 * holds as many, and an answer of this many rows stays below 100 MB.
 */
export const FEED_ROWS_MAX = 200_000;
/** Rows formatted in one go before others get their turn: some milliseconds of work. */
export const FEED_SLICE_ROWS = 2_000;
/** Key files read for one feed; each is one look at the disk. Packages behind them are listed without their key. */
export const RAP_FILES_MAX = 10_000;
/** Key files read at the same time. */
export const RAP_FILES_AT_ONCE = 16;
/** Characters of a slug or content type in a request; folder names are not longer than this. */
export const FEED_WORD_CHARS_MAX = 400;
