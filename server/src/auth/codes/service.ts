import { assert } from "../../base/assert.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { countAttempt, type RateLimit, takeBackAttempt } from "../../base/rate-limit.ts";
import { CODE_DRAWS_MAX, GUESSES_OVERALL_MAX, PAIRING_WINDOW_MS, REPEAT_KEY_CHARS_MIN } from "../limits.ts";
import { createCode } from "./rules.ts";

/** What is kept under a code, and for how many milliseconds. */
export interface CodeEntry {
  readonly text: string;
  readonly ttlMs: number;
}

/**
 * Draws a code that nobody has and keeps a text under it.
 * @param toKey Names the key of a code in the store.
 * @returns The code.
 */
export async function reserveCode(
  ctx: Pick<Context, "ports">,
  toKey: (code: string) => string,
  { text, ttlMs }: CodeEntry,
): Promise<string> {
  for (let draw = 0; draw < CODE_DRAWS_MAX; draw++) {
    const code = createCode();
    if (await ctx.ports.kv.set(toKey(code), text, { ttlMs, when: "absent" })) return code;
  }
  assert(false, "some code is free");
}

/** How often one sort of code may be guessed at. */
export interface GuessLimit {
  /** What one caller may do. */
  readonly perCaller: RateLimit;
  /** What all callers may do together, so that many addresses are no way around. */
  readonly overall: RateLimit;
  readonly message: string;
}

/** The limit of all callers together for one sort of code. */
export function overallLimit(name: string): RateLimit {
  return { name, attemptsMax: GUESSES_OVERALL_MAX, windowMs: PAIRING_WINDOW_MS };
}

const EVERYBODY = "all";

/**
 * Counts a guess before it is looked at, so that a burst of them cannot pass uncounted. One caller who is over
 * the limit does not use up that of everybody.
 * @throws AppError `PAIRING_ATTEMPTS_LIMIT`.
 */
export async function countGuess(ctx: Context, limit: GuessLimit, who: string): Promise<void> {
  const own = await countAttempt(ctx, limit.perCaller, who);
  const verdict = own.isAllowed ? await countAttempt(ctx, limit.overall, EVERYBODY) : own;
  if (verdict.isAllowed) return;
  const { message } = limit;
  throw new AppError("rate_limited", "PAIRING_ATTEMPTS_LIMIT", {
    message,
    retryAfterMs: verdict.retryAfterMs,
  });
}

/** Takes back a guess that was right: whoever knows a code may ask about it as often as they like. */
export async function takeBackGuess(ctx: Context, limit: GuessLimit, who: string): Promise<void> {
  await Promise.all([
    takeBackAttempt(ctx, limit.perCaller, who),
    takeBackAttempt(ctx, limit.overall, EVERYBODY),
  ]);
}

/**
 * Names the call of an app that may send it again because the answer was lost; null when it did not say so. A
 * key that somebody could guess counts for nothing.
 */
export function findRepeatKey({ idempotency }: Context): string | null {
  const key = idempotency?.key ?? "";
  return key.length >= REPEAT_KEY_CHARS_MIN ? key : null;
}
