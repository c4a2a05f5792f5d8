/** How long a look at the file's time stamp is believed, in milliseconds. */
export const RECHECK_MS = 500;
/** How long one change may hold the lock, in milliseconds: two disk writes, on a slow network mount. */
export const CHANGE_LOCK_MS = 30_000;
/** How long a change waits for another one, in milliseconds. */
export const CHANGE_WAIT_MS = 5_000;
