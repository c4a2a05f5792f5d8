/** Pictures that one call removes. */
export const SCREENSHOTS_REMOVED_MAX = 1000;
