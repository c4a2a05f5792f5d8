import type { Socket } from "socket.io";
import { ANONYMOUS, hasScope, type Identity } from "../base/identity.ts";
import { type Budget, type BudgetOptions, createBudget } from "./budget.ts";
import { ADMIN_ROOM, type SocketPeer, userRoom } from "./door.ts";
import { SWEEP_IN_FLIGHT, TOKEN_CHARS_MAX } from "./limits.ts";

/** What a client sent along when it connected to say who it is. */
export interface SocketCredentials {
  /** `auth.token` of the handshake: an access token or a client token. */
  readonly token: string | null;
  /** The Authorization header. */
  readonly authorization: string | null;
  /** The Cookie header. */
  readonly cookie: string | null;
  readonly clientAddress: string | null;
}

/** Who credentials speak for. */
export interface IdentifiedSocket {
  readonly identity: Identity;
  /** Finds out again; throws when that is not possible just now. Absent when nobody could be asked. */
  readonly recheck?: (() => Promise<Identity>) | undefined;
}

/** Finds out who credentials speak for; the app brings it. */
export type IdentifySocket = (credentials: SocketCredentials) => Promise<IdentifiedSocket>;

/** One socket and who it speaks for. */
export interface SocketSession extends SocketPeer {
  readonly socket: Socket;
  readonly credentials: SocketCredentials;
  readonly events: Budget;
  /** Aborted when the socket is gone. */
  readonly gone: AbortController;
  /** The event being handled and those behind it, one after the other. */
  tail: Promise<void>;
  waiting: number;
  identity: Identity;
  recheck: IdentifiedSocket["recheck"];
}

/** What a header can hold: nothing else is a token of ours. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Reads what the handshake says about the caller. */
export function readCredentials(socket: Socket, clientAddress: string | null): SocketCredentials {
  const { auth, headers } = socket.handshake;
  const token: unknown = typeof auth === "object" && auth !== null ? auth.token : undefined;
  const isToken = typeof token === "string" && token.length <= TOKEN_CHARS_MAX && TOKEN.test(token);
  return {
    token: isToken ? token : null,
    authorization: headers.authorization ?? null,
    cookie: headers.cookie ?? null,
    clientAddress,
  };
}

/** What a session begins with. */
export interface SessionParts {
  readonly credentials: SocketCredentials;
  readonly eventBudget: BudgetOptions;
}

/** Makes the session of a socket that nobody was asked about yet. */
export function createSession(socket: Socket, { credentials, eventBudget }: SessionParts): SocketSession {
  return {
    id: socket.id,
    socket,
    credentials,
    clientAddress: credentials.clientAddress,
    events: createBudget(eventBudget),
    gone: new AbortController(),
    tail: Promise.resolve(),
    waiting: 0,
    identity: ANONYMOUS,
    recheck: undefined,
  };
}

/** What became of a session's caller. */
export type Change = "same" | "identified" | "lost";

/** Takes over who the session's caller is by now, and puts the socket into the rooms that follow. */
export function applyIdentity(session: SocketSession, identity: Identity): Change {
  const before = session.identity;
  if (isCallerLost(session, identity)) return "lost";
  session.identity = identity;
  const rooms = new Set(roomsOf(identity));
  for (const room of roomsOf(before)) if (!rooms.has(room)) session.socket.leave(room);
  if (rooms.size > 0) session.socket.join([...rooms]);
  return before.kind === "anonymous" && identity.kind !== "anonymous" ? "identified" : "same";
}

/** Tells whether a socket that spoke for somebody does not speak for them any more. */
export function isCallerLost({ identity: before }: SocketPeer, now: Identity): boolean {
  return before.kind === "user" && !(now.kind === "user" && now.userId === before.userId);
}

function roomsOf(identity: Identity): readonly string[] {
  if (identity.kind !== "user") return [];
  return hasScope(identity, "logs.read")
    ? [userRoom(identity.userId), ADMIN_ROOM]
    : [userRoom(identity.userId)];
}

/**
 * Asks again who a session speaks for; anonymous ones too, whose credentials may count by now.
 * @throws Whatever keeps the store from answering: nothing is known then.
 */
export async function askAgain(session: SocketSession, identify: IdentifySocket): Promise<Identity> {
  if (session.recheck !== undefined) return await session.recheck();
  const { identity, recheck } = await identify(session.credentials);
  session.recheck = recheck;
  return identity;
}

/**
 * Asks again who all accounts behind sockets are; sockets with the same credentials ask once.
 * @param onAnswer Told per session; not told of those that could not be asked.
 */
export async function sweepSessions(
  sessions: Iterable<SocketSession>,
  identify: IdentifySocket,
  onAnswer: (session: SocketSession, identity: Identity) => void,
): Promise<void> {
  const known = [...sessions].filter((session) => session.identity.kind === "user");
  const groups = Map.groupBy(known, ({ credentials }) => JSON.stringify(Object.values(credentials)));
  const asks = [...groups.values()].map((group) => async () => {
    const [first] = group;
    if (first === undefined) return;
    const identity = await askAgain(first, identify);
    for (const session of group) onAnswer(session, identity);
  });
  for (let start = 0; start < asks.length; start += SWEEP_IN_FLIGHT) {
    // Who cannot be asked now stays: an outage signs nobody out.
    await Promise.allSettled(asks.slice(start, start + SWEEP_IN_FLIGHT).map((ask) => ask()));
  }
}
