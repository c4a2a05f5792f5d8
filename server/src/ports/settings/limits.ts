/** How long a look at the file's time stamp is believed, in milliseconds. */
export const RECHECK_MS = 500;
/** How long one change may hold the lock before it writes, and then once more, in milliseconds: a slow network mount. */
export const CHANGE_LOCK_MS = 10_000;
/** How long a change waits for another one, in milliseconds: longer than a server that was killed seems to hold it. */
export const CHANGE_WAIT_MS = 12_000;
