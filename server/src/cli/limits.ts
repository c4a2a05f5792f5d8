/** Longest wait for a server on this machine to say that it lives, in milliseconds. */
export const JOIN_TIMEOUT_MS = 2_000;
/** How long a command waits for another owner of the embedded database, which may be about to stop. */
export const LOCK_WAIT_MS = 5_000;
/** How long a command waits for an external database that does not answer. */
export const CONNECT_WAIT_MS = 10_000;
/** Longest wait of `health` for an answer; container engines start the next check soon after. */
export const HEALTH_TIMEOUT_MS = 4_000;
/** Problems of a scan that `--json` lists; the object has to be readable. */
export const PROBLEMS_LISTED_MAX = 100;
/** Milliseconds between two progress lines where there is no terminal. */
export const PROGRESS_LINE_MS = 5_000;
/** Milliseconds between two drawings of a progress bar. */
export const PROGRESS_BAR_MS = 100;
/** Longest wait for one answer from outside, in milliseconds. */
export const URL_TIMEOUT_MS = 15_000;
/** Bytes of the upload that `doctor --url` tries: what Cloudflare lets through, and a little less. */
export const URL_UPLOAD_BYTES = 100_000_000;
/** Longest time for it, in milliseconds: a line of 3 Mbit/s takes as long. */
export const URL_UPLOAD_TIMEOUT_MS = 5 * 60_000;
/** Milliseconds between two looks at how far a backup is. */
export const BACKUP_POLL_MS = 200;
/** Longest wait for a backup that was told to end, in milliseconds. */
export const BACKUP_CANCEL_MS = 10_000;
/** Bytes of a file with a passphrase. */
export const PASSPHRASE_FILE_BYTES_MAX = 16_384;
/** Bytes of a password on standard input; the longest that is accepted has 255 characters. */
export const PASSWORD_INPUT_BYTES_MAX = 4_096;
/** Longest wait for one check of `doctor`, in milliseconds; a network folder may hang. */
export const CHECK_TIMEOUT_MS = 20_000;
/** How long `doctor` waits for an external database, in milliseconds. */
export const DOCTOR_CONNECT_WAIT_MS = 1_000;
/** Warnings of the parts it opens that `doctor` shows. */
export const NOTICES_MAX = 20;
/** Files beside a cue sheet or playlist that one hash opens; a disc has 99 tracks. */
export const NEIGHBOURS_OPEN_MAX = 256;
/** Threads that `--workers` may ask for. */
export const DECODE_WORKERS_MAX = 64;
/** Content below this is decoded on the command's own thread, in bytes: others would take longer to start. */
export const DECODE_ALONE_BYTES_MAX = 16 * 1024 * 1024;
/** Damaged hunks that are named to people; `--json` lists them. */
export const BAD_HUNKS_NAMED_MAX = 8;
/** Characters of a metadata text that are shown to people. */
export const METADATA_CHARS_SHOWN_MAX = 160;
