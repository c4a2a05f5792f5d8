import type { TRPC_ERROR_CODE_KEY } from "@trpc/server";
import type { Kind } from "../base/errors.ts";

/** The one map from kind of failure to tRPC code; a missing row does not compile. */
export const TRPC_CODE = {
  invalid: "BAD_REQUEST",
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  not_found: "NOT_FOUND",
  conflict: "CONFLICT",
  too_large: "PAYLOAD_TOO_LARGE",
  unsupported: "UNSUPPORTED_MEDIA_TYPE",
  rate_limited: "TOO_MANY_REQUESTS",
  upstream: "BAD_GATEWAY",
  unavailable: "SERVICE_UNAVAILABLE",
  storage_full: "INTERNAL_SERVER_ERROR",
  internal: "INTERNAL_SERVER_ERROR",
} as const satisfies Record<Kind, TRPC_ERROR_CODE_KEY>;
