/** Folders that one call may make; there are fewer platforms than this. */
export const FOLDERS_MAX = 1000;
