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
