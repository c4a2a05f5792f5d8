/** Milliseconds for which a login session that another process has ended may still count here. */
export const SESSION_TTL_MS = 5_000;
/** Milliseconds between two renewals of a login session's life. */
export const SESSION_RENEWAL_INTERVAL_MS = 60_000;
/** Login sessions of one account; at this number the oldest ones end. */
export const SESSIONS_PER_USER_MAX = 200;

/** Milliseconds for which a client token that another process has removed may still count here. */
export const CLIENT_TOKEN_TTL_MS = 5_000;
/** Client tokens of one account, as in the compatible API. */
export const CLIENT_TOKENS_PER_USER_MAX = 25;
/** Milliseconds between two writes of a client token's last use. */
export const CLIENT_TOKEN_USE_INTERVAL_MS = 300_000;
/** Random bytes of a client token's secret. */
export const CLIENT_TOKEN_BYTES = 32;

/** Milliseconds for which a checked signature is not checked again; the expiry is looked at every time. */
export const ACCESS_TOKEN_TTL_MS = 60_000;
/** Characters of a bearer token that is looked at. */
export const BEARER_CHARS_MAX = 8_192;
/** Milliseconds in which a used refresh token gives the same new pair again: two tabs, or a lost answer. */
export const REFRESH_GRACE_MS = 30_000;

/** Milliseconds for which a password that was right need not be checked again. */
export const PASSWORD_TTL_MS = 60_000;
/** Sessions, tokens or passwords kept in memory, each. */
export const PROOFS_CACHED_MAX = 10_000;
/** Passwords checked at once in one process; each keeps a core and up to 20 MiB busy for some 30 ms. */
export const PASSWORD_CHECKS_MAX = 4;
/** Password checks that wait for their turn, about two seconds' worth. */
export const PASSWORD_CHECKS_WAITING_MAX = 256;
/** Milliseconds after which somebody who found that queue full may come back. */
export const PASSWORD_BUSY_RETRY_MS = 2_000;

/** Milliseconds over which wrong passwords are counted. */
export const FAILURE_WINDOW_MS = 60_000;
/** Wrong passwords for one account from one address: an app that repeats a stale one stays far below. */
export const FAILURES_PER_PAIR_MAX = 20;
/** Wrong passwords from one address for all accounts; several people may share an address. */
export const FAILURES_PER_ADDRESS_MAX = 60;
/** Wrong passwords for one account from all addresses; high, for it also locks the owner out. */
export const FAILURES_PER_ACCOUNT_MAX = 100;

/** Days a browser keeps the id by which it is recognised at the next login; browsers allow no more. */
export const BROWSER_ID_DAYS = 400;
/** Characters of a cookie header that is looked at. */
export const COOKIE_CHARS_MAX = 16_384;
/** Random bytes of a CSRF token, as in the compatible API. */
export const CSRF_TOKEN_BYTES = 128;
/** Characters of a CSRF cookie or header that is looked at; ours have about 320. */
export const CSRF_CHARS_MAX = 1_024;
