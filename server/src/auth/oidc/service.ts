import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import type { OidcFacts } from "../../base/facts.ts";
import { createUuid } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import { countAttempt, networkOf, type RateLimit } from "../../base/rate-limit.ts";
import { findLogoutUrl, startAtProvider, tradeCode } from "../identity-provider/service.ts";
import {
  OIDC_ATTEMPTS_PER_ADDRESS_MAX,
  OIDC_ATTEMPTS_WINDOW_MS,
  OIDC_KEPT_TOKEN_CHARS_MAX,
  OIDC_LOGGED_CHARS_MAX,
} from "../limits.ts";
import { admitPerson } from "../outside-accounts/service.ts";
import { endSession, findIdToken } from "../sessions/service.ts";
import { type SigningBrowser, signInBrowser } from "../sign-in/service.ts";
import { keepAttempt, type SignInAttempt, takeAttempt } from "../sign-in-attempts/service.ts";
import {
  BeginSignInInput,
  FinishSignInInput,
  type SignInBegun,
  SignInBegunSchema,
  type SignInFinished,
  SignInFinishedSchema,
  type SignInRefusal,
} from "./contract.ts";
import { findPagePrefix, formatScope, parseNext } from "./rules.ts";

const BEGINNINGS: RateLimit = {
  name: "oidc-begin",
  attemptsMax: OIDC_ATTEMPTS_PER_ADDRESS_MAX,
  windowMs: OIDC_ATTEMPTS_WINDOW_MS,
};

/**
 * Sends a browser to the identity provider. Nothing but a note of it is kept, bound to this browser and used once.
 * @throws AppError `OIDC_OFF`, `OIDC_UNCONFIGURED`, `OIDC_ATTEMPTS_LIMIT`, `OIDC_PROVIDER_AWAY` or
 *   `OIDC_ANSWER_INVALID`.
 */
export const beginSignIn = operation(
  { type: "query", scope: "public", input: BeginSignInInput, output: SignInBegunSchema },
  async (ctx, input): Promise<SignInBegun> => {
    const oidc = requireOidc(ctx);
    const verdict = await countAttempt(ctx, BEGINNINGS, networkOf(ctx));
    if (!verdict.isAllowed) {
      const { retryAfterMs } = verdict;
      const message = "Too many sign-ins were begun. Try again later.";
      throw new AppError("rate_limited", "OIDC_ATTEMPTS_LIMIT", { message, retryAfterMs });
    }
    const { url, secrets } = await startAtProvider(ctx, oidc, (supported) =>
      formatScope(oidc.rolesClaim, supported),
    );
    const startPage = `${findPagePrefix(oidc.redirectUri)}/`;
    // The same key for every tab of a browser, or the first one could not come back.
    const browserKey = input.browserKey ?? createUuid();
    await keepAttempt(ctx, browserKey, { secrets, next: parseNext(input.next) ?? startPage });
    return { providerUrl: url, browserKey, isSecure: ctx.facts.isSecureCookie };
  },
);

function requireOidc({ facts }: Context): OidcFacts {
  const { oidc } = facts;
  if (oidc === null) throw new AppError("forbidden", "OIDC_OFF", { message: "OAuth disabled" });
  const { clientId, redirectUri, discoveryUrl } = oidc;
  if (clientId !== "" && redirectUri !== "" && discoveryUrl !== "") return oidc;
  throw new AppError("unavailable", "OIDC_UNCONFIGURED", { message: "OAuth not configured" });
}

/**
 * Signs in a browser that comes back from the identity provider.
 * @returns What the browser has to remember, or why it is shown the login page again.
 * @throws AppError `OIDC_OFF`, `OIDC_UNCONFIGURED`, `OIDC_PROVIDER_AWAY`, `OIDC_ANSWER_INVALID`, and those of
 *   {@link admitPerson}.
 */
export const finishSignIn = operation(
  {
    type: "mutation",
    scope: "public",
    input: FinishSignInInput,
    output: SignInFinishedSchema,
    storesNoAnswer: true,
  },
  async (ctx, { query: queryText, browserKey, ...browser }): Promise<SignInFinished> => {
    const oidc = requireOidc(ctx);
    const query = new URLSearchParams(queryText);
    const attempt = await takeAttempt(ctx, query.get("state"), browserKey);
    if (attempt === null) return refuse(oidc, "oidc_expired");
    try {
      const finished = await finishAttempt(ctx, { oidc, query, attempt, browser });
      if (finished.kind === "refused") await noteFailure(ctx, finished.reason);
      return finished;
    } catch (error) {
      if (isAppError(error)) await noteFailure(ctx, error.code);
      throw error;
    }
  },
);

interface ReturnedAttempt {
  readonly oidc: OidcFacts;
  readonly query: URLSearchParams;
  readonly attempt: SignInAttempt;
  readonly browser: SigningBrowser;
}

async function finishAttempt(ctx: Context, returned: ReturnedAttempt): Promise<SignInFinished> {
  const { oidc, query, attempt, browser } = returned;
  const refusal = readRefusal(ctx, query);
  if (refusal !== null) return refuse(oidc, refusal);
  const proven = await tradeCode(ctx, oidc, { query, secrets: attempt.secrets });
  if (proven === null) return refuse(oidc, "oidc_failed");
  const account = await admitPerson(ctx, oidc, proven);
  const isKept = oidc.isLogoutForwarded && proven.idToken.length <= OIDC_KEPT_TOKEN_CHARS_MAX;
  const oidcIdToken = isKept ? proven.idToken : null;
  const signedIn = await signInBrowser(ctx, account, { ...browser, oidcIdToken });
  await noteAudit(ctx, {
    action: "login.succeeded",
    subject: account.username,
    actor: account,
    details: { method: "oidc" },
  });
  return { kind: "signed_in", signedIn, next: attempt.next };
}

function refuse(oidc: OidcFacts, reason: SignInRefusal): SignInFinished {
  return { kind: "refused", reason, pagePrefix: findPagePrefix(oidc.redirectUri) };
}

/** What the provider says instead of giving a code; null when it gave one. */
function readRefusal(ctx: Context, query: URLSearchParams): SignInRefusal | null {
  const error = query.get("error");
  if (error === null) return query.get("code") === null ? "oidc_failed" : null;
  const reason = `${error} ${query.get("error_description") ?? ""}`.slice(0, OIDC_LOGGED_CHARS_MAX);
  ctx.ports.log.warn("the identity provider refused a sign-in", { reason });
  return error === "access_denied" ? "oidc_denied" : "oidc_failed";
}

async function noteFailure(ctx: Context, reason: string): Promise<void> {
  await noteAudit(ctx, { action: "login.failed", subject: "", details: { method: "oidc", reason } });
}

/**
 * Ends a session, and gives the address that signs its browser out at the provider too.
 * @returns Null when that is off, or the session did not begin there, or the provider cannot be asked.
 */
export async function endSessionEverywhere(ctx: Context, sessionId: string): Promise<string | null> {
  const { oidc } = ctx.facts;
  const isForwarded = oidc?.isLogoutForwarded ?? false;
  const idToken = isForwarded ? await findIdToken(ctx, sessionId) : null;
  // Before the provider is asked, who may be slow: here the browser is signed out at once.
  await endSession(ctx, sessionId);
  return oidc === null || idToken === null ? null : await findLogoutUrl(ctx, oidc, idToken);
}

/** What an operator should know at the start about the sign-in they set up; nothing while it is off. */
export function describeOidcSetup(oidc: OidcFacts | null): {
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
} {
  if (oidc === null) return { lines: [], warnings: [] };
  const isPlain = oidc.discoveryUrl.startsWith("http:");
  const isComplete = oidc.clientId !== "" && oidc.redirectUri !== "" && oidc.discoveryUrl !== "";
  return {
    lines: isComplete ? [`OpenID Connect by ${oidc.discoveryUrl}, which must allow ${oidc.redirectUri}`] : [],
    warnings: [
      ...(isComplete
        ? []
        : ["OIDC_ENABLED needs OIDC_CLIENT_ID, OIDC_REDIRECT_URI and OIDC_SERVER_APPLICATION_URL"]),
      ...(isPlain
        ? ["the identity provider is asked over http: whoever listens on the way can sign in"]
        : []),
    ],
  };
}
