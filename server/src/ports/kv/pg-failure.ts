import { AppError, isAppError } from "../../base/errors.ts";
import { judgeOutage } from "../../base/outage.ts";

/** Tells whether a failure means that PostgreSQL or a disk has no room left. */
export function isFullFailure(thrown: unknown): boolean {
  return isAppError(thrown) ? thrown.kind === "storage_full" : judgeOutage(thrown) === "full";
}

/**
 * Turns a failure of PostgreSQL into the expected one it stands for.
 * @param unavailableCode The code of the port that met it.
 * @returns The very same value when it is anything else, which makes it a bug.
 */
export function toPgFailure(
  thrown: unknown,
  unavailableCode: "KV_UNAVAILABLE" | "QUEUE_UNAVAILABLE",
): unknown {
  if (isAppError(thrown)) return thrown;
  switch (judgeOutage(thrown)) {
    case "full":
      return new AppError("storage_full", "STORAGE_FULL", {
        message: "insufficient storage for the database",
        cause: thrown,
      });
    case "away":
      return new AppError("unavailable", unavailableCode, {
        message: "the database does not answer",
        cause: thrown,
      });
    default:
      return thrown;
  }
}
