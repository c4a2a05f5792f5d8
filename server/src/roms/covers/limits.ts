/** Bytes of a cover. */
export const COVER_BYTES_MAX = 10 * 1024 * 1024;
/** Pixels of a cover that comes in; one takes four bytes of memory while it is read, so up to 96 MB in all. */
export const COVER_PIXELS_MAX = 24_000_000;
/** Width and height in which a stored cover fits: a whole screen of today. */
export const COVER_SIDE_PIXELS = 2_048;
/** Covers read at once in one process. */
export const COVERS_READ_MAX = 2;
/** Covers that wait for their turn; each holds its file in memory. */
export const COVERS_WAITING_MAX = 16;
/** Milliseconds after which somebody who found that queue full may come back. */
export const COVER_BUSY_RETRY_MS = 2_000;
/** Milliseconds for a cover to come from another server: somebody waits for the answer. */
export const COVER_FETCH_TIMEOUT_MS = 15_000;
