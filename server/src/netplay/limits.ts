/** Rooms that one process opens; a household has a handful. */
export const ROOMS_MAX = 200;
/** Rooms that one address may have open: half of all, since behind a proxy everybody may have one address. */
export const ROOMS_PER_ADDRESS_MAX = 100;
/** Players of a room: what clients offer ends at 4. */
export const PLAYERS_MAX = 16;
/** Players of a room whose opener says no number. */
export const PLAYERS_DEFAULT = 4;
/** Characters of a room's and of a player's name; what is longer is cut. */
export const NAME_CHARS_MAX = 64;
/** Characters of the ids that clients make (36), of a game's id, a page's host and a digest. */
export const ID_CHARS_MAX = 128;
export const DOMAIN_CHARS_MAX = 255;
/** Characters of a room's password; clients offer 20. */
export const PASSWORD_CHARS_MAX = 128;

/** Wrong passwords of one address for one room within `FAILURES_WINDOW_MS`. */
export const PASSWORD_FAILURES_MAX = 10;
/** Wrong passwords of one address for all rooms within `FAILURES_WINDOW_MS`. */
export const PASSWORD_FAILURES_PER_ADDRESS_MAX = 60;
/**
 * Refused attempts of one address to open a room within `FAILURES_WINDOW_MS`. One counts until it succeeds, so this is
 * more than an address may have open: after a restart all of them may come back at once.
 */
export const OPEN_FAILURES_MAX = 120;
export const FAILURES_WINDOW_MS = 60_000;
/** Passwords that are hashed or compared at the same time; each takes some 10 ms of a core and `memoryCost`. */
export const HASHES_AT_ONCE_MAX = 8;
/** Joins that wait for the password of one before them to be looked at. */
export const JOINS_WAITING_MAX = 64;
/**
 * Argon2id with small cost: a room lives for an evening and tries are counted, so a hash that leaks is worth little.
 * `memoryCost` in KiB.
 */
export const HASH_COST = { algorithm: "argon2id", memoryCost: 4_096, timeCost: 2 } as const;

/** How long a socket may be in no room: clients open one for every attempt and leave it. Milliseconds. */
export const IDLE_MS = 10 * 60_000;
/** Between two looks for such sockets. */
export const IDLE_SWEEP_MS = 30_000;

/** Bytes of the largest message: savestates. */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes that wait for a player, from which on nothing is written any more: a savestate on a slow line, and one behind it. */
export const BUFFERED_CLOSE_BYTES = 24 * 1024 * 1024;
/** Bytes of an `input`: buttons of some frames. */
export const INPUT_BYTES_MAX = 4_096;
/** Bytes of what is neither an input nor a message, such as a signal: descriptions of WebRTC have some 10 kB. */
export const SIGNAL_BYTES_MAX = 256 * 1024;
/** Span of the budgets; it may be used up at once. Milliseconds. */
export const BUDGET_WINDOW_MS = 10_000;
/** Events of one socket within `BUDGET_WINDOW_MS` that are no inputs: a host signals some 60 to each of 15 guests. */
export const EVENTS_MAX = 2_000;
/** Events of one socket that wait for the one being handled. */
export const EVENTS_WAITING_MAX = 32;
/** Open sockets of one address: 200 rooms of four, and menus. */
export const SESSIONS_PER_ADDRESS_MAX = 1_000;

/** How long an entry of the registry outlives its process. Milliseconds. */
export const LEASE_MS = 60_000;
/** How long the list of rooms of a process outlives it. Milliseconds. */
export const PAGE_TTL_MS = 15_000;
/** How often both are renewed, and other processes are looked after. Milliseconds. */
export const RENEW_MS = 5_000;
/** Between two writings of what changed. Milliseconds. */
export const PAGE_WRITE_MS = 100;
/** How long what other processes list is believed. Milliseconds. */
export const PAGES_READ_MS = 1_000;
/** How long another process may take to answer a join. Milliseconds. */
export const ANSWER_MS = 5_000;
/** Characters of one message to another process; the store takes 1 MiB of text. */
export const LINK_TEXT_CHARS_MAX = 300_000;
/** Bytes that wait for another process, from which on inputs are dropped; they would come too late. */
export const LINK_WAITING_BYTES = 2 * 1024 * 1024;
/** Bytes that wait for another process, from which on everything that is passed on is dropped. */
export const LINK_WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** At least this long between two events that say that rooms changed. Milliseconds. */
export const NEWS_MS = 500;
