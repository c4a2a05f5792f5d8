/** Patches that wait for their turn; each may hold an uploaded file on disk. */
export const PATCHES_WAITING_MAX = 8;
/** What a caller is told to wait when too many do, in milliseconds. */
export const PATCH_BUSY_RETRY_MS = 10_000;
/** Bytes of an uploaded patch; the operator's own limit is asked after it. */
export const PATCH_UPLOAD_BYTES_MAX = 4 * 1024 * 1024 * 1024;
/** Files of one form. */
export const PATCH_FILES_MAX = 1;
/** Characters of the name that a caller wishes for the patched rom. */
export const OUTPUT_NAME_CHARS_MAX = 1024;
/** Bytes of a file name that every usual file system takes. */
export const NAME_BYTES_MAX = 255;
/** A patched rom is read from disk at once and forgotten; a file of this age is a crash's, in milliseconds. */
export const PATCHED_STALE_MS = 24 * 60 * 60 * 1000;
