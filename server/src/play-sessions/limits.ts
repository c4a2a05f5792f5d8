/** Play sessions that one call brings. */
export const INGESTED_MAX = 100;
/** Play sessions on one page. */
export const PLAY_SESSIONS_PAGE_MAX = 1000;
/** How far in the future a device's clock may be before its sessions are refused: five minutes, in milliseconds. */
export const CLOCK_AHEAD_MS = 5 * 60 * 1000;
/** Characters of a save slot. */
export const SAVE_SLOT_CHARS_MAX = 255;
/** Play sessions of one call that are looked at before the call is refused for bringing too many. */
export const ENTRIES_READ_MAX = 10_000;
/** Longest time with the screen on that one session may tell: a century, in milliseconds. */
export const DURATION_MS_MAX = 100 * 365 * 24 * 60 * 60 * 1000;
/** Play sessions on one page unless the caller says. */
export const PLAY_SESSIONS_PAGE_DEFAULT = 50;
/** Play sessions that are passed over before a page; far more than anybody has. */
export const PLAY_SESSIONS_OFFSET_MAX = 10_000_000;
/** Characters of a device's id. */
export const DEVICE_ID_CHARS_MAX = 255;
