/** Saves that move at once; a home server has few cores, and each holds one file in memory. */
export const SYNC_CONCURRENCY = 3;
/** Upper bound of what an app may ask for. */
export const SYNC_CONCURRENCY_MAX = 16;
/** Bytes of one save with all its entries: it is held in memory while it moves. */
export const SAVE_BYTES_MAX: number = 256 * 1024 * 1024;
/** Files of one save: those of a folder that an emulator keeps for one game. */
export const SAVE_ENTRIES_MAX = 2_000;
/** Saves of one device: described in one call, they have to fit into what the server reads, 4 MiB. */
export const SAVES_MAX = 10_000;
/** How often one save is planned anew in a run because it changed meanwhile. */
export const ROUNDS_MAX = 3;
/** Content that is shorter is sent at once: asking whether the server has it would take as long. */
export const ASK_FIRST_BYTES_MIN: number = 16 * 1024;
/** Roms that are asked for at once when their names are needed. */
export const ROMS_ASKED_MAX = 32;
/** Versions that are acknowledged in one call. */
export const ACKNOWLEDGED_MAX = 1_000;
/**
 * A file that was written so shortly before it was read may be written again without a change of its time: some file
 * systems count in steps of two seconds.
 */
export const HASH_TRUSTED_AFTER_MS = 3_000;
/** How often the memory is stored while a run goes on. */
export const MEMORY_STORED_EVERY_MS = 1_000;
/** A transfer that is slower than this counts as lost. */
export const BYTES_PER_SECOND_MIN: number = 32 * 1024;
/** How long nothing may change before a follower looks: emulators write in bursts. */
export const QUIET_MS = 2_000;
/** A follower looks at least so often, whatever it was told. */
export const LOOK_EVERY_MS = 300_000;
/** First pause of a follower whose run failed; it doubles each time. */
export const FOLLOW_RETRY_MS = 5_000;
/** Longest pause of a follower whose runs fail. */
export const FOLLOW_RETRY_MAX_MS = 120_000;
/** Events that wait for the reader of a follower; while so many do, it does nothing further. */
export const EVENTS_WAITING_MAX = 1_024;
