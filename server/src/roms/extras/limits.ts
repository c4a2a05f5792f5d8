/** Bytes of a manual; a scanned book of some hundred pages. */
export const MANUAL_BYTES_MAX = 512 * 1024 * 1024;
/** Bytes of one soundtrack file; hours of lossless sound. */
export const SOUNDTRACK_BYTES_MAX = 2 * 1024 * 1024 * 1024;
/** Bytes of a screenshot: of a picture, or of a short video. */
export const SCREENSHOT_BYTES_MAX = 256 * 1024 * 1024;
/** Files of one upload form: the one that is named, and a few that some apps send with it. */
export const UPLOAD_FILES_MAX = 4;
/** Bytes of a file name; file systems take no more. */
export const FILE_NAME_BYTES_MAX = 255;
/** Milliseconds until another server begins to send a manual: somebody waits for the answer. */
export const MANUAL_FETCH_TIMEOUT_MS = 30_000;
/** Bytes at a manual's start in which it says what it is; some programs write a few before. */
export const MANUAL_HEAD_BYTES = 1024;
