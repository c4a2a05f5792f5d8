/** Roms that one call removes; as many as the largest page of the compatible list shows. */
export const ROMS_REMOVED_MAX = 10_000;
/** Roms that one transaction removes with their files, so that scans do not wait long for it. */
export const REMOVAL_BATCH_ROMS = 100;
