/** Bytes of one chunk; the compatible protocol names this number. */
export const UPLOAD_CHUNK_BYTES_MAX = 64 * 1024 * 1024;
/** Chunks of one upload: with the largest ones 640 GB. Their files are numbered with five digits. */
export const UPLOAD_CHUNKS_MAX = 10_000;
/** How long an upload waits for its next chunk, in milliseconds: a day. */
export const UPLOAD_TTL_MS = 24 * 60 * 60 * 1000;
/** How much later a chunk must make the end of an upload to be worth a statement, in milliseconds. */
export const UPLOAD_PROLONG_MS = 60 * 60 * 1000;
/** Open uploads of one account. */
export const UPLOADS_PER_USER_MAX = 1000;
/** Folders and names of one upload's file, joined by slashes. */
export const UPLOAD_NAME_PARTS_MAX = 16;
/** Characters of an upload's name with its folders. */
export const UPLOAD_NAME_CHARS_MAX = 1000;
/** Characters of the caller's own name for an upload. */
export const RESUME_ID_CHARS_MAX = 200;
/** Bytes that are gathered before they are written. */
export const UPLOAD_WRITE_BYTES = 1024 * 1024;
/** Missing chunks that a refusal names. */
export const MISSING_CHUNKS_NAMED_MAX = 1000;
/** How long others wait for a process that finishes an upload and was killed, in milliseconds. */
export const FINISH_LOCK_MS = 6_000;
/** Pause between two signs of life of a process that finishes an upload, in milliseconds. */
export const FINISH_LOCK_RENEW_MS = 2_000;
/** Pause that a caller is asked for while another call finishes the upload, in milliseconds. */
export const FINISH_RETRY_MS = 3_000;
/** Ended uploads that one statement removes. */
export const SWEEP_BATCH_ROWS = 500;
