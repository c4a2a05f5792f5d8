/** Lines that are kept; at some hundred bytes each this is a small table. */
export const AUDIT_LINES_MAX = 100_000;
/** Life of a line, in milliseconds: a year. */
export const AUDIT_LINE_TTL_MS = 365 * 24 * 60 * 60 * 1000;
/** How often one process removes what is too old, in milliseconds. */
export const AUDIT_SWEEP_INTERVAL_MS = 60 * 60 * 1000;
/** Lines of one page. */
export const AUDIT_PAGE_MAX = 500;
/** Characters of what came from a caller, such as a name that does not exist. */
export const AUDIT_TEXT_CHARS_MAX = 256;
