/** Files of one archive; each costs some hundred bytes of memory while the archive is served. */
export const ZIP_ENTRIES_MAX = 100_000;
/** Bytes of an entry's name as the format counts them. */
export const ZIP_NAME_BYTES_MAX = 65_535;
/** How long a kept archive lies untouched before it is removed, in milliseconds: two days. */
export const ZIP_CACHE_AGE_MAX_MS = 48 * 60 * 60 * 1000;
/** Size in bytes from which a kept archive counts as large. */
export const ZIP_CACHE_LARGE_BYTES = 8 * 1024 * 1024 * 1024;
/** How long a large one lies untouched, in milliseconds: half a day. */
export const ZIP_CACHE_LARGE_AGE_MAX_MS = 12 * 60 * 60 * 1000;
/** How often kept archives are looked through, in milliseconds. */
export const ZIP_CACHE_SWEEP_MS = 60 * 60 * 1000;
/** Free bytes that keeping an archive leaves on its disk. */
export const ZIP_CACHE_FREE_BYTES_MIN = 2 * 1024 * 1024 * 1024;
/** Archives that are being written to the cache at a time; others are streamed meanwhile. */
export const ZIP_BUILDS_MAX = 4;
/** Largest archive that is kept when the operator says nothing, in bytes. */
export const ZIP_CACHE_MAX_BYTES = 4 * 1024 * 1024 * 1024;
