import { AppError } from "../../base/errors.ts";

const MS_PER_DAY = 86_400_000;

const LIVES_MS: ReadonlyMap<string, number | null> = new Map([
  ["30d", 30 * MS_PER_DAY],
  ["90d", 90 * MS_PER_DAY],
  ["1y", 365 * MS_PER_DAY],
  ["never", null],
]);

/**
 * Reads how long a client token shall live.
 * @returns Null for a token that never expires.
 * @throws AppError `CLIENT_TOKEN_EXPIRY_INVALID`.
 */
export function parseExpiry(expiresIn: string | null, now: Date): Date | null {
  const lifeMs = LIVES_MS.get(expiresIn ?? "never");
  if (lifeMs === undefined) {
    throw new AppError("invalid", "CLIENT_TOKEN_EXPIRY_INVALID", {
      message: `Invalid expires_in value: ${expiresIn}. Valid values: ${[...LIVES_MS.keys()].join(", ")}`,
    });
  }
  return lifeMs === null ? null : new Date(now.getTime() + lifeMs);
}
