import type { Environment } from "../environment.ts";
import type { MultitapError } from "../errors.ts";
import { RETRY_AFTER_MAX_MS, RETRY_ATTEMPTS_MAX, RETRY_BASE_MS, RETRY_DELAY_MAX_MS } from "../limits.ts";

/**
 * How often and how patiently a failed call is repeated.
 * @example
 * await client.stats.get({}, { retry: { attemptsMax: 2, retryAfterMaxMs: 5_000 } });
 */
export interface RetryPolicy {
  /** Tries in all, the first included; 4 unless said. */
  attemptsMax?: number | undefined;
  /** Upper end of the first random delay, doubled with each try; 250 unless said. */
  baseMs?: number | undefined;
  /** Upper end of any random delay; 8000 unless said. */
  delayMaxMs?: number | undefined;
  /** A server that asks for more than this makes the call fail at once; 60000 unless said. */
  retryAfterMaxMs?: number | undefined;
}

/** Upper end of a random delay that doubles with each failure. */
export function backoffCeiling(failures: number, baseMs: number, delayMaxMs: number): number {
  return Math.min(delayMaxMs, baseMs * 2 ** Math.max(0, failures - 1));
}

/**
 * Decides whether and when a failed try is repeated.
 * @param attempts Tries so far, at least 1.
 * @returns Milliseconds to wait, or null when the failure is final.
 */
export function delayBeforeRetry(
  error: MultitapError,
  attempts: number,
  options: { readonly policy: RetryPolicy | false; readonly environment: Environment },
): number | null {
  const { policy, environment } = options;
  if (policy === false || !error.isTransient) return null;
  if (attempts >= (policy.attemptsMax ?? RETRY_ATTEMPTS_MAX)) return null;
  // A pause that the server itself asks for wins over our guess.
  if (error.retryAfterMs !== null) {
    return error.retryAfterMs > (policy.retryAfterMaxMs ?? RETRY_AFTER_MAX_MS) ? null : error.retryAfterMs;
  }
  const ceiling = backoffCeiling(
    attempts,
    policy.baseMs ?? RETRY_BASE_MS,
    policy.delayMaxMs ?? RETRY_DELAY_MAX_MS,
  );
  return Math.floor(environment.random() * ceiling);
}
