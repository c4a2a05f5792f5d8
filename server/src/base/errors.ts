import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";

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
  readonly details: unknown;
  readonly retryAfterMs: number | null;

  constructor(
    readonly kind: K,
    readonly code: CodeOf<K>,
    options: AppErrorOptions,
  ) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.details = options.details ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** Tells expected failures from bugs. */
export function isAppError(value: unknown): value is AppError {
  return value instanceof AppError;
}

/**
 * Turns whatever was thrown into an expected failure.
 * @returns The same error when it is one, else `INTERNAL` with the thrown value as private cause.
 */
export function toAppError(thrown: unknown): AppError {
  if (isAppError(thrown)) return thrown;
  return new AppError("internal", "INTERNAL", { message: "Internal Server Error", cause: thrown });
}
