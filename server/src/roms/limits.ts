/** Rows on one page of the compatible list; device apps send up to this. */
export const ROM_PAGE_MAX = 10_000;
/** Rows on one page when the caller names no number. */
export const ROM_PAGE_DEFAULT = 50;
/** Rows on one keyset page; clients iterate, so pages stay small. */
export const ROM_CURSOR_PAGE_MAX = 500;
/** Characters of a search text; longer ones are refused, not cut. */
export const SEARCH_CHARS_MAX = 400;
/** Alternatives and words of one search text; each is a condition of the query. */
export const SEARCH_WORDS_MAX = 32;
/** Values in one list filter. */
export const FILTER_VALUES_MAX = 200;
/** Files named in one content request. */
export const FILE_IDS_MAX = 1000;
/** Files of several roms in one archive. */
export const ARCHIVE_FILES_MAX = 100_000;
/** Files of a download that are looked at on disk at the same time. */
export const FILES_LOOKED_AT = 64;
/** Files read through in one task for their checksums. */
export const CHECKSUM_BATCH_FILES = 64;
/** How long the checksum of a file that is not hashed is remembered, in milliseconds: thirty days. */
export const CHECKSUM_TTL_MS = 30 * 24 * 60 * 60 * 1000;
/** Marks looked up in one call: an app asks about a folder of files at a time. */
export const ROM_MARKS_MAX = 500;
/** Characters of the id of an automatic collection; it holds a name of a provider. */
export const VIRTUAL_ID_CHARS_MAX = 4096;
/** Roms on one page of changes. */
export const CHANGES_PAGE_MAX = 500;
/** How long the database remembers what was removed, in milliseconds: 90 days. */
export const REMOVALS_KEPT_MS = 90 * 24 * 60 * 60 * 1000;
/** How much longer it does, in milliseconds: whoever reads at this moment with a cursor of that age misses nothing. */
export const REMOVALS_GRACE_MS = 60 * 60 * 1000;
/** Removals forgotten in one statement, so that none holds its locks for long. */
export const REMOVALS_SWEPT_MAX = 10_000;
/** Hidden platforms and roms that a cursor of changes remembers; with more, a change of them means to start over. */
export const CURSOR_HIDDEN_MAX = 100;
