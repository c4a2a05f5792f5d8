/** How long a file has to stay as it is before it counts as whole. */
export const STABLE_MS = 2_000;
/** Looks at files that are still being written, one per `STABLE_MS`: then they wait for the next change. */
export const STABLE_ROUNDS_MAX = 150;
/** Devices whose folders are worked on at once in one process: most of the time they wait for files to be whole. */
export const DEVICES_RUNNING_MAX = 4;
/** Files of one device in one batch; more of them become another one. */
export const BATCH_FILES_MAX = 5_000;
/** Folders below a platform's that are looked into; a deeper tree is an accident. */
export const FOLDER_DEPTH_MAX = 8;
/** Device folders that are looked at. */
export const DEVICE_FOLDERS_MAX = 10_000;
/** Files of one name in the folder of conflicts. */
export const CONFLICT_COPIES_MAX = 10_000;
/** Life of the lock on a device's folders, prolonged before each file; a crash leaves it for as long. */
export const FOLDER_LOCK_MS = 120_000;
/** When work on a folder that somebody else is at is tried again. */
export const AGAIN_MS = 5_000;
/** How often the watcher looks whether something is due. */
export const WATCH_TICK_MS = 500;
/** Quiet time after the last change of a folder before it is worked on. */
export const WATCH_QUIET_MS = 1_000;
/** How often all folders are looked at anyway: network mounts announce nothing. */
export const SWEEP_MS = 60_000;
/** Characters of an error that a session keeps. */
export const ERROR_CHARS_MAX = 500;
