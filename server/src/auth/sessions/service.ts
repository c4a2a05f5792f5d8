import type { Context } from "../../base/context.ts";
import { createExpiringCache, createThrottle } from "../../base/expiring-cache.ts";
import { createUuid } from "../../base/ids.ts";
import { perPorts } from "../../base/per-ports.ts";
import { KV_TTL_MS_MAX } from "../../ports/kv/limits.ts";
import { type Account, findAccount, findFreshAccount } from "../../users/accounts/service.ts";
import {
  PROOFS_CACHED_MAX,
  SESSION_RENEWAL_INTERVAL_MS,
  SESSION_TTL_MS,
  SESSIONS_PER_USER_MAX,
} from "../limits.ts";
import { createSessionKeeper, renewSession, type SessionFacts } from "../session-store/service.ts";

type Scene = Pick<Context, "ports" | "db" | "facts">;

/** A signed-in browser. */
export interface LoginSession extends Omit<SessionFacts, "oidcIdToken"> {
  readonly id: string;
  readonly userId: number;
}

const processState = perPorts((ports) => ({
  sessions: createExpiringCache<string, LoginSession | null>({
    ttlMs: SESSION_TTL_MS,
    entriesMax: PROOFS_CACHED_MAX,
    clock: ports.clock,
  }),
  renewals: createThrottle<string>({
    intervalMs: SESSION_RENEWAL_INTERVAL_MS,
    entriesMax: PROOFS_CACHED_MAX,
    clock: ports.clock,
  }),
}));

function openKeeper(ctx: Scene) {
  return createSessionKeeper(ctx.ports.kv, maxAgeMsOf(ctx));
}

function maxAgeMsOf(ctx: Scene): number {
  return Math.min(ctx.facts.sessionMaxAgeMs, KV_TTL_MS_MAX);
}

/** What a new session carries. */
export interface NewSession {
  readonly deviceId: string | null;
  /** See {@link SessionFacts.oidcIdToken}. */
  readonly oidcIdToken: string | null;
}

/** Signs a browser in; the id is always a new one, so nobody can plant one beforehand. */
export async function startSession(
  ctx: Scene,
  account: Account,
  { deviceId, oidcIdToken }: NewSession,
): Promise<LoginSession> {
  const keeper = openKeeper(ctx);
  await endOldestSessions(ctx, account.id);
  const startedAtMs = ctx.ports.clock.now().getTime();
  const facts = { username: account.username, deviceId, passwordMark: account.passwordMark, startedAtMs };
  const stored = { ...facts, oidcIdToken };
  const { id } = await keeper.createSession(account.id, stored, { sessionId: createUuid() });
  // Its life has just begun: the first renewal is due an interval from now.
  processState(ctx.ports).renewals.isDue(id);
  return { id, userId: account.id, ...facts };
}

async function endOldestSessions(ctx: Scene, userId: number): Promise<void> {
  const keeper = openKeeper(ctx);
  const sessions = await keeper.getUserSessions(userId);
  if (sessions.length < SESSIONS_PER_USER_MAX) return;
  const oldestFirst = sessions.toSorted((left, right) => left.startedAtMs - right.startedAtMs);
  for (const session of oldestFirst.slice(0, sessions.length - SESSIONS_PER_USER_MAX + 1)) {
    await endSession(ctx, session.id);
  }
}

/** A session that counts, with its owner. */
export interface LiveSession {
  readonly session: LoginSession;
  readonly account: Account;
}

/**
 * Finds the session behind an id, with its owner; read from memory for up to `SESSION_TTL_MS`. A session whose
 * owner is gone or disabled, or has another password or name by now, ends here.
 */
export async function findLiveSession(ctx: Scene, sessionId: string): Promise<LiveSession | null> {
  const session = await processState(ctx.ports).sessions.load(sessionId, () => readSession(ctx, sessionId));
  if (session === null) return null;
  const account = await findAccount(ctx, session.userId);
  if (account !== null && isOwner(account, session)) return { session, account };
  // Memory may be older than a login that followed a changed password in another process.
  const fresh = await findFreshAccount(ctx, session.userId);
  if (fresh !== null && isOwner(fresh, session)) return { session, account: fresh };
  await endSession(ctx, sessionId);
  return null;
}

function isOwner(account: Account, session: LoginSession): boolean {
  const { isEnabled, passwordMark, username } = account;
  return isEnabled && passwordMark === session.passwordMark && username === session.username;
}

async function readSession(ctx: Scene, sessionId: string): Promise<LoginSession | null> {
  const { session } = await openKeeper(ctx).validateSession(sessionId);
  if (session === null) return null;
  const { id, userId, username, deviceId, passwordMark, startedAtMs } = session;
  return { id, userId, username, deviceId, passwordMark, startedAtMs };
}

/**
 * Gives a session in use its whole life again, at most once per `SESSION_RENEWAL_INTERVAL_MS`.
 * @returns `renewed` when the browser's cookie should be renewed too; `gone` when another process has ended
 *   the session since it was read.
 */
export async function renewIfDue(ctx: Scene, session: LoginSession): Promise<"not_due" | "renewed" | "gone"> {
  const { renewals, sessions } = processState(ctx.ports);
  if (!renewals.isDue(session.id)) return "not_due";
  if (await renewSession(ctx.ports.kv, session, maxAgeMsOf(ctx))) return "renewed";
  sessions.drop(session.id);
  return "gone";
}

/** Reads what proves to the identity provider whom to sign out; kept in the store only, for it is long. */
export async function findIdToken(ctx: Scene, sessionId: string): Promise<string | null> {
  const { session } = await openKeeper(ctx).validateSession(sessionId);
  return session?.oidcIdToken ?? null;
}

/** Signs a browser out; harmless when the session is gone. */
export async function endSession(ctx: Scene, sessionId: string): Promise<void> {
  const { renewals, sessions } = processState(ctx.ports);
  await openKeeper(ctx).invalidateSession(sessionId);
  sessions.drop(sessionId);
  renewals.forget(sessionId);
}
