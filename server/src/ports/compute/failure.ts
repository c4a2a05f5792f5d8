import { AppError, type Kind, toAppError } from "../../base/errors.ts";
import type { Failure } from "./protocol.ts";

/** Turns whatever a task threw into plain data; a bug becomes `INTERNAL` with its stack as private cause. */
export function toFailure(thrown: unknown): Failure {
  const { kind, code, message, details, retryAfterMs, cause } = toAppError(thrown);
  return { kind, code, message, details, retryAfterMs, cause: cause === undefined ? null : describe(cause) };
}

/** Turns plain data back into the error it was; the cause is text now. */
export function fromFailure(failure: Failure): AppError {
  return new AppError<Kind>(failure.kind, failure.code, {
    message: failure.message,
    details: failure.details,
    retryAfterMs: failure.retryAfterMs ?? undefined,
    cause: failure.cause ?? undefined,
  });
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const own = cause.stack ?? `${cause.name}: ${cause.message}`;
  return cause.cause === undefined ? own : `${own}\ncaused by ${describe(cause.cause)}`;
}
