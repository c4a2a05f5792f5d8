import type { ErrorDetails } from "./error-details.ts";
import { RATE_LIMIT_PAUSE_MS } from "./limits.ts";
import { redact, redactCause } from "./redact.ts";

/** Failures that the server reports. */
export type ServerErrorKind =
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

/** Failures on this side of the wire. */
export type LocalErrorKind = "network" | "timeout" | "aborted" | "protocol" | "incompatible" | "storage";

/** Every kind of failure; the list is closed, so a `switch` can be complete. */
export type ErrorKind = ServerErrorKind | LocalErrorKind;

/** A stable name of one failure; servers may add codes at any time. */
export type ErrorCode = keyof ErrorDetails | (string & {});

/** What is known about a failure beside kind and code. */
export interface ErrorFacts {
  /** For people. */
  readonly message: string;
  readonly details?: unknown;
  readonly status?: number | null | undefined;
  readonly operation?: string | null | undefined;
  readonly requestId?: string | null | undefined;
  readonly attempts?: number | undefined;
  readonly retryAfterMs?: number | null | undefined;
  readonly cause?: unknown;
}

// Registered, so that errors of another copy of this package or of another realm are recognised too.
const BRAND = Symbol.for("multitap.client.error");

const TRANSIENT: ReadonlySet<ErrorKind> = new Set([
  "network",
  "timeout",
  "rate_limited",
  "unavailable",
  "upstream",
]);

/**
 * The one error that this package throws. Branch on `kind`, or on `code` with `hasErrorCode`.
 * @example
 * try {
 *   await client.roms.get(42);
 * } catch (error) {
 *   if (isMultitapError(error, "not_found")) show("gone");
 *   else throw error;
 * }
 */
export class MultitapError<K extends ErrorKind = ErrorKind> extends Error {
  /** `"AbortError"` when the caller's signal ended the call, which generic code tests for. */
  override readonly name: string;
  readonly kind: K;
  readonly code: ErrorCode;
  /** JSON-shaped facts for programs; `null` when there are none. */
  readonly details: unknown;
  /** HTTP status; `null` when no answer came or the failure is not one of HTTP. */
  readonly status: number | null;
  /** The call, such as `"roms.list"`; `null` outside of calls. */
  readonly operation: string | null;
  /** Finds the failure in the server's log. */
  readonly requestId: string | null;
  /** How often the call was tried; 0 when it was never sent. */
  readonly attempts: number;
  /** How long the server asks to wait; `null` when it does not say. */
  readonly retryAfterMs: K extends "rate_limited" ? number : number | null;

  constructor(kind: K, code: ErrorCode, facts: ErrorFacts) {
    super(redact(facts.message), facts.cause === undefined ? undefined : { cause: redactCause(facts.cause) });
    this.kind = kind;
    this.name = kind === "aborted" ? "AbortError" : "MultitapError";
    this.code = code;
    this.details = facts.details ?? null;
    this.status = facts.status ?? null;
    this.operation = facts.operation ?? null;
    this.requestId = facts.requestId ?? null;
    this.attempts = facts.attempts ?? 0;
    const pauseMs = facts.retryAfterMs ?? (kind === "rate_limited" ? RATE_LIMIT_PAUSE_MS : null);
    // The line above gives a number for `rate_limited`; a conditional type cannot follow it.
    this.retryAfterMs = pauseMs as MultitapError<K>["retryAfterMs"];
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether the same call may succeed later without any change. */
  get isTransient(): boolean {
    return TRANSIENT.has(this.kind);
  }

  /** Everything but stack and cause, for logs. */
  toJSON(): object {
    const { name, message, kind, code, details, status, operation, requestId, attempts, retryAfterMs } = this;
    return { name, message, kind, code, details, status, operation, requestId, attempts, retryAfterMs };
  }
}

/** `MultitapError` as a union over its kinds, so that `switch (error.kind)` narrows. */
export type AnyMultitapError = { [K in ErrorKind]: MultitapError<K> }[ErrorKind];

/**
 * Tells whether a value is a `MultitapError`, of one of the given kinds if any are given. Works across
 * copies of this package.
 * @example
 * if (isMultitapError(error, "network", "timeout")) show("offline");
 */
export function isMultitapError(value: unknown): value is AnyMultitapError;
export function isMultitapError<K extends ErrorKind>(
  value: unknown,
  ...kinds: readonly K[]
): value is MultitapError<K>;
export function isMultitapError(value: unknown, ...kinds: readonly ErrorKind[]): boolean {
  if (!isBranded(value)) return false;
  return kinds.length === 0 || kinds.includes(value.kind);
}

function isBranded(value: unknown): value is MultitapError {
  return typeof value === "object" && value !== null && BRAND in value;
}

/**
 * Tells whether a value is a `MultitapError` with this code, and types its `details`.
 * @example
 * if (hasErrorCode(error, "AUTH_SCOPE_MISSING")) show(`needs ${error.details.scope}`);
 */
export function hasErrorCode<C extends keyof ErrorDetails>(
  value: unknown,
  code: C,
): value is MultitapError & { readonly code: C; readonly details: ErrorDetails[C] } {
  return isBranded(value) && value.code === code;
}

/** A copy of an error that tells which call met it, and on which try. */
export function inCall(error: MultitapError, operation: string | null, attempts: number): MultitapError {
  const { kind, code, message, details, status, requestId, retryAfterMs, cause } = error;
  const facts = {
    details,
    status,
    operation: error.operation ?? operation,
    requestId,
    attempts,
    retryAfterMs,
    cause,
  };
  return new MultitapError(kind, code, { message, ...facts });
}

/** What the caller sees after its signal was aborted; the cause is the signal's own reason. */
export function abortedError(signal: AbortSignal, operation: string | null = null): MultitapError {
  const reason: unknown = signal.reason;
  if (isMultitapError(reason, "aborted")) return reason;
  return new MultitapError("aborted", "ABORTED", {
    message: "The call was aborted",
    operation,
    cause: reason,
  });
}

/** Wraps what a sink, a source or a store threw; errors of ours pass unchanged. */
export function toStorageError(thrown: unknown, what: string): MultitapError {
  if (isMultitapError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new MultitapError("storage", "STORAGE_FAILED", {
    message: `${what} failed: ${reason}`,
    cause: thrown,
  });
}
