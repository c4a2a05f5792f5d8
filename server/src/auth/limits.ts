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
/** Client tokens of all accounts in one list, 400 full accounts. */
export const CLIENT_TOKENS_LISTED_MAX = 10_000;

/** Milliseconds in which the limits of pairing and of the device flow count. */
export const PAIRING_WINDOW_MS = 60_000;
/** Milliseconds for which a pairing code works, as in the compatible API. */
export const PAIRING_CODE_TTL_MS = 60_000;
/** Pairing codes that one account may ask for within the window; an app needs one. */
export const PAIRING_CODES_PER_USER_MAX = 60;
/** Exchanges that one address may try within the window, as in the compatible API. */
export const EXCHANGES_PER_ADDRESS_MAX = 5;
/**
 * Wrong codes that one address or account may ask about within the window, apart from exchanges. A page that
 * waits for its code to be used is wrong once per code.
 */
export const WRONG_CODES_PER_CALLER_MAX = 30;
/**
 * Guesses of all callers together at one sort of code within the window. There are 31^8 codes: ten guesses a
 * second, for a year, against a code that is always there, succeed once in 2,700 tries. Whoever wants to lock
 * everybody else out needs 120 addresses.
 */
export const GUESSES_OVERALL_MAX = 600;
/** Characters of a user code as typed, with dashes and spaces; as in the compatible API. */
export const USER_CODE_CHARS_MAX = 32;
/** Characters of a pairing code as typed; the compatible API names none, and answers that there is no such code. */
export const PAIRING_CODE_CHARS_MAX = 1_024;
/** Codes that are drawn until one is free; of 31^8 codes some thousands are taken. */
export const CODE_DRAWS_MAX = 5;
/** Shortest idempotency key that tells a repeat from somebody else's call; a UUID has 36 characters. */
export const REPEAT_KEY_CHARS_MIN = 16;

/** Milliseconds for which a device's request can be decided and fetched, as in the compatible API. */
export const DEVICE_FLOW_TTL_MS = 600_000;
/** Milliseconds a device has to wait between two questions, as in the compatible API. */
export const DEVICE_FLOW_INTERVAL_MS = 5_000;
/** Milliseconds for which a device can learn of its refusal, and repeat the question whose answer got lost. */
export const DEVICE_FLOW_OUTCOME_TTL_MS = 60_000;
/** Flows that one address may start within the window, as in the compatible API. */
export const DEVICE_FLOWS_PER_ADDRESS_MAX = 10;
/** Flows that all addresses may start within the window: at most 6,000 wait at a time, of some 2 KB each. */
export const DEVICE_FLOWS_OVERALL_MAX = 600;
/** Questions that one address may ask within the window, as in the compatible API. */
export const DEVICE_POLLS_PER_ADDRESS_MAX = 60;
/** Random bytes of a device code. */
export const DEVICE_CODE_BYTES = 32;

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
/** CSRF tokens of our making that a process remembers, at some 700 bytes each. */
export const CSRF_TOKENS_REMEMBERED_MAX = 4_096;

/** Longest text of a content ticket: a path, an id and a signature. */
export const CONTENT_TICKET_CHARS_MAX = 2_048;
/** Life of a content link unless asked otherwise, and the longest one: links end up in histories and logs. */
export const CONTENT_LINK_MS = 15 * 60 * 1000;
export const CONTENT_LINK_MS_MAX = 60 * 60 * 1000;
/** Shortest life of a content link that is of any use, in milliseconds. */
export const CONTENT_LINK_MS_MIN = 1000;

/** Life of a sign-in by an identity provider that was begun, in milliseconds: time to find one's second factor. */
export const OIDC_ATTEMPT_TTL_MS = 600_000;
/** Sign-ins that one address may begin within a minute; a family behind one address stays far below. */
export const OIDC_ATTEMPTS_PER_ADDRESS_MAX = 60;
export const OIDC_ATTEMPTS_WINDOW_MS = 60_000;
/** Milliseconds for one answer of the identity provider with its body; a cold one on a small machine needs some. */
export const OIDC_ANSWER_MS = 10_000;
/** Bytes of one answer of the identity provider; key lists are the largest with some ten thousand. */
export const OIDC_ANSWER_BYTES_MAX = 1_048_576;
/** Milliseconds for which what the provider says of itself is not asked again. */
export const OIDC_DISCOVERY_TTL_MS = 3_600_000;
/** Milliseconds for which its keys are not asked again, unless a token names one we do not know. */
export const OIDC_KEYS_TTL_MS = 600_000;
/** Milliseconds between two such questions for an unknown key. */
export const OIDC_KEYS_INTERVAL_MS = 1_000;
/** Milliseconds by which the provider's clock may differ from ours. */
export const OIDC_CLOCK_TOLERANCE_MS = 30_000;
/** Characters of the query with which a browser comes back; codes of some providers have two thousand. */
export const OIDC_QUERY_CHARS_MAX = 8_192;
/** Characters of the path to show after signing in. */
export const OIDC_NEXT_CHARS_MAX = 1_024;
/** Roles of one person that are looked at. */
export const OIDC_ROLES_MAX = 1_000;
/** Characters of a user name made from a claim; the column has room for a suffix. */
export const OIDC_USERNAME_CHARS_MAX = 200;
/** Characters of an ID token that a session keeps for signing out at the provider; it becomes part of an address. */
export const OIDC_KEPT_TOKEN_CHARS_MAX = 16_384;
/** Characters of the provider's own words that are written to the log. */
export const OIDC_LOGGED_CHARS_MAX = 300;
