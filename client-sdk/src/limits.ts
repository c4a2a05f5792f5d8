/** Revision of the API that this package speaks; see `server()`. */
export const API_REVISION = 1;

/** How long one try may take until the server answers. */
export const CALL_TIMEOUT_MS = 30_000;
/** Tries of one call, the first included. */
export const RETRY_ATTEMPTS_MAX = 4;
/** Upper end of the first random delay; it doubles with each try. */
export const RETRY_BASE_MS = 250;
/** Upper end of any random delay. */
export const RETRY_DELAY_MAX_MS = 8_000;
/** A server that asks for a longer pause makes the call fail at once. */
export const RETRY_AFTER_MAX_MS = 60_000;
/** What `rate_limited` means when the server names no pause. */
export const RATE_LIMIT_PAUSE_MS = 1_000;

/** Credentials with less time left than this are renewed before a call. */
export const REFRESH_EARLY_MS = 60_000;
/** How long a refresh waits for the lock that it shares with other tabs or processes. */
export const REFRESH_LOCK_MS = 5_000;
/** Grace for a store that neither takes the lock nor gives up; then the refresh goes on without it. */
export const REFRESH_LOCK_GRACE_MS = 1_000;

/** By how much the pause between two questions grows when the server finds them too frequent (RFC 8628, 3.5). */
export const DEVICE_FLOW_SLOW_DOWN_MS = 5_000;
/** Characters of the app's name and version in a device flow; the server refuses more. */
export const APP_WORD_CHARS_MAX = 50;

/** Characters of an error answer that are read; more cannot be one of ours. */
export const ERROR_BODY_CHARS_MAX: number = 64 * 1024;
/** Longest URL of a read; longer inputs travel in the body. Proxies commonly refuse more than 4 KiB. */
export const URL_CHARS_MAX = 2_000;
/** Reads that travel in one request; the server refuses more than 64. */
export const BATCH_CALLS_MAX = 32;
/** Rows that `each` asks for at a time. */
export const PAGE_SIZE = 200;
/** How long an answer of `server()` serves `supports()`. */
export const SERVER_INFO_MAX_AGE_MS = 60_000;

/** Transfers that run at once per client. */
export const TRANSFERS_RUNNING = 3;
/** Transfers that may wait for their turn; more are refused. */
export const TRANSFERS_QUEUED_MAX = 10_000;
/** Chunks that an upload is cut into, so that its progress is steady. */
export const UPLOAD_CHUNKS = 100;
/** Least bytes of a hundredth: requests cost time each. */
export const UPLOAD_CHUNK_LEAST_BYTES: number = 1024 * 1024;
/** Most bytes of a hundredth: proxies refuse large requests. */
export const UPLOAD_CHUNK_LARGEST_BYTES: number = 16 * 1024 * 1024;
/** Bytes of one chunk; the server refuses more. */
export const UPLOAD_CHUNK_BYTES_MAX: number = 64 * 1024 * 1024;
/** Chunks of one upload; the server refuses more. */
export const UPLOAD_CHUNKS_MAX = 10_000;
/** Chunks of one upload that are on their way, and in memory, at once. */
export const UPLOAD_IN_FLIGHT_MAX = 3;
/** A chunk that goes out more slowly than this counts as lost. */
export const UPLOAD_BYTES_PER_SECOND_MIN: number = 32 * 1024;
/** Least time for the server to put an upload together; it goes on meanwhile, and the next try waits with it. */
export const UPLOAD_FINISH_TIMEOUT_MS = 90_000;
/** How often an upload sends what the server says is missing, the first time included. */
export const UPLOAD_ROUNDS_MAX = 3;
/** Progress is told at most this often. */
export const PROGRESS_MS = 100;
/** Time span over which the speed of a transfer is averaged. */
export const SPEED_WINDOW_MS = 3_000;
/** Bytes of one random-access read; larger reads are refused rather than held in memory. */
export const SOURCE_READ_BYTES_MAX: number = 64 * 1024 * 1024;

/** Longest silence while the server patches a file: its own limit is two minutes, and others may be first. */
export const PATCH_TIMEOUT_MS = 300_000;
/** Bytes of a patch that is read from a source into memory; a `Blob` may have more. */
export const PATCH_BYTES_MAX: number = 512 * 1024 * 1024;

/** Events that wait for a slow reader of a stream before they become a gap. */
export const STREAM_BUFFER_MAX = 1_024;
/** How long the event connection stays open after its last listener. */
export const EVENTS_LINGER_MS = 5_000;
/** Upper end of the first random reconnect delay; it doubles with each failure. */
export const RECONNECT_BASE_MS = 500;
/** Upper end of any random reconnect delay. */
export const RECONNECT_MAX_MS = 30_000;
/** A connection that held this long counts as healthy even if no event came. */
export const RECONNECT_HEALTHY_MS = 60_000;
/** Silence after which the event connection counts as cut: three pings of the server. */
export const EVENTS_SILENCE_MS = 45_000;
/** Characters of one server-sent event; more is not ours. */
export const EVENT_CHARS_MAX: number = 1024 * 1024;

/** How long one address may take to answer `findServers`. */
export const FIND_TIMEOUT_MS = 3_000;
