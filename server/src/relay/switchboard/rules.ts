/**
 * All connections and sessions of one process as a machine without sockets. An event, the time and the state give the
 * effects; the state is changed in place, because a copy of every connection for every event would make the relay
 * slower the more it is used. What happens inside a session is pure (`sessions/rules.ts`).
 */
import { type AddressUse, createUse, isForgettable, takeConnection } from "../admission/rules.ts";
import { readGreeting } from "../greetings/rules.ts";
import {
  ADDRESSES_MAX,
  GREETING_MS,
  ID_BYTES,
  type RelayLimits,
  SWEEP_MIN,
  SWEEP_PARTS,
  TAP_BYTES_MAX,
} from "../limits.ts";
import { formatId, formatRefusal, joinBytes, type Refusal } from "../messages/rules.ts";
import {
  type Claim,
  createSession,
  type Effect,
  isDue,
  type Session,
  type SessionEvent,
  stepSession,
} from "../sessions/rules.ts";

/** One open connection. */
interface Connection {
  readonly network: string;
  readonly isAllowed: boolean;
  readonly openedAtMs: number;
  readonly use: AddressUse;
  role: "greeting" | "owner" | "user" | "link" | "leaving";
  /** Empty as long as there is none. */
  sessionId: string;
  /** The first bytes: of a greeting, and then of what is overheard. */
  head: Uint8Array;
}

export interface RelayState {
  readonly connections: Map<number, Connection>;
  readonly sessions: Map<string, Session>;
  /** Sessions by the users that wait for a link. */
  readonly awaited: Map<string, string>;
  readonly uses: Map<string, AddressUse>;
  /** Connections that have not said what they want, or had not a moment ago; oldest first. */
  readonly greetings: Set<number>;
  readonly sweeps: { sessions: Sweep<Session>; uses: Sweep<AddressUse> };
  /** Until when networks are banned. */
  bans: ReadonlyMap<string, number>;
}

/** How far a look at everything has come: a map's iterator, which also sees what is new and skips what is gone. */
type Sweep<T> = MapIterator<[string, T]>;

export function createRelayState(): RelayState {
  const sessions = new Map<string, Session>();
  const uses = new Map<string, AddressUse>();
  return {
    connections: new Map(),
    sessions,
    awaited: new Map(),
    uses,
    greetings: new Set(),
    sweeps: { sessions: sessions.entries(), uses: uses.entries() },
    bans: new Map(),
  };
}

export type RelayEvent =
  | {
      readonly kind: "connected";
      readonly connection: number;
      readonly network: string;
      /** Its address is on the operator's list. */
      readonly isAllowed: boolean;
    }
  | { readonly kind: "received"; readonly connection: number; readonly bytes: Uint8Array }
  /** Bytes of a linked connection, which went their way already. */
  | { readonly kind: "passed"; readonly connection: number; readonly bytes: Uint8Array }
  | { readonly kind: "closed"; readonly connection: number }
  | { readonly kind: "tick" }
  | {
      readonly kind: "kicked";
      readonly sessionId: string;
      readonly memberId: number;
      readonly isBanned: boolean;
    }
  | { readonly kind: "claimed"; readonly sessionId: string; readonly claim: Claim }
  /** By network, until when. */
  | { readonly kind: "bans"; readonly bans: ReadonlyMap<string, number> };

/** What the machine is given beside the state. */
export interface RelayRules {
  readonly limits: RelayLimits;
  /** Random bytes for ids. */
  randomBytes(count: number): Uint8Array;
  /** 16 bytes that hosts are told instead of an address: the same for the same network. */
  disguise(network: string): Uint8Array;
}

/** Where and when an event is handled. */
interface Scene {
  readonly state: RelayState;
  readonly rules: RelayRules;
  readonly nowMs: number;
}

type Effects = readonly Effect[];
const NOTHING: Effects = [];
const NO_BYTES = new Uint8Array();

/** Handles one event. */
export function stepRelay(state: RelayState, event: RelayEvent, when: Omit<Scene, "state">): Effects {
  const scene = { state, ...when };
  switch (event.kind) {
    case "connected":
      return onConnected(scene, event);
    case "received":
      return onReceived(scene, event.connection, event.bytes);
    case "passed":
      return onPassed(scene, event.connection, event.bytes);
    case "closed":
      return onClosed(scene, event.connection);
    case "tick":
      return onTick(scene);
    case "kicked":
      return tell(scene, event.sessionId, event);
    case "claimed":
      return tell(scene, event.sessionId, event);
    case "bans":
      return onBans(scene, event.bans);
  }
}

const close = (connection: number): Effect => ({ kind: "close", connection });

/** How much an address has used; null for one that was never here. For counting the bytes of linked connections. */
export function findUse(state: RelayState, connection: number): AddressUse | null {
  return state.connections.get(connection)?.use ?? null;
}

type Arrival = Extract<RelayEvent, { kind: "connected" }>;

function onConnected(scene: Scene, { connection, network, isAllowed }: Arrival): Effects {
  const { state, rules, nowMs } = scene;
  const use = useOf(scene, network);
  const hasRoom = state.connections.size < rules.limits.connectionsMax;
  if (use === null || !hasRoom || !takeConnection(use, rules.limits, nowMs)) return [close(connection)];
  state.connections.set(connection, {
    network,
    isAllowed,
    openedAtMs: nowMs,
    use,
    role: "greeting",
    sessionId: "",
    head: NO_BYTES,
  });
  state.greetings.add(connection);
  return NOTHING;
}

/** Null when too many addresses are known to take in one more. */
function useOf({ state, rules, nowMs }: Scene, network: string): AddressUse | null {
  const known = state.uses.get(network);
  if (known !== undefined) return known;
  if (state.uses.size >= ADDRESSES_MAX) return null;
  const use = createUse(rules.limits, nowMs);
  state.uses.set(network, use);
  return use;
}

function onReceived(scene: Scene, id: number, bytes: Uint8Array): Effects {
  const connection = scene.state.connections.get(id);
  if (connection === undefined) return NOTHING;
  switch (connection.role) {
    case "greeting":
      connection.head = joinBytes(connection.head, bytes);
      return onGreeting(scene, id, connection);
    case "owner":
      return tell(scene, connection.sessionId, { kind: "owner_sent", bytes });
    case "user":
      return onEarly(scene, id, { connection, bytes });
    default:
      return NOTHING;
  }
}

interface Bytes {
  readonly connection: Connection;
  readonly bytes: Uint8Array;
}

function onEarly(scene: Scene, id: number, { connection, bytes }: Bytes): Effects {
  connection.head = joinBytes(connection.head, bytes).subarray(0, TAP_BYTES_MAX);
  return tell(scene, connection.sessionId, { kind: "user_sent", connection: id, bytes });
}

function onGreeting(scene: Scene, id: number, connection: Connection): Effects {
  const greeting = readGreeting(connection.head);
  switch (greeting.kind) {
    case "more":
      return NOTHING;
    case "open":
      return openSession(scene, id, { connection, bytes: greeting.rest });
    case "join":
      return join(scene, id, {
        connection,
        bytes: greeting.rest,
        session: scene.state.sessions.get(greeting.sessionId),
      });
    case "plain":
      return joinPlainly(scene, id, { connection, bytes: greeting.rest });
    case "link":
      return link(scene, id, { connection, bytes: greeting.rest, userId: greeting.userId });
    case "old":
      return refuse(id, connection, isWelcome(scene, connection) ? "old" : "denied");
    case "unknown":
      return leave(id, connection);
  }
}

function isWelcome({ state, nowMs }: Scene, { isAllowed, network }: Connection): boolean {
  return isAllowed && (state.bans.get(network) ?? 0) <= nowMs;
}

function leave(id: number, connection: Connection): Effects {
  connection.role = "leaving";
  connection.head = NO_BYTES;
  return [close(id)];
}

function refuse(id: number, connection: Connection, refusal: Refusal): Effects {
  return [{ kind: "send", to: id, bytes: formatRefusal(refusal) }, ...leave(id, connection)];
}

function openSession(scene: Scene, id: number, { connection, bytes }: Bytes): Effects {
  const { state, rules, nowMs } = scene;
  const { limits } = rules;
  const isFull =
    state.sessions.size >= limits.sessionsMax || connection.use.sessions >= limits.sessionsPerAddressMax;
  if (isFull || !isWelcome(scene, connection)) return leave(id, connection);
  const sessionId = formatId(rules.randomBytes(ID_BYTES));
  const { session, effects } = createSession(
    { id: sessionId, owner: id, network: connection.network },
    nowMs,
  );
  state.sessions.set(sessionId, session);
  connection.role = "owner";
  connection.sessionId = sessionId;
  connection.head = NO_BYTES;
  connection.use.sessions += 1;
  return bytes.length === 0
    ? effects
    : [...effects, ...tell(scene, sessionId, { kind: "owner_sent", bytes })];
}

interface Joining extends Bytes {
  readonly session: Session | undefined;
}

function join(scene: Scene, id: number, { connection, bytes, session }: Joining): Effects {
  if (!isWelcome(scene, connection)) return refuse(id, connection, "denied");
  if (session === undefined) return leave(id, connection);
  const { rules } = scene;
  const userId = formatId(rules.randomBytes(ID_BYTES));
  connection.role = "user";
  connection.sessionId = session.id;
  connection.head = bytes.subarray(0, TAP_BYTES_MAX);
  const { network } = connection;
  const user = { userId, connection: id, network, shownAddress: rules.disguise(network), early: bytes };
  return tell(scene, session.id, { kind: "user_came", user });
}

/** A user who names no session means the only one there is, or the only one that somebody made his own. */
function joinPlainly(scene: Scene, id: number, { connection, bytes }: Bytes): Effects {
  if (!isWelcome(scene, connection)) return refuse(id, connection, "denied");
  const session = findPlainSession(scene.state.sessions);
  if (session === null) return refuse(id, connection, "old");
  return join(scene, id, { connection, bytes, session });
}

function findPlainSession(sessions: ReadonlyMap<string, Session>): Session | null {
  let claimed: Session | null = null;
  let claims = 0;
  for (const session of sessions.values()) {
    if (sessions.size === 1) return session;
    if (session.claim === null) continue;
    claimed = session;
    claims += 1;
  }
  return claims === 1 ? claimed : null;
}

interface Linking extends Bytes {
  readonly userId: string;
}

function link(scene: Scene, id: number, { connection, bytes, userId }: Linking): Effects {
  const { state } = scene;
  const sessionId = state.awaited.get(userId);
  const session = sessionId === undefined ? undefined : state.sessions.get(sessionId);
  if (session === undefined || !isWelcome(scene, connection)) return leave(id, connection);
  connection.role = "link";
  connection.sessionId = session.id;
  connection.head = NO_BYTES;
  return tell(scene, session.id, { kind: "link_came", connection: id, userId, rest: bytes });
}

function onPassed(scene: Scene, id: number, bytes: Uint8Array): Effects {
  const connection = scene.state.connections.get(id);
  if (connection === undefined || connection.head.length >= TAP_BYTES_MAX) return NOTHING;
  connection.head = joinBytes(connection.head, bytes).slice(0, TAP_BYTES_MAX);
  return tell(scene, connection.sessionId, { kind: "overheard", connection: id, head: connection.head });
}

function onClosed(scene: Scene, id: number): Effects {
  const { connections } = scene.state;
  const connection = connections.get(id);
  if (connection === undefined) return NOTHING;
  connections.delete(id);
  connection.use.connections -= 1;
  const { role, sessionId } = connection;
  if (role === "owner") return tell(scene, sessionId, { kind: "owner_closed" });
  if (sessionId === "") return NOTHING;
  return tell(scene, sessionId, { kind: "member_closed", connection: id });
}

/** Hands an event to a session, and keeps what becomes of it. */
function tell(scene: Scene, sessionId: string, event: SessionEvent): Effects {
  const { state, nowMs } = scene;
  const before = state.sessions.get(sessionId);
  if (before === undefined) return NOTHING;
  const { session, effects } = stepSession(before, event, nowMs);
  if (session === null) {
    state.sessions.delete(sessionId);
    const use = state.uses.get(before.network);
    if (use !== undefined) use.sessions -= 1;
  } else if (session !== before) state.sessions.set(sessionId, session);
  if (session === null || session.members !== before.members) keepAwaited(state, before, session);
  for (const effect of effects) {
    if (effect.kind !== "close") continue;
    const connection = state.connections.get(effect.connection);
    if (connection !== undefined) connection.role = "leaving";
  }
  return effects;
}

function keepAwaited(state: RelayState, before: Session, after: Session | null): void {
  const waits = new Set(
    (after?.members ?? []).flatMap(({ userId, link }) => (link === null ? [userId] : [])),
  );
  for (const { userId } of before.members) if (!waits.has(userId)) state.awaited.delete(userId);
  for (const userId of [...waits]) state.awaited.set(userId, before.id);
}

/** Looks at a part of everything, so that nobody's input waits for it. */
function onTick(scene: Scene): Effects {
  const { state, nowMs } = scene;
  const effects = closeSilent(scene);
  const { sessions, uses, sweeps } = state;
  sweeps.sessions = sweep(sessions, sweeps.sessions, (sessionId, session) => {
    if (isDue(session, nowMs)) effects.push(...tell(scene, sessionId, { kind: "tick" }));
  });
  sweeps.uses = sweep(uses, sweeps.uses, (network, use) => {
    if (isForgettable(use, nowMs)) uses.delete(network);
  });
  return effects;
}

/** Looks at the next entries of a map; gives where to go on. */
function sweep<T>(
  map: ReadonlyMap<string, T>,
  from: Sweep<T>,
  look: (key: string, value: T) => void,
): Sweep<T> {
  const count = Math.max(SWEEP_MIN, Math.ceil(map.size / SWEEP_PARTS));
  for (let looked = 0; looked < count; looked++) {
    const { done, value } = from.next();
    if (done === true) return map.entries();
    look(value[0], value[1]);
  }
  return from;
}

/** Closes those who do not say what they want. */
function closeSilent({ state, nowMs }: Scene): Effect[] {
  const effects: Effect[] = [];
  for (const id of state.greetings) {
    const connection = state.connections.get(id);
    const isGreeting = connection?.role === "greeting";
    if (isGreeting && nowMs - connection.openedAtMs < GREETING_MS) break;
    state.greetings.delete(id);
    if (isGreeting) effects.push(...leave(id, connection));
  }
  return effects;
}

/** Closing is enough: what hangs on a connection ends with it. */
function onBans({ state, nowMs }: Scene, bans: ReadonlyMap<string, number>): Effects {
  const isNew = (network: string) => (bans.get(network) ?? 0) > nowMs && !state.bans.has(network);
  const banned = [...state.connections].filter(([, { network }]) => isNew(network));
  state.bans = bans;
  return banned.map(([id]) => close(id));
}
