import type { Context } from "../../base/context.ts";
import { signInWebDevice } from "../../devices/service.ts";
import { type Account, noteLogin } from "../../users/accounts/service.ts";
import type { SignedIn } from "../contract.ts";
import { toCookieRules } from "../cookies/rules.ts";
import { createCsrfToken } from "../csrf/rules.ts";
import { endSession, startSession } from "../sessions/service.ts";

/** What a browser that signs in brings along. */
export interface SigningBrowser {
  /** The session in use until now, which ends. */
  readonly sessionId: string | null;
  readonly browserId: string | null;
  /** It brought some cookie of ours, so it would have brought its id if it had one. */
  readonly keepsCookies: boolean;
  readonly userAgent: string | null;
  /** What proves to an identity provider whom to sign out; null when nobody need be told. */
  readonly oidcIdToken?: string | null | undefined;
}

/**
 * Signs a browser in to an account that was proven. The session gets a new id, and the one in use until now ends.
 * @returns What the browser has to remember: session, CSRF token and its own id.
 */
export async function signInBrowser(
  ctx: Context,
  account: Account,
  browser: SigningBrowser,
): Promise<SignedIn> {
  const { facts } = ctx;
  if (browser.sessionId !== null) await endSession(ctx, browser.sessionId);
  const { browserId, deviceId } = await signInWebDevice(ctx, account.id, browser);
  const oidcIdToken = browser.oidcIdToken ?? null;
  const session = await startSession(ctx, account, { deviceId, oidcIdToken });
  await noteLogin(ctx, account.id);
  return {
    sessionId: session.id,
    csrfToken: createCsrfToken(facts.secretKey, account.id),
    browserId,
    maxAgeSeconds: Math.floor(facts.sessionMaxAgeMs / 1000),
    ...toCookieRules(facts),
  };
}
