/** How often the watcher looks whether something is due; a shorter delay shortens it too. */
export const WATCHING_TICK_MS = 5_000;
/** Ticks per delay, so that a scan begins soon after its delay is over. */
export const WATCHING_TICKS_PER_DELAY = 4;
/** Changes that never end put a scan off for at most this many delays. */
export const WATCHING_DELAYS_MAX = 6;
/** Life of the lock of the one process that watches; after a crash another one takes over within it. */
export const WATCHING_LOCK_MS = 30_000;
/** How often the lock is prolonged within its life, so that one lost attempt does not lose it. */
export const WATCHING_BEATS_PER_LOCK = 3;
/** How often a process that stands by tries to take the lock. */
export const WATCHING_STANDBY_MS = 10_000;
/** Platforms that may wait for their scan; more of them become one scan of everything. */
export const WATCHING_PENDING_MAX = 1_000;
/** Longest wait for the last words to the store at a stop. */
export const WATCHING_STOP_MS = 1_000;
