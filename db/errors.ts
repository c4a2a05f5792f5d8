/** The expected failures of the database floor: one table of codes, one error class, SQLSTATE helpers. */

interface DbErrorEntry {
  /** 78: an operator must change something, a restart will not help. 1: it may pass by itself. */
  readonly exitCode: 1 | 78;
  readonly meaning: string;
}

/** Every code with which the database can refuse a start, with its usual exit code. */
export const DB_ERROR_CODES = {
  E_DATA_LOCKED: {
    exitCode: 1,
    meaning: "Another process holds the lock of the embedded database's folder.",
  },
  E_DATA_FS: { exitCode: 78, meaning: "The folder's file system or permissions cannot hold a database." },
  E_SOCKET_DIR: { exitCode: 78, meaning: "No writable folder with a path short enough for a socket." },
  E_DISK_FULL: { exitCode: 1, meaning: "Too little free space to start or migrate the database." },
  E_PG_MAJOR: { exitCode: 78, meaning: "The data folder belongs to another major version of PostgreSQL." },
  E_PG_BINARIES: { exitCode: 78, meaning: "The PostgreSQL binaries are missing or do not run here." },
  E_PG_ROOT: { exitCode: 78, meaning: "Started as root, with no way to run PostgreSQL as another user." },
  E_PG_START: { exitCode: 1, meaning: "PostgreSQL did not start; its own last words are in the message." },
  E_DB_CONNECT: { exitCode: 1, meaning: "The external database cannot be reached." },
  E_DB_AUTH: { exitCode: 78, meaning: "The external database refuses the user, or the user lacks a right." },
  E_DB_MISSING: { exitCode: 78, meaning: "The named database does not exist on the external server." },
  E_DB_VERSION: { exitCode: 78, meaning: "The external server is older than PostgreSQL 15." },
  E_DB_ENCODING: { exitCode: 78, meaning: "The external database's encoding is not UTF8." },
  E_DB_EXTENSION: { exitCode: 78, meaning: "The extension pg_trgm is absent and cannot be created." },
  E_DB_MARIADB: { exitCode: 78, meaning: "The configured server is MariaDB or MySQL." },
  E_SCHEMA_NEWER: {
    exitCode: 78,
    meaning: "A newer Multitap has migrated this database; nothing was written.",
  },
  E_SCHEMA_FOREIGN: { exitCode: 78, meaning: "The database's tables or migration history are not ours." },
  E_SCHEMA_FAILED: { exitCode: 1, meaning: "A migration failed; nothing of that migration was kept." },
} as const satisfies Record<string, DbErrorEntry>;

export type DbErrorCode = keyof typeof DB_ERROR_CODES;

interface DbErrorOptions {
  cause?: unknown;
  /** Replaces the table's exit code where one code covers a lasting and a passing case. */
  exitCode?: 1 | 78 | undefined;
}

/** An expected failure of the database. The message is one line and ends with the code in parentheses. */
export class DbError extends Error {
  readonly code: DbErrorCode;
  readonly exitCode: 1 | 78;

  /** @param message `<what is wrong>: <value seen>. <what to do>.`; the code is appended here. */
  constructor(code: DbErrorCode, message: string, options: DbErrorOptions = {}) {
    super(`${message} (${code})`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "DbError";
    this.code = code;
    this.exitCode = options.exitCode ?? DB_ERROR_CODES[code].exitCode;
  }
}

// Longer chains than this are a loop or noise; drizzle adds one level.
const CAUSE_DEPTH_MAX = 6;

// Five characters with a digit. Node's own codes of five characters (EPIPE, E2BIG) all start with E, no SQLSTATE does.
const SQL_STATE = /^(?=.*\d)[0-9A-DF-Z][0-9A-Z]{4}$/;

/** The server's answer when a unique key has the value already. */
const UNIQUE_VIOLATION = "23505";

function* walkCauses(error: unknown): Generator<Record<string, unknown>> {
  let current = error;
  for (let depth = 0; depth < CAUSE_DEPTH_MAX; depth++) {
    if (typeof current !== "object" || current === null) return;
    yield current as Record<string, unknown>;
    current = (current as { cause?: unknown }).cause;
  }
}

/** The SQLSTATE an error carries, unwrapped from drizzle's query error; null when no server error is inside. */
export function sqlState(error: unknown): string | null {
  for (const level of walkCauses(error)) {
    if (typeof level.code === "string" && SQL_STATE.test(level.code)) return level.code;
  }
  return null;
}

/** Whether a statement failed because a unique key has the value already; its transaction is lost then. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === UNIQUE_VIOLATION;
}

/** The name of the violated constraint; null when the error names none. */
export function constraintName(error: unknown): string | null {
  for (const level of walkCauses(error)) {
    const name = level.constraint_name ?? level.constraint;
    if (typeof name === "string" && name !== "") return name;
  }
  return null;
}

/** The driver's and the system's words for a connection that broke, could not be opened or was closed by us. */
const LOST_CODES: readonly string[] = [
  "E_DB_CONNECT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ETIMEDOUT",
];

/** The server ends a session: shutdown, crash, start-up, timeouts; class 08 is the connection itself. */
const LOST_STATES = /^(57P0[1235]|25P0[34]|08...)$/;

/**
 * Whether a query failed because the server or the way to it was gone: nothing of an open transaction was kept, and
 * trying again later may succeed.
 */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return LOST_STATES.test(state);
  for (const level of walkCauses(error)) {
    if (typeof level.code === "string" && LOST_CODES.includes(level.code)) return true;
  }
  return false;
}

/** The system error code (`ENOSPC`, `ECONNREFUSED`), or the text, of anything that was thrown. */
export function describeCause(error: unknown): string {
  for (const level of walkCauses(error)) {
    if (typeof level.code === "string" && level.code !== "") return level.code;
  }
  return error instanceof Error ? error.message : String(error);
}
