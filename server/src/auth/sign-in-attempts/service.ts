import { timingSafeEqual } from "node:crypto";
import * as v from "valibot";
import type { Context } from "../../base/context.ts";
import { sha256Hex } from "../../base/ids.ts";
import type { SignInSecrets } from "../identity-provider/service.ts";
import { OIDC_ATTEMPT_TTL_MS } from "../limits.ts";

type Scene = Pick<Context, "ports">;

/** A browser that went to the identity provider and is expected back. */
export interface SignInAttempt {
  readonly secrets: SignInSecrets;
  /** Path of ours to show afterwards. */
  readonly next: string;
}

const StoredAttempt = v.object({
  browser: v.string(),
  nonce: v.string(),
  verifier: v.string(),
  next: v.string(),
});

/** The library's random texts: 32 bytes. What comes back is part of a key, so nothing else is looked up. */
const STATE = /^[A-Za-z0-9_-]{43}$/;

const attemptKey = (state: string) => `oidc_sign_in:${state}`;

/** Keeps an attempt for `OIDC_ATTEMPT_TTL_MS`, for the browser with this key only. */
export async function keepAttempt(ctx: Scene, browserKey: string, attempt: SignInAttempt): Promise<void> {
  const { state, nonce, verifier } = attempt.secrets;
  const stored = { browser: sha256Hex(browserKey), nonce, verifier, next: attempt.next };
  await ctx.ports.kv.set(attemptKey(state), JSON.stringify(stored), { ttlMs: OIDC_ATTEMPT_TTL_MS });
}

/**
 * Takes the attempt that a browser comes back from; whatever comes of it, it is used up.
 * @returns Null when there is none: unknown, used, too old, or another browser's.
 */
export async function takeAttempt(
  ctx: Scene,
  state: string | null,
  browserKey: string | null,
): Promise<SignInAttempt | null> {
  if (state === null || browserKey === null || !STATE.test(state)) return null;
  const text = await ctx.ports.kv.take(attemptKey(state));
  if (text === null) return null;
  const { browser, nonce, verifier, next } = v.parse(StoredAttempt, JSON.parse(text));
  if (!timingSafeEqual(Buffer.from(browser), Buffer.from(sha256Hex(browserKey)))) return null;
  return { secrets: { state, nonce, verifier }, next };
}
