/** Characters of a user name, as in the compatible API. */
export const USERNAME_CHARS_MIN = 3;
export const USERNAME_CHARS_MAX = 255;
/** Characters of a new password, as in the compatible API. */
export const PASSWORD_CHARS_MIN = 6;
export const PASSWORD_CHARS_MAX = 255;
/** Characters of an e-mail address; the mail protocol itself stops at 254. */
export const EMAIL_CHARS_MAX = 255;
/** Characters of a password that is checked at all; an imported account may have a longer one than we accept. */
export const PASSWORD_CHECKED_CHARS_MAX = 1024;

/** Memory in KiB and passes of argon2id: the lower of the two settings OWASP recommends, 27 ms on a slow core. */
export const ARGON2_MEMORY_KIB = 19_456;
export const ARGON2_PASSES = 2;

/** Milliseconds for which a process may act on an account that another process has changed since. */
export const ACCOUNT_TTL_MS = 5_000;
/** Accounts kept in memory. */
export const ACCOUNTS_CACHED_MAX = 10_000;

/** Milliseconds between two writes of an account's last activity. */
export const ACTIVITY_INTERVAL_MS = 60_000;
