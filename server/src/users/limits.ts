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
/**
 * What a stored argon2id hash may cost to check at most, whoever made it: memory in KiB, memory times passes, and
 * lanes. Four are checked at once, and each stays below two seconds.
 */
export const ARGON2_CHECKED_KIB_MAX = 131_072;
export const ARGON2_CHECKED_WORK_MAX = 524_288;
export const ARGON2_CHECKED_LANES_MAX = 16;

/** Milliseconds for which a process may act on an account that another process has changed since. */
export const ACCOUNT_TTL_MS = 5_000;
/** Accounts kept in memory. */
export const ACCOUNTS_CACHED_MAX = 10_000;

/** Milliseconds between two writes of an account's last activity. */
export const ACTIVITY_INTERVAL_MS = 60_000;

/** Accounts that one answer lists; a household has dozens. */
export const USERS_LISTED_MAX = 10_000;
/** Accounts whose scopes are looked up at once for a list. */
export const USERS_LISTED_AT_ONCE = 16;

/** Characters of a RetroAchievements name; the service itself stops at 20. */
export const RA_NAME_CHARS_MAX = 255;
/** Characters of the settings an app keeps with an account, as JSON. */
export const UI_SETTINGS_CHARS_MAX = 256 * 1024;
/** Objects within objects of those settings; the database fails on thousands. */
export const UI_SETTINGS_DEPTH_MAX = 32;

/** Bytes of an uploaded avatar. */
export const AVATAR_BYTES_MAX = 5 * 1024 * 1024;
/** Bytes of a whole form with an avatar, its other fields included. */
export const USER_FORM_BYTES_MAX = AVATAR_BYTES_MAX + 1024 * 1024;
/** Pixels of an uploaded avatar; one takes four bytes of memory while it is read, so up to 96 MB in all. */
export const AVATAR_PIXELS_MAX = 24_000_000;
/** Width and height in which a stored avatar fits. */
export const AVATAR_SIDE_PIXELS = 512;
/** Avatars read at once in one process. */
export const AVATARS_READ_MAX = 2;
/** Avatars that wait for their turn; each holds its file in memory. */
export const AVATARS_WAITING_MAX = 16;
/** Milliseconds after which somebody who found that queue full may come back. */
export const AVATAR_BUSY_RETRY_MS = 2_000;

/** Numbers tried behind a user name that somebody has, when an identity provider names a new person so. */
export const OUTSIDE_NAMES_MAX = 20;
