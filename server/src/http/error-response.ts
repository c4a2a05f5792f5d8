import type { ErrorCode } from "../base/error-codes.data.ts";
import type { AppError, Kind } from "../base/errors.ts";
import type { InputIssue } from "../base/operation.ts";
import { type LocationHints, toWireIssue } from "./input-issue.ts";
import type { ErrorAnswer } from "./route.ts";

/** The one map from kind of failure to HTTP status; a missing row does not compile. */
export const HTTP_STATUS = {
  invalid: 422,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  rate_limited: 429,
  upstream: 502,
  unavailable: 503,
  storage_full: 507,
  internal: 500,
} as const satisfies Record<Kind, number>;

/** Turns an expected failure into the body shape that compatible clients read. */
export function toErrorResponse(
  error: AppError,
  hints: LocationHints,
  answers: Partial<Record<ErrorCode, ErrorAnswer>> = {},
): Response {
  const answer = answers[error.code];
  const headers = new Headers({ "content-type": "application/json", ...answer?.headers });
  if (error.kind === "unauthenticated" && !headers.has("www-authenticate")) {
    headers.set("www-authenticate", "Bearer");
  }
  if (error.retryAfterMs !== null) headers.set("retry-after", String(Math.ceil(error.retryAfterMs / 1000)));
  const status = answer?.status ?? HTTP_STATUS[error.kind];
  return new Response(JSON.stringify({ detail: answer?.detail?.(error) ?? toDetail(error, hints) }), {
    status,
    headers,
  });
}

/** `{"detail": …}` with any status, for answers the kit makes itself. */
export function detailResponse(
  status: number,
  detail: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify({ detail }), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

function toDetail(error: AppError, hints: LocationHints): unknown {
  if (error.code !== "INPUT_INVALID" || !hasIssues(error.details)) return error.message;
  return error.details.issues.map((issue) => toWireIssue(issue, hints));
}

function hasIssues(details: unknown): details is { issues: readonly InputIssue[] } {
  return (
    typeof details === "object" && details !== null && "issues" in details && Array.isArray(details.issues)
  );
}
