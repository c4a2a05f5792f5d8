/** Platforms named in one scan request; the library has fewer kinds than this. */
export const SCAN_PLATFORMS_MAX = 1000;
/** Scans in one listing. */
export const SCAN_LIST_MAX = 100;
/** Problems stored per scan; all are counted, the first of them are kept to read. */
export const SCAN_PROBLEMS_KEPT_MAX = 1000;
/** Roms written in one statement: keeps transactions short and a killed scan loses little. */
export const SCAN_BATCH_ROMS = 500;
/** Files hashed in one worker task: messages cost more than hashing small files. */
export const HASH_BATCH_FILES = 64;
/** Bytes after which a hash batch is full, so that big files spread over the workers. */
export const HASH_BATCH_BYTES = 64 * 1024 * 1024;
/** Pending files read from the database at once. */
export const HASH_WINDOW_FILES = 2_048;
/** How long a scan's lease holds without renewal. */
export const SCAN_LEASE_MS = 15_000;
/** How often the lease is renewed and the cancel flag read. */
export const SCAN_HEARTBEAT_MS = 1_000;
/** Progress events per scan are at least this far apart. */
export const SCAN_PROGRESS_MS = 200;
/** A platform whose vanished roms pass both marks needs confirmation. */
export const MISSING_CONFIRM_ROMS = 50;
export const MISSING_CONFIRM_SHARE = 0.2;
/** Files looked at (stat) at the same time. */
export const STATS_IN_FLIGHT = 64;
/** Entries directly in one platform folder. */
export const PLATFORM_ENTRIES_MAX = 1_000_000;
/** Pause between tries while the database is away. */
export const DATABASE_RETRY_MS = 1_000;
/** Tries before a scan gives up on the database: about five minutes. */
export const DATABASE_RETRY_MAX = 300;
/** How often a worker looks for scans whose worker died. */
export const SCAN_SWEEP_MS = 5_000;
