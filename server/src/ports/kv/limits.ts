/** Longest key, channel or set member in UTF-8 bytes; two of them must fit one index row of PostgreSQL (2,704). */
export const KV_KEY_BYTES_MAX = 1_024;

/** Longest value or published message in UTF-8 bytes; what is larger belongs in a table or a file. */
export const KV_VALUE_BYTES_MAX = 1_048_576;

/** Keys or members handed to one call; bounds the size of one statement. */
export const KV_BATCH_MAX = 1_000;

/** Members one set may return; a larger set needs a table with paging. */
export const KV_SET_MEMBERS_MAX = 100_000;

/** Distinct channels one process may listen to at a time. */
export const KV_CHANNELS_MAX = 10_000;

/** Longest life of a key (400 days); the longest real one is the 14-day login session. */
export const KV_TTL_MS_MAX = 400 * 24 * 60 * 60 * 1_000;

/** Longest wait for a lock, so that a lost owner never holds a request for ever. */
export const KV_LOCK_WAIT_MS_MAX = 60_000;

/** First and longest pause between two attempts to take a lock. */
export const KV_LOCK_POLL_MS_MIN = 10;
export const KV_LOCK_POLL_MS_MAX = 200;

/** How often the PostgreSQL driver deletes what has expired; reads never depend on it. */
export const KV_SWEEP_INTERVAL_MS = 60_000;

/** Rows deleted per statement, and statements per sweep: short locks, and a bounded run. */
export const KV_SWEEP_BATCH_ROWS = 1_000;
export const KV_SWEEP_BATCHES_MAX = 100;

/** Bytes of text in one NOTIFY; PostgreSQL refuses payloads of 8,000 bytes and the frame header needs some. */
export const NOTIFY_TEXT_BYTES_MAX = 7_900;

/** Pause before the listening connection is opened again after a loss: doubles up to the second value. */
export const LISTEN_RETRY_MS_MIN = 50;
export const LISTEN_RETRY_MS_MAX = 2_000;

/** How often the listening connection is probed, and how long it may take to answer (half-open TCP). */
export const LISTEN_PROBE_INTERVAL_MS = 20_000;
export const LISTEN_PROBE_TIMEOUT_MS = 5_000;

/** How long a Redis command may take, connection attempts included. */
export const REDIS_COMMAND_TIMEOUT_MS = 5_000;
export const REDIS_CONNECT_TIMEOUT_MS = 5_000;

/** Pause before Redis is dialled again: grows by the first value up to the second. */
export const REDIS_RECONNECT_MS_STEP = 50;
export const REDIS_RECONNECT_MS_MAX = 2_000;
