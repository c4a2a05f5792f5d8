/** Lines of a known_hosts file that are looked at, and its bytes. */
export const KNOWN_HOST_LINES_MAX = 10_000;
export const KNOWN_HOSTS_BYTES_MAX = 4 * 1024 * 1024;
/** Bytes of a private key file; the longest RSA key has a tenth of it. */
export const KEY_FILE_BYTES_MAX = 64 * 1024;
/** Folders of one device that are synced. */
export const DIRECTORIES_MAX = 200;
/** Characters of a path on a device. */
export const REMOTE_PATH_CHARS_MAX = 4_096;
/** Entries of one folder on a device; a save folder with more is none. */
export const REMOTE_ENTRIES_MAX = 20_000;
/** Files of one platform on one device, over all of its folders. */
export const RUN_FILES_MAX = 100_000;
/** How long a device may take to let us in: slow handhelds need seconds for the key exchange. */
export const CONNECT_MS = 20_000;
/** How long one answer may take, and how long nothing may be heard of a transfer. */
export const ANSWER_MS = 30_000;
/** Tries to reach a device that does not answer, and the pause between two. */
export const CONNECT_TRIES_MAX = 3;
export const CONNECT_PAUSE_MS = 2_000;
/** Bytes of one read or write; what every SFTP server takes. */
export const TRANSFER_CHUNK_BYTES = 32_768;
/** Devices that are synced at once in one process. */
export const DEVICES_RUNNING_MAX = 2;
/** How long one run may take. */
export const RUN_MS_MAX = 2 * 60 * 60 * 1_000;
/** Life of the lock of the one run per device; after a crash another one takes over within it. */
export const RUN_LOCK_MS = 30_000;
/** How often the lock is prolonged, and how soon a cancelled session is noticed. */
export const RUN_BEAT_MS = 2_000;
/** When a run that found another one under way asks again. */
export const RUN_AGAIN_MS = 3_000;
/** How often the counts of a session are written at most. */
export const COUNT_INTERVAL_MS = 1_000;
/** Priority of a run that somebody waits for, before those that the clock starts. */
export const ASKED_PRIORITY = 10;
/** Devices that one tick of the clock starts. */
export const SCHEDULED_DEVICES_MAX = 10_000;
/** Characters of an error that a session keeps. */
export const ERROR_CHARS_MAX = 500;
/** Age after which a temporary file of ours on a device is the leftover of a lost connection. */
export const REMOTE_LEFTOVER_MS = 60 * 60 * 1_000;
