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
/** Bytes after which a batch of files is full, so that the work spreads over the workers. */
export const HASH_BATCH_BYTES = 64 * 1024 * 1024;
/** Size from which a file counts as large: a batch of those is hashed in step, as many as the task has lanes. */
export const HASH_LARGE_FILE_BYTES = 16 * 1024 * 1024;
/** Large files in one batch: one for each lane of the task. */
export const HASH_LARGE_FILES_MAX = 4;
/** Bytes after which a batch of large files is full: what a killed scan hashes again, some 12 s on one core. */
export const HASH_LARGE_BATCH_BYTES = 8 * 1024 * 1024 * 1024;
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
/** Files of one rom that is a folder, and how deep they may lie: far above any game, below what fills the memory. */
export const FOLDER_FILES_MAX = 50_000;
export const FOLDER_DEPTH_MAX = 32;
/** Roms whose move is decided in one go: their hashes are made before they are listed. */
export const MOVE_BATCH_ROMS = 64;
/** Scans that wait at the same time; one more of them would not change what they find. */
export const SCANS_QUEUED_MAX = 20;
/** Roms and metadata providers named in one scan request. */
export const SCAN_ROMS_MAX = 10_000;
export const SCAN_SOURCES_MAX = 32;
/** Roms whose hashes wait to be stored: what a killed scan hashes once more. */
export const HASHES_WAITING_MAX = 64;
