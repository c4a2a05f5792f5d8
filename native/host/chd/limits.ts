/** Hunks above this are refused, in bytes: chdman makes none above 1 MiB, and each is held in memory as a whole. */
export const HUNK_BYTES_MAX = 4 << 20;
/** Logical sizes from this on are refused, in bytes, as the reference library does: positions stay exact numbers. */
export const LOGICAL_BYTES_MAX = 2 ** 40;
/** A table of hunks above this is refused, in bytes; a 50 GB disc in hunks of 4096 bytes takes 150 MB. */
export const MAP_BYTES_MAX = 256 << 20;
/** A compressed map above this is refused, in bytes; real ones take some 4 bytes a hunk. */
export const MAP_STREAM_BYTES_MAX = 64 << 20;
/**
 * Hunks of a compressed map that are always accepted, whatever the file's size: their table takes 48 MiB. Runs of
 * references make a map a few bytes long describe any number of hunks, so beyond this the file has to be as large
 * as HUNKS_PER_FILE_BYTE says.
 */
export const HUNKS_FREE = 4 << 20;
/** One hunk for each 16 bytes of file is far below what any compression of real hunks reaches. */
export const HUNKS_PER_FILE_BYTE = 1 / 16;
/** Metadata entries a file may list; a disc has 99 tracks. */
export const METADATA_ENTRIES_MAX = 65_536;
/** All metadata of a file together, in bytes; they are held in memory. */
export const METADATA_BYTES_MAX = 16 << 20;
/** Tracks of a disc: the format of the disc itself allows no more. */
export const TRACKS_MAX = 99;
/** How often a hunk may refer on to another of the same file; writers refer to the original, once. */
export const SELF_STEPS_MAX = 64;
/** Generations of parents. */
export const PARENTS_MAX = 8;
/** How much is decoded at a time, in bytes: the slowest codec takes some 3 ms for it on a desktop, a slice is 8. */
export const BATCH_BYTES_MAX = 128 << 10;
/** How much of the file one batch may need, in bytes. */
export const BATCH_SPAN_BYTES_MAX = 256 << 10;
/** How much is read at a time when reading runs through the file, in bytes. */
export const READ_AHEAD_BYTES = 512 << 10;
/** Decoded hunks kept by default, in bytes. */
export const CACHE_BYTES_DEFAULT = 2 << 20;
/** Most decoded hunks a caller may ask to keep, in bytes. */
export const CACHE_BYTES_MAX = 256 << 20;
/** Most bytes one `read` gives; longer parts are for `stream`. */
export const READ_BYTES_MAX = 64 << 20;
/** Damaged hunks that `verify` lists; the count goes on. */
export const BAD_HUNKS_MAX = 10_000;
