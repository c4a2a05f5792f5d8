/** Files that a device names in one comparison. */
export const SYNC_ENTRIES_MAX = 20_000;
/** Roms that one comparison names by something else than their ids. */
export const SYNC_ROMS_MAX = 5_000;
/** Sessions on one page. */
export const SESSIONS_PAGE_MAX = 500;
/** Conflicts on one page. */
export const CONFLICTS_PAGE_MAX = 500;
/** Versions on one page of a history, those in the trash among them. */
export const HISTORY_PAGE_MAX = 500;
/** Changes on one page of what is new. */
export const CHANGES_PAGE_MAX = 1_000;
/** How old a cursor of changes may be: removals are remembered for ninety days, in milliseconds. */
export const CURSOR_AGE_MAX_MS = 90 * 24 * 60 * 60 * 1000;
