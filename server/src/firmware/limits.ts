/** Files of one upload; no system has more. */
export const FIRMWARE_FILES_MAX = 200;
/** Bytes of one uploaded file: console updates have a gigabyte at most, images of a system disk a few. */
export const FIRMWARE_FILE_BYTES_MAX = 16 * 1024 ** 3;
/** Firmware that one call removes. */
export const FIRMWARE_REMOVED_MAX = 1_000;
/** Bytes of the operator's table of known files: 374 of them have about 70 kilobytes. */
export const KNOWN_BIOS_BYTES_MAX = 4 * 1024 * 1024;
/** Entries of that table, which stays in memory. */
export const KNOWN_BIOS_ENTRIES_MAX = 20_000;
/** Characters of the log's word on what is wrong with the table. */
export const KNOWN_BIOS_PROBLEM_CHARS_MAX = 300;
/** Files that are looked at on disk at the same time. */
export const FIRMWARE_STATS_AT_ONCE = 16;
