/** Bytes one read of a download asks for; also all that one idle stream holds. */
export const FILES_READ_CHUNK_BYTES = 256 * 1_024;

/** Entries one folder may have; a listing is held in memory as a whole. */
export const FILES_FOLDER_ENTRIES_MAX = 500_000;

/** Links that are resolved at the same time while listing, so that a slow disk is not flooded. */
export const FILES_LINKS_AT_ONCE = 16;

/** How often the space guard looks. */
export const SPACE_POLL_INTERVAL_MS = 15_000;

/** How long one look may take before the last known figure is used; a dead network mount never answers. */
export const SPACE_READ_TIMEOUT_MS = 2_000;

/** Default floor for uploads, scans, artwork and backups (`MULTITAP_MIN_FREE`). */
export const SPACE_LOW_BYTES = 512 * 1_024 * 1_024;

/** Floor for every other write. */
export const SPACE_CRITICAL_BYTES = 64 * 1_024 * 1_024;
