import type { Context } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import { ANONYMOUS, type AnonymousIdentity, type Identity, type Proof } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import { isScope, READ_SCOPES, type Scope } from "../base/scopes.ts";
import { signInWebDevice } from "../devices/service.ts";
import { type Account, noteActivity, noteLogin } from "../users/accounts/service.ts";
import { KIOSK_USER_ID } from "../users/service.ts";
import { proveClientToken } from "./client-tokens/service.ts";
import { LoginInput, type SignedIn, SignedInSchema, type SignedOut, SignedOutSchema } from "./contract.ts";
import { hasCredentialScheme, parseAuthorization } from "./credentials/rules.ts";
import { provePassword } from "./credentials/service.ts";
import { createCsrfToken } from "./csrf/rules.ts";
import { endSession, findLiveSession, renewIfDue, startSession } from "./sessions/service.ts";
import { readAccessToken } from "./tokens/service.ts";

/** What is known of a call before its caller is. */
export type Scene = Pick<Context, "ports" | "db" | "facts" | "clientAddress">;

/** What a request brings along to say who it is. */
export interface RequestProofs {
  /** The Authorization header. */
  readonly authorization: string | null;
  /** The session id in the cookie. */
  readonly sessionId: string | null;
}

/** Who calls, and what became of the session in the cookie. */
export interface Identified {
  readonly identity: Identity;
  /** `renewed`: its cookie should be sent again; `ended`: the cookie should go. */
  readonly session: "none" | "live" | "renewed" | "ended";
}

/** An anonymous caller whose credentials count for nothing, and why: public operations serve them all the same. */
interface RefusedIdentity extends AnonymousIdentity {
  readonly refusal: AppError;
}

const KIOSK: Identity = { kind: "kiosk", scopes: new Set(READ_SCOPES) };

/**
 * Finds out who calls. A session cookie counts only without a Basic or Bearer header, for no other site can
 * make a browser send such a header. Wrong credentials make an anonymous caller and never fail the request.
 */
export async function identify(ctx: Scene, proofs: RequestProofs): Promise<Identified> {
  if (proofs.sessionId === null || hasCredentialScheme(proofs.authorization)) {
    return { identity: await identifyByHeader(ctx, proofs.authorization), session: "none" };
  }
  const live = await findLiveSession(ctx, proofs.sessionId);
  const renewal = live === null ? "gone" : await renewIfDue(ctx, live.session);
  if (live === null || renewal === "gone") {
    return { identity: await identifyByHeader(ctx, proofs.authorization), session: "ended" };
  }
  const { session, account } = live;
  const offer = { scopes: account.scopes, deviceId: session.deviceId, sessionId: session.id };
  return {
    identity: await toIdentity(ctx, account, { ...offer, proof: "session" }),
    session: renewal === "renewed" ? "renewed" : "live",
  };
}

async function identifyByHeader(ctx: Scene, header: string | null): Promise<Identity> {
  const credential = parseAuthorization(header);
  switch (credential.kind) {
    case "none":
    case "other":
      return ctx.facts.isKiosk ? KIOSK : ANONYMOUS;
    case "unreadable":
      return ANONYMOUS;
    case "basic":
      return await identifyByPassword(ctx, credential);
    case "client_token":
      return await identifyByClientToken(ctx, credential.token);
    case "access_token":
      return await identifyByAccessToken(ctx, credential.token);
  }
}

async function identifyByPassword(
  ctx: Scene,
  credentials: { readonly username: string; readonly password: string },
): Promise<Identity> {
  const account = await provePassword(ctx, credentials).catch((error: unknown) => {
    if (isAppError(error) && error.kind === "rate_limited") return error;
    throw error;
  });
  if (account instanceof AppError) return refused(account);
  if (account === null || !account.isEnabled) return ANONYMOUS;
  return await toIdentity(ctx, account, { ...NO_DEVICE, scopes: account.scopes, proof: "basic" });
}

async function identifyByClientToken(ctx: Scene, token: string): Promise<Identity> {
  const proof = await proveClientToken(ctx, token);
  if (proof === null) return ANONYMOUS;
  const { account, scopes, deviceId } = proof;
  return await toIdentity(ctx, account, { scopes, proof: "client_token", deviceId, sessionId: null });
}

async function identifyByAccessToken(ctx: Scene, token: string): Promise<Identity> {
  const reading = await readAccessToken(ctx, token);
  if (reading.kind === "invalid") return refused(reading.error);
  if (reading.kind === "nobody") return ANONYMOUS;
  const scopes = reading.scopes.filter(isScope);
  return await toIdentity(ctx, reading.account, { ...NO_DEVICE, scopes, proof: "access_token" });
}

function refused(refusal: AppError): RefusedIdentity {
  return { kind: "anonymous", refusal };
}

/** What a proof offers; the account's own scopes bound it. */
interface Offer {
  readonly scopes: readonly Scope[];
  readonly proof: Proof;
  readonly deviceId: string | null;
  readonly sessionId: string | null;
}

const NO_DEVICE = { deviceId: null, sessionId: null } as const;

async function toIdentity(ctx: Scene, account: Account, offer: Offer): Promise<Identity> {
  await noteActivity(ctx, account.id);
  const { id: userId, username, isAdmin } = account;
  const held = new Set(account.scopes);
  const scopes = new Set(offer.scopes.filter((scope) => held.has(scope)));
  return { kind: "user", userId, username, isAdmin, ...offer, scopes };
}

/** The id that CSRF tokens know a caller by: null for an anonymous one. */
export function toCsrfUserId(identity: Identity): number | null {
  if (identity.kind === "user") return identity.userId;
  return identity.kind === "kiosk" ? KIOSK_USER_ID : null;
}

/**
 * Signs a browser in with a password. The session gets a new id, and the one in use until now ends.
 * @returns What the browser has to remember: session, CSRF token and its own id.
 */
export const login = operation(
  { type: "mutation", scope: "public", input: LoginInput, output: SignedInSchema, storesNoAnswer: true },
  async (ctx, input): Promise<SignedIn> => {
    const { facts } = ctx;
    if (facts.flags.disableUserpassLogin) {
      throw new AppError("forbidden", "AUTH_LOGIN_OFF", { message: "Login with a password is disabled" });
    }
    const credential = parseAuthorization(input.authorization);
    if (credential.kind !== "basic") {
      throw new AppError("unauthenticated", "AUTH_CREDENTIALS_MISSING", { message: "Not authenticated" });
    }
    const account = requireEnabled(await provePassword(ctx, credential));
    if (input.sessionId !== null) await endSession(ctx, input.sessionId);
    const { browserId, deviceId } = await signInWebDevice(ctx, account.id, input);
    const session = await startSession(ctx, account, deviceId);
    await noteLogin(ctx, account.id);
    return {
      sessionId: session.id,
      csrfToken: createCsrfToken(facts.secretKey, account.id),
      browserId,
      maxAgeSeconds: Math.floor(facts.sessionMaxAgeMs / 1000),
      isSecure: facts.isSecureCookie,
    };
  },
);

function requireEnabled(account: Account | null): Account {
  if (account === null) {
    throw new AppError("unauthenticated", "AUTH_PASSWORD_WRONG", {
      message: "Incorrect username or password",
    });
  }
  if (account.isEnabled) return account;
  throw new AppError("unauthenticated", "AUTH_ACCOUNT_DISABLED", { message: "Disabled user" });
}

/** Signs the calling browser out; harmless for anybody else. */
export const logout = operation(
  { type: "mutation", scope: "public", input: NoInput, output: SignedOutSchema, storesNoAnswer: true },
  async (ctx): Promise<SignedOut> => {
    const { identity, facts } = ctx;
    if (identity.kind === "user" && identity.sessionId !== null) await endSession(ctx, identity.sessionId);
    const userId = facts.isKiosk ? KIOSK_USER_ID : null;
    return { csrfToken: createCsrfToken(facts.secretKey, userId), isSecure: facts.isSecureCookie };
  },
);
