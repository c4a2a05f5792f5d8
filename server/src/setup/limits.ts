/** Folders that one call may make; there are fewer platforms than this. */
export const FOLDERS_MAX = 1000;
/** Bytes of one name on every usual file system. */
export const NAME_BYTES_MAX = 255;
