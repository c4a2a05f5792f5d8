/** Workers in one pool; above this the disks and the main thread are the limit, not the cores. */
export const WORKERS_MAX = 64;
/** Machine or container memory below which one worker must do: each costs a heap and a buffer. */
export const SINGLE_WORKER_BELOW_BYTES = 512 * 1024 * 1024;
/** Tasks waiting for a worker. Callers wait in turn, so this only stops one that starts tasks without waiting. */
export const WAITING_TASKS_MAX = 1024;
/** Progress of one task is passed on at most this often: a message costs about 40 µs of the main thread. */
export const PROGRESS_INTERVAL_MS = 100;
/** How long a cancelled task may go on before its worker is ended; a chunk takes a few ms, a hung mount for ever. */
export const CANCEL_GRACE_MS = 2_000;
/** The same when the pool closes: closing as a whole must take less than 1 s. */
export const CLOSE_GRACE_MS = 700;
/** An idle thread is ended after this: it holds 10 to 17 MB after work (measured), a new one starts in 7 ms. */
export const IDLE_THREAD_MS = 30_000;
/** Longest stretch a task holds the calling thread when it runs there; half a frame at 60 Hz. */
export const INLINE_SLICE_MS = 8;
/** One reusable buffer per worker. */
export const SCRATCH_MAX_BYTES = 16 * 1024 * 1024;
/** Bytes of one read while hashing: fits the second-level cache, and larger reads were not faster. */
export const HASH_BUFFER_BYTES = 256 * 1024;
/** Files in one hashing task; larger batches save nothing and delay progress and cancelling others. */
export const HASH_FILES_MAX = 10_000;
