import type { ERROR_CODES, ErrorCode } from "./error-codes.data.ts";
import { judgeOutage } from "./outage.ts";

/** The closed list of expected failures; every door maps all of them. */
export type Kind =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "unsupported"
  | "rate_limited"
  | "upstream"
  | "unavailable"
  | "storage_full"
  | "internal";

/** The codes that belong to one kind. */
export type CodeOf<K extends Kind> = {
  [C in ErrorCode]: (typeof ERROR_CODES)[C]["kind"] extends K ? C : never;
}[ErrorCode];

export interface AppErrorOptions {
  /** The public sentence; REST shows it as `detail`. */
  message: string;
  /** Public, safe, JSON-shaped facts for programs. */
  details?: unknown;
  /** Milliseconds after which a repeat makes sense. */
  retryAfterMs?: number | undefined;
  /** The private reason; only ever logged. */
  cause?: unknown;
}

/** An expected failure: bad input, absence, conflict, something outside is down. Anything else is a bug. */
export class AppError<K extends Kind = Kind> extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfterMs: number | null;

  constructor(
    readonly kind: K,
    code: CodeOf<K>,
    options: AppErrorOptions,
  ) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Tells expected failures from bugs. */
export function isAppError(value: unknown): value is AppError {
  return value instanceof AppError;
}

/** How long a caller should wait when the database is away; it restarts within seconds. */
const AWAY_RETRY_MS = 2_000;

/**
 * Turns whatever was thrown into an expected failure.
 * @returns The same error when it is one; `DATABASE_AWAY` or `STORAGE_FULL` for an outage; else `INTERNAL`.
 * The thrown value is the private cause.
 */
export function toAppError(thrown: unknown): AppError {
  if (isAppError(thrown)) return thrown;
  switch (judgeOutage(thrown)) {
    case "away":
      return new AppError("unavailable", "DATABASE_AWAY", {
        message: "the database does not answer",
        retryAfterMs: AWAY_RETRY_MS,
        cause: thrown,
      });
    case "full":
      return new AppError("storage_full", "STORAGE_FULL", { message: "insufficient storage", cause: thrown });
    default:
      return new AppError("internal", "INTERNAL", { message: "Internal Server Error", cause: thrown });
  }
}
