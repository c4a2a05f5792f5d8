import type { Kind } from "./errors.ts";

interface CodeFacts {
  readonly kind: Kind;
  /** One sentence for `errors.md`: when a caller meets this code. */
  readonly meaning: string;
}

/**
 * Every error code the server can answer with. `errors.md` is generated from it and a test fails when a
 * code is thrown nowhere; a code that is not here does not compile.
 */
export const ERROR_CODES = {
  INTERNAL: {
    kind: "internal",
    meaning: "A bug in the server; the log holds the cause under the request id.",
  },
  AUTH_REQUIRED: { kind: "unauthenticated", meaning: "The call needs a signed-in caller." },
  AUTH_SCOPE_MISSING: {
    kind: "forbidden",
    meaning: "The caller is known but lacks the scope named in details.",
  },
  USER_NOT_FOUND: { kind: "not_found", meaning: "There is no such account." },
  USER_NAME_INVALID: { kind: "invalid", meaning: "The user name breaks a rule; the message says which." },
  USER_NAME_TAKEN: { kind: "conflict", meaning: "Another account has the user name." },
  USER_PASSWORD_INVALID: {
    kind: "invalid",
    meaning: "The new password breaks a rule; the message says which.",
  },
  USER_EMAIL_INVALID: {
    kind: "invalid",
    meaning: "The e-mail address breaks a rule; the message says which.",
  },
  USER_EMAIL_TAKEN: { kind: "conflict", meaning: "Another account has the e-mail address." },
  USER_ROLE_INVALID: { kind: "invalid", meaning: "There is no role of that name." },
  USER_ADMIN_ONLY: { kind: "forbidden", meaning: "Only an administrator makes administrators." },
  AUTH_ACCOUNT_REQUIRED: {
    kind: "forbidden",
    meaning: "The caller, a kiosk's visitor or the operator, has no account to act on.",
  },
  AUTH_OPERATOR_ONLY: {
    kind: "forbidden",
    meaning: "Only the command line on the server's own machine may do this.",
  },
  AUTH_CREDENTIALS_MISSING: {
    kind: "unauthenticated",
    meaning: "A login came without a readable name and password.",
  },
  AUTH_PASSWORD_WRONG: { kind: "unauthenticated", meaning: "User name and password do not belong together." },
  AUTH_ACCOUNT_DISABLED: {
    kind: "unauthenticated",
    meaning: "The account was disabled by an administrator.",
  },
  AUTH_LOGIN_OFF: { kind: "forbidden", meaning: "The operator has turned logins with a password off." },
  AUTH_TOKEN_INVALID: {
    kind: "unauthenticated",
    meaning: "The token is damaged, expired, used up or of another kind.",
  },
  AUTH_FAILURES_LIMIT: {
    kind: "rate_limited",
    meaning: "Too many wrong passwords from this address or for this account; wait for retryAfterMs.",
  },
  AUTH_BUSY: { kind: "unavailable", meaning: "Too many passwords wait to be checked." },
  TOKEN_CREDENTIALS_MISSING: {
    kind: "invalid",
    meaning: "A password grant came without user name or password.",
  },
  TOKEN_REFRESH_MISSING: { kind: "invalid", meaning: "A refresh grant came without a refresh token." },
  TOKEN_GRANT_UNSUPPORTED: { kind: "invalid", meaning: "The grant type is none that the server offers." },
  TOKEN_ACCOUNT_DISABLED: { kind: "forbidden", meaning: "A token was asked for a disabled account." },
  TOKEN_SCOPES_EXCEEDED: {
    kind: "forbidden",
    meaning: "A token was asked for scopes the account does not hold.",
  },
  CLIENT_TOKEN_NOT_FOUND: { kind: "not_found", meaning: "The caller has no client token with that id." },
  CLIENT_TOKEN_LIMIT: { kind: "invalid", meaning: "The account has as many client tokens as it may have." },
  CLIENT_TOKEN_EXPIRY_INVALID: {
    kind: "invalid",
    meaning: "The life asked for a client token is none on offer.",
  },
  CLIENT_TOKEN_SCOPES_EXCEEDED: {
    kind: "forbidden",
    meaning: "A client token was asked for scopes the caller does not hold; the message names them.",
  },
  PAGE_CURSOR_INVALID: {
    kind: "invalid",
    meaning: "The cursor is damaged or belongs to another list or order.",
  },
  PROCEDURE_NOT_FOUND: { kind: "not_found", meaning: "There is no such tRPC procedure." },
  DATABASE_AWAY: {
    kind: "unavailable",
    meaning: "The database does not answer; it is restarting or unreachable.",
  },
  EVENTS_ACCOUNT_REQUIRED: {
    kind: "forbidden",
    meaning: "Only accounts have an event stream; a kiosk visitor has none.",
  },
  EVENTS_FULL: { kind: "unavailable", meaning: "Too many event listeners are connected." },
  SCAN_NOT_FOUND: { kind: "not_found", meaning: "There is no such scan." },
  SCAN_RUNNING: { kind: "conflict", meaning: "Another scan is queued or running; details.scanId names it." },
  SCAN_LIBRARY_MISSING: {
    kind: "unavailable",
    meaning: "The library folder is empty or on another disk although games are known; nothing was changed.",
  },
  PLATFORMS_NOT_FOUND: {
    kind: "not_found",
    meaning: "There is no such platform, or it is hidden from the caller.",
  },
  ROMS_NOT_FOUND: { kind: "not_found", meaning: "There is no such rom, or it is hidden from the caller." },
  ROMS_FILE_NOT_FOUND: { kind: "not_found", meaning: "The rom has no such file." },
  ROMS_FILE_MISSING: { kind: "not_found", meaning: "The file is known but gone from the library folder." },
  ROMS_CONTENT_SEVERAL: {
    kind: "unsupported",
    meaning: "The download would hold several files; details lists them.",
  },
  ROMS_HASH_REQUIRED: { kind: "invalid", meaning: "A lookup by hash named no hash." },
  ROMS_HASH_NOT_FOUND: { kind: "not_found", meaning: "No rom carries one of the hashes." },
  BODY_TOO_LARGE: { kind: "too_large", meaning: "The request body is larger than details.bytesMax." },
  KV_UNAVAILABLE: {
    kind: "unavailable",
    meaning: "The store of sessions, tokens and locks does not answer.",
  },
  KV_TEXT_INVALID: { kind: "invalid", meaning: "A key, member, channel or value contains a zero character." },
  KV_TOO_LARGE: {
    kind: "too_large",
    meaning: "A key, value, message or batch is over the limit of the store.",
  },
  STORAGE_FULL: {
    kind: "storage_full",
    meaning: "Free space is below the floor or a write met a full disk.",
  },
  FILES_NOT_FOUND: { kind: "not_found", meaning: "There is no file or folder at the path in details." },
  FILES_EXISTS: {
    kind: "conflict",
    meaning: "Something is in the way: the path exists or the folder is not empty.",
  },
  FILES_WRONG_KIND: {
    kind: "conflict",
    meaning: "The path is a folder where a file is needed, or the reverse.",
  },
  FILES_READ_ONLY: { kind: "conflict", meaning: "The file system of the path is mounted read-only." },
  FILES_FORBIDDEN: {
    kind: "unavailable",
    meaning: "The server's user may not use the path; details has owner and mode.",
  },
  FILES_UNREADABLE: {
    kind: "unavailable",
    meaning: "The disk or network file system failed (EIO, ESTALE and the like).",
  },
  FILES_BUSY: { kind: "unavailable", meaning: "The path is in use, or too many files are open." },
  FILES_OTHER_DEVICE: { kind: "unsupported", meaning: "A rename would cross file systems." },
  FILES_NAME_INVALID: { kind: "invalid", meaning: "The file system cannot hold such a name or path." },
  FILES_NOT_TEXT: { kind: "invalid", meaning: "A file that is read as text is not valid UTF-8." },
  FILES_TOO_LARGE: { kind: "too_large", meaning: "A file or folder is over the limit its reader set." },
  FILES_CHANGED: { kind: "conflict", meaning: "A file changed its length while it was being read." },
  QUEUE_UNAVAILABLE: {
    kind: "unavailable",
    meaning: "The job queue's database does not answer, or the queue has stopped.",
  },
  QUEUE_SCHEDULE_INVALID: { kind: "invalid", meaning: "A cron pattern or its time zone is not valid." },
  COMPUTE_FULL: {
    kind: "unavailable",
    meaning: "Too many tasks wait for a worker; details.waitingMax is the bound.",
  },
  COMPUTE_CLOSED: { kind: "unavailable", meaning: "The server stops and cancelled the work." },
  COMPUTE_CRASHED: { kind: "internal", meaning: "The worker that ran the task died; it was replaced." },
  INPUT_INVALID: {
    kind: "invalid",
    meaning: "The input does not fit the operation's schema; details lists where.",
  },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;
