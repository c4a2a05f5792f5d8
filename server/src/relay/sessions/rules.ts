/** One hosted game as a pure machine: a session, what happens to it, and what follows. */
import { type HostFacts, NO_FACTS, readHostFacts, readUserNick } from "../handshakes/rules.ts";
import {
  BANNED_NETWORKS_MAX,
  EARLY_BYTES_MAX,
  LINK_WAIT_MS,
  LINKS_PENDING_MAX,
  PING_AFTER_MS,
  PINGS_MISSED_MAX,
  USERS_PER_SESSION_MAX,
} from "../limits.ts";
import {
  formatAddressAnswer,
  formatMessage,
  formatPing,
  formatRefusal,
  joinBytes,
  MAGIC,
  type OwnerMessage,
  readOwnerMessages,
} from "../messages/rules.ts";

/** Somebody who joined, or waits for the host to link. Connections go by the number the network gave them. */
export interface Member {
  /** Names it outside of the relay; the id on the wire is a secret between host and relay. */
  readonly memberId: number;
  readonly userId: string;
  readonly connection: number;
  readonly network: string;
  /** 16 bytes that the host is told for the address. */
  readonly shownAddress: Uint8Array;
  readonly joinedAtMs: number;
  /** What it sent before it was linked. */
  readonly early: Uint8Array;
  /** The host's connection to it; null while it waits. */
  readonly link: number | null;
  readonly nick: string | null;
}

/** The account that a session belongs to. */
export interface Claim {
  readonly userId: number;
  readonly username: string;
}

export interface Session {
  readonly id: string;
  /** The host's own connection. */
  readonly owner: number;
  readonly network: string;
  readonly openedAtMs: number;
  /** When the host was last heard on its own connection. */
  readonly heardAtMs: number;
  /** When the host was pinged last, and how often since it was heard. */
  readonly pingedAtMs: number | null;
  readonly pingsMissed: number;
  /** How long the last ping took; null before the first answer. */
  readonly pingMs: number | null;
  /** The beginning of a message of the host. */
  readonly partial: Uint8Array;
  readonly members: readonly Member[];
  readonly nextMemberId: number;
  readonly facts: HostFacts;
  /** Networks that may not join any more. */
  readonly banned: readonly string[];
  readonly claim: Claim | null;
}

export interface NewUser
  extends Pick<Member, "userId" | "connection" | "network" | "shownAddress" | "early"> {}

export type SessionEvent =
  | { readonly kind: "user_came"; readonly user: NewUser }
  | { readonly kind: "user_sent"; readonly connection: number; readonly bytes: Uint8Array }
  | { readonly kind: "owner_sent"; readonly bytes: Uint8Array }
  | {
      readonly kind: "link_came";
      readonly connection: number;
      readonly userId: string;
      readonly rest: Uint8Array;
    }
  /** Of a user or of a link to one. */
  | { readonly kind: "member_closed"; readonly connection: number }
  | { readonly kind: "owner_closed" }
  | { readonly kind: "tick" }
  | { readonly kind: "kicked"; readonly memberId: number; readonly isBanned: boolean }
  | { readonly kind: "claimed"; readonly claim: Claim }
  /** The first bytes of a linked connection, from its very first one. */
  | { readonly kind: "overheard"; readonly connection: number; readonly head: Uint8Array };

export type Effect =
  | { readonly kind: "send"; readonly to: number; readonly bytes: Uint8Array }
  /** What was sent before goes out first. */
  | { readonly kind: "close"; readonly connection: number }
  /** From now on the bytes of each go to the other as they are. */
  | { readonly kind: "pipe"; readonly user: number; readonly link: number }
  /** What is listed of the session is not as it was. */
  | { readonly kind: "changed"; readonly sessionId: string };

export interface SessionStep {
  /** Null when the session has ended. Pairs that are linked do not end with it: they are closed by their own ends. */
  readonly session: Session | null;
  readonly effects: readonly Effect[];
}

const changed = ({ id }: Pick<Session, "id">): Effect => ({ kind: "changed", sessionId: id });
const close = (connection: number): Effect => ({ kind: "close", connection });
const send = (to: number, bytes: Uint8Array): Effect => ({ kind: "send", to, bytes });
const NO_BYTES = new Uint8Array();

/** A session that a host has just asked for. */
export function createSession(
  opened: Pick<Session, "id" | "owner" | "network">,
  nowMs: number,
): SessionStep & { readonly session: Session } {
  const session: Session = {
    ...opened,
    openedAtMs: nowMs,
    heardAtMs: nowMs,
    pingedAtMs: null,
    pingsMissed: 0,
    pingMs: null,
    partial: NO_BYTES,
    members: [],
    nextMemberId: 1,
    facts: NO_FACTS,
    banned: [],
    claim: null,
  };
  return { session, effects: [send(opened.owner, formatMessage(MAGIC.session, opened.id)), changed(opened)] };
}

/** What follows from an event. */
export function stepSession(session: Session, event: SessionEvent, nowMs: number): SessionStep {
  switch (event.kind) {
    case "user_came":
      return onUser(session, event.user, nowMs);
    case "user_sent":
      return onEarlyBytes(session, event.connection, event.bytes);
    case "owner_sent":
      return onOwnerBytes(session, event.bytes, nowMs);
    case "link_came":
      return onLink(session, event);
    case "member_closed":
      return onMemberClosed(session, event.connection);
    case "owner_closed":
      return end(session, []);
    case "tick":
      return onTick(session, nowMs);
    case "kicked":
      return onKick(session, event.memberId, event.isBanned);
    case "claimed":
      return { session: { ...session, claim: event.claim }, effects: [changed(session)] };
    case "overheard":
      return onOverheard(session, event.connection, event.head);
  }
}

const unchanged = (session: Session): SessionStep => ({ session, effects: [] });

function onUser(session: Session, user: NewUser, nowMs: number): SessionStep {
  const refusal = findRefusal(session, user.network);
  if (refusal !== null) {
    return { session, effects: [send(user.connection, formatRefusal(refusal)), close(user.connection)] };
  }
  if (user.early.length > EARLY_BYTES_MAX) return { session, effects: [close(user.connection)] };
  const member: Member = {
    ...user,
    memberId: session.nextMemberId,
    joinedAtMs: nowMs,
    link: null,
    nick: readUserNick(user.early),
  };
  return {
    session: { ...session, nextMemberId: session.nextMemberId + 1, members: [...session.members, member] },
    effects: [send(session.owner, formatMessage(MAGIC.link, user.userId)), changed(session)],
  };
}

function findRefusal(session: Session, network: string): "full" | "denied" | null {
  if (session.banned.includes(network)) return "denied";
  const waiting = session.members.filter(({ link }) => link === null);
  const isFull = session.members.length >= USERS_PER_SESSION_MAX || waiting.length >= LINKS_PENDING_MAX;
  return isFull ? "full" : null;
}

function replaceMember(session: Session, member: Member): Session {
  const members = session.members.map((each) => (each.memberId === member.memberId ? member : each));
  return { ...session, members };
}

function onEarlyBytes(session: Session, connection: number, bytes: Uint8Array): SessionStep {
  const member = session.members.find((each) => each.connection === connection);
  if (member === undefined) return { session, effects: [close(connection)] };
  const early = joinBytes(member.early, bytes);
  if (early.length > EARLY_BYTES_MAX) return removeMembers(session, (each) => each === member);
  return unchanged(replaceMember(session, { ...member, early, nick: readUserNick(early) }));
}

function onOwnerBytes(session: Session, bytes: Uint8Array, nowMs: number): SessionStep {
  const { messages, rest } = readOwnerMessages(joinBytes(session.partial, bytes));
  // Whoever sends something else is no host of a tunnel, and would take any answer for something else as well.
  if (messages.some(({ kind }) => kind === "unknown")) return end(session, [close(session.owner)]);
  const heard: Session = { ...session, partial: rest, heardAtMs: nowMs, pingsMissed: 0 };
  const isPong = messages.some(({ kind }) => kind === "ping") && session.pingedAtMs !== null;
  const answered = isPong
    ? { ...heard, pingMs: nowMs - (session.pingedAtMs ?? nowMs), pingedAtMs: null }
    : heard;
  return { session: answered, effects: messages.flatMap((message) => answerOwner(session, message)) };
}

function answerOwner(session: Session, message: OwnerMessage): readonly Effect[] {
  if (message.kind !== "address") return [];
  const member = session.members.find(({ userId }) => userId === message.userId);
  return [send(session.owner, formatAddressAnswer(message.userId, member?.shownAddress ?? null))];
}

interface LinkCame {
  readonly connection: number;
  readonly userId: string;
  readonly rest: Uint8Array;
}

function onLink(session: Session, { connection, userId, rest }: LinkCame): SessionStep {
  const member = session.members.find((each) => each.userId === userId && each.link === null);
  if (member === undefined) return { session, effects: [close(connection)] };
  const { connection: user, early } = member;
  return {
    session: replaceMember(session, { ...member, link: connection, early: NO_BYTES }),
    effects: [
      { kind: "pipe", user, link: connection },
      ...(early.length > 0 ? [send(connection, early)] : []),
      ...(rest.length > 0 ? [send(user, rest)] : []),
      changed(session),
    ],
  };
}

function onMemberClosed(session: Session, connection: number): SessionStep {
  return removeMembers(session, (each) => each.connection === connection || each.link === connection);
}

/** Lets members go, with both of their connections; closing one that is closed does nothing. */
function removeMembers(session: Session, isMeant: (member: Member) => boolean): SessionStep {
  const gone = session.members.filter(isMeant);
  if (gone.length === 0) return unchanged(session);
  const effects = gone.flatMap(({ connection, link }) => [
    close(connection),
    ...(link === null ? [] : [close(link)]),
  ]);
  const members = session.members.filter((member) => !gone.includes(member));
  return { session: { ...session, members }, effects: [...effects, changed(session)] };
}

/** Nobody can be linked any more; those who are need the host's own connection no longer. */
function end(session: Session, effects: readonly Effect[]): SessionStep {
  const waiting = session.members.filter(({ link }) => link === null);
  return {
    session: null,
    effects: [...effects, ...waiting.map(({ connection }) => close(connection)), changed(session)],
  };
}

const isQuiet = ({ heardAtMs, pingedAtMs }: Session, nowMs: number) =>
  nowMs - Math.max(heardAtMs, pingedAtMs ?? 0) >= PING_AFTER_MS;
const isLate = ({ link, joinedAtMs }: Member, nowMs: number) =>
  link === null && nowMs - joinedAtMs >= LINK_WAIT_MS;

/** Tells whether a tick would change anything: there are thousands of sessions to be looked at. */
export function isDue(session: Session, nowMs: number): boolean {
  if (isQuiet(session, nowMs)) return true;
  for (const member of session.members) if (isLate(member, nowMs)) return true;
  return false;
}

function onTick(session: Session, nowMs: number): SessionStep {
  if (isQuiet(session, nowMs)) {
    if (session.pingsMissed >= PINGS_MISSED_MAX) return end(session, [close(session.owner)]);
    const pinged = { ...session, pingedAtMs: nowMs, pingsMissed: session.pingsMissed + 1 };
    return { session: pinged, effects: [send(session.owner, formatPing())] };
  }
  return removeMembers(session, (member) => isLate(member, nowMs));
}

function onKick(session: Session, memberId: number, isBanned: boolean): SessionStep {
  const member = session.members.find((each) => each.memberId === memberId);
  if (member === undefined) return unchanged(session);
  if (!isBanned) return removeMembers(session, (each) => each === member);
  const banned = [...new Set([...session.banned, member.network])].slice(-BANNED_NETWORKS_MAX);
  return removeMembers({ ...session, banned }, ({ network }) => network === member.network);
}

function onOverheard(session: Session, connection: number, head: Uint8Array): SessionStep {
  const user = session.members.find((each) => each.connection === connection);
  if (user !== undefined) {
    const nick = readUserNick(head);
    if (nick === null || nick === user.nick) return unchanged(session);
    return { session: replaceMember(session, { ...user, nick }), effects: [changed(session)] };
  }
  const facts = readHostFacts(head);
  const isNews = Object.entries(facts).some(
    ([name, value]) => value !== null && session.facts[name as keyof HostFacts] !== value,
  );
  if (!isNews) return unchanged(session);
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
  return { session: { ...session, facts: { ...session.facts, ...known } }, effects: [changed(session)] };
}
