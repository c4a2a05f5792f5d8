/** Bytes of a stored file name; more than most file systems hold is not worth a try. */
export const STORED_NAME_BYTES_MAX = 255;
/** Characters of an emulator's name. */
export const EMULATOR_CHARS_MAX = 50;
/** Characters of a slot. */
export const SLOT_CHARS_MAX = 255;
/** Characters of a file name in the database. */
export const FILE_NAME_CHARS_MAX = 450;
/** Files up to this size are hashed on the spot; a longer one, and every zip, by a worker. */
export const HASHED_ON_THE_SPOT_BYTES = 256 * 1024;
/** How long what was deleted or replaced can be brought back: thirty days, in milliseconds. */
export const TRASH_KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** How long the list says what was purged: a year, in milliseconds. */
export const TRASH_LISTED_MS = 365 * 24 * 60 * 60 * 1000;
/** How old a stored file without a row has to be before it counts as left behind by a crash: a day. */
export const LEFTOVER_AGE_MS = 24 * 60 * 60 * 1000;
/** Rows that one round of the purge looks at. */
export const PURGE_BATCH_ROWS = 200;
/** Versions, or pictures, that one call removes; of a slot that is cleaned up the rest goes with the next upload. */
export const VERSIONS_REMOVED_MAX = 1000;
