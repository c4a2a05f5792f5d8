/** How long an entry lives without another sign: apps send one every 30 to 60 s. Milliseconds. */
export const ENTRY_TTL_MS = 90_000;
/** How long the sets of entries outlive their last sign, so that what ran out can be told. Milliseconds. */
export const INDEX_TTL_MS = 120_000;
/** How often what ran out is looked for; a set holds it for 30 s longer. Milliseconds. */
export const SWEEP_INTERVAL_MS = 10_000;
/** How long one process may take to tell what ran out before another one does. Milliseconds. */
export const SWEEP_LEASE_MS = 8_000;
/** Entries that one sweep tells of. */
export const SWEPT_MAX = 1_000;
/** Entries of one account; one more ends the one that was begun first. Nobody plays on as many devices. */
export const ENTRIES_PER_USER_MAX = 20;
/** Entries in one list, those that began last. */
export const ENTRIES_LISTED_MAX = 500;
/** Entries that one socket keeps alive; one more ends the first. */
export const ENTRIES_PER_SOCKET_MAX = 8;
/** Characters of a device's id. */
export const DEVICE_ID_CHARS_MAX = 255;
