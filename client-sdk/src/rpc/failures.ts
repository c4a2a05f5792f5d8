import { TRPCClientError } from "@trpc/client";
import { type ErrorKind, isMultitapError, MultitapError, type ServerErrorKind } from "../errors.ts";
import { kindOfStatus } from "../http/answers.ts";
import { toClientError } from "../http/calls.ts";

// Typed so that a missing kind does not compile.
const SERVER_KINDS: Readonly<Record<ServerErrorKind, true>> = {
  invalid: true,
  unauthenticated: true,
  forbidden: true,
  not_found: true,
  conflict: true,
  too_large: true,
  unsupported: true,
  rate_limited: true,
  upstream: true,
  unavailable: true,
  storage_full: true,
  internal: true,
};

/** The part of a tRPC error that our server fills. */
export interface FailureData {
  readonly kind?: unknown;
  readonly code?: unknown;
  readonly details?: unknown;
  readonly requestId?: unknown;
  readonly retryAfterMs?: unknown;
  readonly httpStatus?: unknown;
}

/** Turns whatever the tRPC client throws into our error. */
export function fromTrpcFailure(thrown: unknown): MultitapError {
  if (isMultitapError(thrown)) return thrown;
  if (!(thrown instanceof TRPCClientError)) return toClientError(thrown);
  const data: unknown = thrown.data;
  if (typeof data === "object" && data !== null) return fromFailureData(thrown.message, data);
  const cause: unknown = thrown.cause;
  if (isMultitapError(cause)) return cause;
  // Neither the server's word nor ours: the answer ended early, or did not have the form of one.
  if (cause instanceof SyntaxError) {
    return new MultitapError("protocol", "ANSWER_NOT_OURS", {
      message: `The answer cannot be read: ${thrown.message}`,
      cause,
      details: { contentType: null },
    });
  }
  return new MultitapError("network", "NETWORK_FAILED", {
    message: `The answer was cut off: ${thrown.message}`,
    cause,
  });
}

/** Turns the part of a tRPC error that our server fills into our error. */
export function fromFailureData(message: string, data: FailureData): MultitapError {
  const status = typeof data.httpStatus === "number" ? data.httpStatus : null;
  const kind = readKind(data.kind) ?? kindOfStatus(status ?? 500);
  return new MultitapError(kind, typeof data.code === "string" ? data.code : "INTERNAL", {
    message,
    status,
    details: withoutInput(data.details),
    requestId: typeof data.requestId === "string" ? data.requestId : null,
    retryAfterMs: typeof data.retryAfterMs === "number" ? data.retryAfterMs : null,
  });
}

function readKind(kind: unknown): ErrorKind | null {
  return typeof kind === "string" && Object.hasOwn(SERVER_KINDS, kind) ? (kind as ServerErrorKind) : null;
}

/** Issues repeat the refused input, which may be a password; it has no place in an error. */
function withoutInput(details: unknown): unknown {
  if (typeof details !== "object" || details === null || !("issues" in details)) return details ?? null;
  if (!Array.isArray(details.issues)) return details;
  const issues = details.issues.map((issue: object) => ({ ...issue, input: undefined }));
  return { ...details, issues: JSON.parse(JSON.stringify(issues)) };
}
