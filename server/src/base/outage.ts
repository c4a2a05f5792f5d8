/** How deep a chain of causes is followed; drizzle wraps the driver's error once or twice. */
const CAUSES_MAX = 8;

/** PostgreSQL `disk_full`, and the operating system's words for the same. */
const FULL_CODES: ReadonlySet<string> = new Set(["53100", "ENOSPC", "EDQUOT"]);

/** Failures of a connection: the pool's own name, the driver's, the system's, and SQLSTATEs outside class 08. */
const AWAY_CODES: ReadonlySet<string> = new Set([
  "E_DB_CONNECT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "CONNECTION_CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "EPIPE",
  "E_DB_CONNECT", // our own pool gave up on a connection
  "25P03", // idle_in_transaction_session_timeout
  "25P04", // transaction_timeout
  "53300", // too_many_connections
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "57P05", // idle_session_timeout
]);

/** The code of the first error in a chain of causes that carries one; null when none does. */
export function findErrorCode(thrown: unknown): string | null {
  let error: unknown = thrown;
  for (let depth = 0; depth < CAUSES_MAX && typeof error === "object" && error !== null; depth += 1) {
    if ("code" in error && typeof error.code === "string") return error.code;
    error = "cause" in error ? error.cause : null;
  }
  return null;
}

/** What a failure of the outside world means: no room left, the service is not there, or neither. */
export function judgeOutage(thrown: unknown): "full" | "away" | null {
  const code = findErrorCode(thrown);
  if (code === null) return null;
  if (FULL_CODES.has(code)) return "full";
  return AWAY_CODES.has(code) || /^08...$/.test(code) ? "away" : null;
}
