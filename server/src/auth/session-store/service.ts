import { type Adapter, type DatabaseSession, type DatabaseUser, Lucia, TimeSpan } from "lucia";
import * as v from "valibot";
import type { Kv } from "../../ports/kv/port.ts";

/** What a login session carries besides its owner. */
export interface SessionFacts {
  /** The owner's name at login, for whoever reads the store. */
  readonly username: string;
  readonly deviceId: string | null;
  /** The state of the owner's password at login; another one ends the session. */
  readonly passwordMark: string;
  readonly startedAtMs: number;
  /** What proves to the identity provider whom to sign out; null unless signing out there is on. */
  readonly oidcIdToken: string | null;
}

declare module "lucia" {
  interface Register {
    Lucia: SessionKeeper;
    UserId: number;
    DatabaseSessionAttributes: SessionFacts;
  }
}

/** lucia with our sessions; the only place that knows of the library. */
export type SessionKeeper = Lucia<SessionFacts, Record<never, never>>;

const ISSUER = "romm:auth";

const StoredSession = v.object({
  iss: v.literal(ISSUER),
  sub: v.string(),
  user_id: v.pipe(v.number(), v.integer()),
  device_id: v.nullable(v.string()),
  mark: v.string(),
  started: v.number(),
  oidc_id_token: v.optional(v.string()),
});

/** Names of the keys, as operators of the compatible server know them. */
const sessionKey = (sessionId: string) => `session:${sessionId}`;
const userKey = (userId: number) => `user_sessions:${userId}`;

/** Sessions removed by one call to the store. */
const REMOVE_BATCH = 500;

/**
 * Makes lucia keep its sessions in the kv store. The life of a session is the life of its key: it is lengthened
 * apart from the value, so a slow request cannot bring back what a logout removed.
 */
export function createSessionKeeper(kv: Kv, maxAgeMs: number): SessionKeeper {
  return new Lucia(createAdapter(kv, maxAgeMs), {
    sessionExpiresIn: new TimeSpan(maxAgeMs, "ms"),
    getSessionAttributes: (facts) => facts,
    getUserAttributes: () => ({}),
  });
}

function createAdapter(kv: Kv, maxAgeMs: number): Adapter {
  const find = async (sessionId: string): Promise<DatabaseSession | null> => {
    const text = await kv.get(sessionKey(sessionId));
    return text === null ? null : parseSession(sessionId, text, maxAgeMs);
  };
  return {
    async getSessionAndUser(sessionId): Promise<[DatabaseSession | null, DatabaseUser | null]> {
      const session = await find(sessionId);
      // Whether the account is still there and enabled is asked of the users domain, with its own cache.
      return session === null ? [null, null] : [session, { id: session.userId, attributes: {} }];
    },
    async getUserSessions(userId) {
      const ids = await kv.members(userKey(userId));
      const sessions = await Promise.all(ids.map(find));
      const gone = ids.filter((_, index) => sessions[index] === null);
      if (gone.length > 0) await kv.removeMembers(userKey(userId), gone);
      return sessions.filter((session) => session !== null);
    },
    async setSession(session) {
      await kv.set(sessionKey(session.id), formatSession(session), { ttlMs: maxAgeMs });
      await kv.addMembers(userKey(session.userId), [session.id], { ttlMs: maxAgeMs });
    },
    async updateSessionExpiration(sessionId) {
      await kv.expire(sessionKey(sessionId), maxAgeMs);
    },
    async deleteSession(sessionId) {
      const session = await find(sessionId);
      await kv.remove([sessionKey(sessionId)]);
      if (session !== null) await kv.removeMembers(userKey(session.userId), [sessionId]);
    },
    async deleteUserSessions(userId) {
      const ids = await kv.members(userKey(userId));
      for (let start = 0; start < ids.length; start += REMOVE_BATCH) {
        const some = ids.slice(start, start + REMOVE_BATCH);
        await kv.remove(some.map(sessionKey));
        // Not the whole set: a session that began meanwhile would live on, and nobody could list or end it.
        await kv.removeMembers(userKey(userId), some);
      }
    },
    // The store forgets by itself.
    deleteExpiredSessions: () => Promise.resolve(),
  };
}

/**
 * Makes a session that is in use live its whole span again.
 * @returns False when it is gone.
 */
export async function renewSession(
  kv: Kv,
  session: { readonly id: string; readonly userId: number },
  maxAgeMs: number,
): Promise<boolean> {
  const isThere = await kv.expire(sessionKey(session.id), maxAgeMs);
  if (isThere) await kv.expire(userKey(session.userId), maxAgeMs);
  return isThere;
}

function formatSession(session: DatabaseSession): string {
  const { username, deviceId, passwordMark, startedAtMs, oidcIdToken } = session.attributes;
  const stored: v.InferOutput<typeof StoredSession> = {
    iss: ISSUER,
    sub: username,
    user_id: session.userId,
    device_id: deviceId,
    mark: passwordMark,
    started: startedAtMs,
    ...(oidcIdToken === null ? {} : { oidc_id_token: oidcIdToken }),
  };
  return JSON.stringify(stored);
}

/** Null for what is not of our making: the store may hold sessions of the server we replaced. */
function parseSession(sessionId: string, text: string, maxAgeMs: number): DatabaseSession | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), StoredSession), text);
  if (!parsed.success) return null;
  const { sub, user_id, device_id, mark, started, oidc_id_token = null } = parsed.output;
  const facts = { username: sub, deviceId: device_id, passwordMark: mark, startedAtMs: started };
  return {
    id: sessionId,
    userId: user_id,
    // The key's own life decides; lucia must neither end nor lengthen the session.
    expiresAt: new Date(Date.now() + maxAgeMs),
    attributes: { ...facts, oidcIdToken: oidc_id_token },
  };
}
