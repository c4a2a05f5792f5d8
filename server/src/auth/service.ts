import { noteAudit } from "../audit/service.ts";
import type { Context } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import { ANONYMOUS, type AnonymousIdentity, type Identity, type Proof } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import { isScope, READ_SCOPES, type Scope } from "../base/scopes.ts";
import { type Account, noteActivity } from "../users/accounts/service.ts";
import { KIOSK_USER_ID } from "../users/service.ts";
import { proveClientToken } from "./client-tokens/service.ts";
import { proveContentTicket, type ShownTicket } from "./content-tickets/service.ts";
import { LoginInput, type SignedIn, SignedInSchema, type SignedOut, SignedOutSchema } from "./contract.ts";
import { toCookieRules } from "./cookies/rules.ts";
import { hasCredentialScheme, parseAuthorization } from "./credentials/rules.ts";
import { provePassword } from "./credentials/service.ts";
import { createCsrfToken } from "./csrf/rules.ts";
import { endSessionEverywhere } from "./oidc/service.ts";
import { findLiveSession, type LoginSession, renewIfDue } from "./sessions/service.ts";
import { signInBrowser } from "./sign-in/service.ts";
import { readAccessToken } from "./tokens/service.ts";

/** What is known of a call before its caller is. */
export type Scene = Pick<Context, "ports" | "db" | "facts" | "clientAddress">;

/** What a request brings along to say who it is. */
export interface RequestProofs {
  /** The Authorization header. */
  readonly authorization: string | null;
  /** The session id in the cookie. */
  readonly sessionId: string | null;
  /** The ticket in the URL; it counts when nothing else came along. */
  readonly contentTicket?: ShownTicket | null | undefined;
  /** Only asked what they are worth: no answer follows that could renew a cookie, so the session is not renewed. */
  readonly isRecheck?: boolean | undefined;
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
  const identified = await findCaller(ctx, proofs);
  const { identity } = identified;
  const noting = identity.kind === "user" ? noteActivity(ctx, identity.userId) : null;
  if (noting !== null) await noting;
  return identified;
}

async function findCaller(ctx: Scene, proofs: RequestProofs): Promise<Identified> {
  if (proofs.sessionId === null || hasCredentialScheme(proofs.authorization)) {
    return { identity: await identifyWithoutSession(ctx, proofs), session: "none" };
  }
  const live = await findLiveSession(ctx, proofs.sessionId);
  const renewal = live === null ? "gone" : await renew(ctx, live.session, proofs);
  if (live === null || renewal === "gone") {
    return { identity: await identifyWithoutSession(ctx, proofs), session: "ended" };
  }
  const { session, account } = live;
  const offer = { scopes: account.scopes, deviceId: session.deviceId, sessionId: session.id };
  return {
    identity: toIdentity(account, { ...offer, proof: "session" }),
    session: renewal === "renewed" ? "renewed" : "live",
  };
}

async function renew(ctx: Scene, session: LoginSession, { isRecheck }: RequestProofs) {
  return isRecheck === true ? "not_due" : await renewIfDue(ctx, session);
}

async function identifyWithoutSession(ctx: Scene, proofs: RequestProofs): Promise<Identity> {
  const credential = parseAuthorization(proofs.authorization);
  switch (credential.kind) {
    case "none":
    case "other":
      return await identifyByTicket(ctx, proofs.contentTicket ?? null);
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

/** A ticket, or nothing at all: then the visitor of a kiosk, if this is one. */
async function identifyByTicket(ctx: Scene, ticket: ShownTicket | null): Promise<Identity> {
  const account = ticket === null ? null : await proveContentTicket(ctx, ticket);
  if (account === null) return ctx.facts.isKiosk ? KIOSK : ANONYMOUS;
  return toIdentity(account, { ...NO_DEVICE, scopes: ["roms.read"], proof: "content_ticket" });
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
  return toIdentity(account, { ...NO_DEVICE, scopes: account.scopes, proof: "basic" });
}

async function identifyByClientToken(ctx: Scene, token: string): Promise<Identity> {
  const proof = await proveClientToken(ctx, token);
  if (proof === null) return ANONYMOUS;
  const { account, scopes, deviceId } = proof;
  return toIdentity(account, { scopes, proof: "client_token", deviceId, sessionId: null });
}

async function identifyByAccessToken(ctx: Scene, token: string): Promise<Identity> {
  const reading = await readAccessToken(ctx, token);
  if (reading.kind === "invalid") return refused(reading.error);
  if (reading.kind === "nobody") return ANONYMOUS;
  return toIdentity(reading.account, {
    ...NO_DEVICE,
    scopes: reading.scopes,
    proof: "access_token",
  });
}

function refused(refusal: AppError): RefusedIdentity {
  return { kind: "anonymous", refusal };
}

/** What a proof offers; the account's own scopes bound it. */
interface Offer {
  readonly scopes: readonly string[];
  readonly proof: Proof;
  readonly deviceId: string | null;
  readonly sessionId: string | null;
}

const NO_DEVICE = { deviceId: null, sessionId: null } as const;

function toIdentity(account: Account, offer: Offer): Identity {
  const { id: userId, username, isAdmin } = account;
  const { proof, deviceId, sessionId } = offer;
  const scopes = boundScopes(account, offer.scopes);
  // Field by field, for spreading costs as much as all the rest of this function.
  return { kind: "user", userId, username, isAdmin, proof, deviceId, sessionId, scopes };
}

/** What became of the scopes of a proof. Proofs and accounts in memory are the same objects from call to call. */
const boundedScopes = new WeakMap<
  readonly string[],
  { readonly account: Account; readonly scopes: ReadonlySet<Scope> }
>();

/** The scopes of a proof that its account holds now. */
function boundScopes(account: Account, offered: readonly string[]): ReadonlySet<Scope> {
  const known = boundedScopes.get(offered);
  // An account that changed is another object.
  if (known?.account === account) return known.scopes;
  const held = new Set<string>(account.scopes);
  const scopes = new Set(offered.filter(isScope).filter((scope) => held.has(scope)));
  boundedScopes.set(offered, { account, scopes });
  return scopes;
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
    if (ctx.facts.flags.disableUserpassLogin) {
      throw new AppError("forbidden", "AUTH_LOGIN_OFF", { message: "Login with a password is disabled" });
    }
    const credential = parseAuthorization(input.authorization);
    if (credential.kind !== "basic") {
      throw new AppError("unauthenticated", "AUTH_CREDENTIALS_MISSING", { message: "Not authenticated" });
    }
    const account = requireEnabled(await provePassword(ctx, credential));
    const signedIn = await signInBrowser(ctx, account, input);
    await noteAudit(ctx, {
      action: "login.succeeded",
      subject: account.username,
      actor: account,
      details: { method: "session" },
    });
    return signedIn;
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

/**
 * Signs the calling browser out; harmless for anybody else.
 * @returns What the browser has to remember, and where it signs out at the identity provider.
 */
export const logout = operation(
  { type: "mutation", scope: "public", input: NoInput, output: SignedOutSchema, storesNoAnswer: true },
  async (ctx): Promise<SignedOut> => {
    const { identity, facts } = ctx;
    let providerLogoutUrl: string | null = null;
    if (identity.kind === "user" && identity.sessionId !== null) {
      providerLogoutUrl = await endSessionEverywhere(ctx, identity.sessionId);
      await noteAudit(ctx, { action: "logout", subject: identity.username });
    }
    const userId = facts.isKiosk ? KIOSK_USER_ID : null;
    const csrfToken = createCsrfToken(facts.secretKey, userId);
    return { csrfToken, providerLogoutUrl, ...toCookieRules(facts) };
  },
);
