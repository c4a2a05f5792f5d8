/** Platforms that one export names. */
export const EXPORT_PLATFORMS_MAX = 1_000;
/** Roms read in one statement; a list is written as it is read, so that its length costs no memory. */
export const EXPORT_PAGE_ROMS = 500;
