/** Milliseconds for which a process may act on permissions that another process has changed since. */
export const SCOPES_TTL_MS = 5_000;
/** Accounts whose scopes, grants or hidden entities are kept in memory. */
export const SCOPES_CACHED_MAX = 10_000;
/** Grants or overrides of one group or account; entities times actions is less. */
export const GRANTS_MAX = 100;
/** Groups of a server; lists of them show all at once. */
export const GROUPS_MAX = 200;
/** Characters of a group's name and description, as in the compatible database. */
export const GROUP_NAME_CHARS_MAX = 255;
export const GROUP_DESCRIPTION_CHARS_MAX = 1_000;
/**
 * Platforms and roms hidden from one account or one group. All of them are read before each list, so that no
 * list can show one by being too long; this many ids take 2 MB of memory for the caller that has them.
 */
export const HIDDEN_MAX = 10_000;
