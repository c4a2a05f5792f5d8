/** Versions of one save on one page of its history. */
export const SAVE_HISTORY_MAX = 500;
