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
/** Files of a download that are looked at on disk at the same time. */
export const FILES_LOOKED_AT = 64;
/** Files read through in one task for their checksums. */
export const CHECKSUM_BATCH_FILES = 64;
/** How long the checksum of a file that is not hashed is remembered, in milliseconds: thirty days. */
export const CHECKSUM_TTL_MS = 30 * 24 * 60 * 60 * 1000;
