/** Files of one backup; above it the list alone would fill the memory of a small machine. */
export const FILES_MAX = 2_000_000;
/** Files of an earlier backup that a new one compares with, to share what is the same. */
export const SHARED_FILES_MAX = 500_000;
/** Paths that one statement asks the database for. */
export const PATHS_ASKED_MAX = 1_000;
/** Bytes of a manifest: tables and migrations by the hundred take a tenth of it. */
export const MANIFEST_BYTES_MAX = 8 * 1024 * 1024;
/** Characters of one line of the list of files. */
export const LIST_LINE_CHARS_MAX = 16 * 1024;
/** Bytes of one secret; keys have a few thousand. */
export const SECRET_BYTES_MAX = 1024 * 1024;
/** Files of secrets and configuration. */
export const SMALL_FILES_MAX = 1_000;
/** Characters of a passphrase, and of the path of a backup. */
export const PASSPHRASE_CHARS_MAX = 4_096;
export const PATH_CHARS_MAX = 4_096;
/** Depth of folders that is followed. */
export const FOLDERS_DEPTH_MAX = 32;
/** How long a backup waits for the cleanup, or for what is left of one that was killed, in milliseconds. */
export const HOLD_WAIT_MS = 60_000;
/** Versions whose backup from before their upgrade is kept. */
export const UPGRADES_KEPT_MAX = 3;
/** Backups of one folder that are looked at. */
export const BACKUPS_LISTED_MAX = 1_000;
/** Part of the rows' size that their packed text is expected to take; measured: a fifth to a third. */
export const PACKED_SHARE = 0.4;
/** Characters of a failure that is kept. */
export const ERROR_CHARS_MAX = 500;
/** Runs of one process whose end can be asked for. */
export const RUNS_KEPT_MAX = 20;
