import type { Socket } from "socket.io";
import { createHexToken } from "../base/ids.ts";
import { type Budget, type BudgetOptions, createBudget } from "./budget.ts";
import type { Endpoint, EngineSession, Link } from "./engine.ts";
import { ATTACHMENTS_MAX, PASSED_BEHIND_MS, PASSED_CLOSE_BYTES, PASSED_SKIP_BYTES } from "./limits.ts";
import {
  createFindPassed,
  encodePassed,
  type FindPassed,
  isWholePacket,
  type PacketHead,
  type PassedFrames,
} from "./packets.ts";

/** An event that goes to all others of the sender's channel as it came. */
export interface PassedEvent {
  /** Of one event with its attachments. */
  readonly bytesMax: number;
  /** Left out for a member that reads slowly: what comes late is of no use. */
  readonly canSkip: boolean;
}

export interface PassingOptions {
  /** By name. */
  readonly events: Readonly<Record<string, PassedEvent>>;
  /** Bytes of any other event of a member; those are read, and are small. */
  readonly otherBytesMax: number;
  /** What all members of a channel may send together; what is above is dropped. */
  readonly channelMessages: BudgetOptions;
  readonly channelBytes: BudgetOptions;
}

/** An event that was passed on to the members of this process. */
export interface PassedPacket {
  readonly channel: string;
  readonly peerId: string;
  readonly name: string;
  readonly frames: PassedFrames;
}

/** Channels whose members hear each other; a socket is in one at most. */
export interface Passing {
  has(name: string): boolean;
  /** Puts a socket into a channel, out of the one it was in. */
  enter(peerId: string, socket: Socket, channel: string): void;
  leave(peerId: string): void;
  /** The channel a socket is in; null for none. */
  channelOf(peerId: string): string | null;
  /** Passes on an event that the engine has read, for a client that polls. */
  passEvent(peerId: string, name: string, args: readonly unknown[]): void;
  /** Passes on what a member elsewhere sent. */
  passFrames(packet: Omit<PassedPacket, "peerId">): void;
}

interface Channel {
  readonly name: string;
  /** Topics of the port: of what may be left out, and of what may not. */
  readonly quickTopic: string;
  readonly sureTopic: string;
  readonly members: Set<Member>;
  /** Those of the members that are not on a websocket, or not yet. */
  readonly polling: Set<Member>;
  readonly messages: Budget;
  readonly bytes: Budget;
}

/** A packet whose attachments are still to come. */
interface Awaited {
  readonly head: PacketHead;
  readonly frames: [string, ...Uint8Array[]];
  bytes: number;
}

/** One session, also after it left its channel: attachments that still come must not reach the engine. */
interface Member {
  readonly peerId: string;
  readonly session: EngineSession;
  readonly socket: Socket;
  channel: Channel | null;
  link: Link | null;
  awaited: Awaited | null;
  /** What the engine keeps for it while it does not poll, and how much of that is ours. */
  unread: { readonly buffer: EngineSession["writeBuffer"]; bytes: number };
  /** Since when it has been too far behind; null while it is not. */
  behindSinceMs: number | null;
}

interface State {
  readonly options: PassingOptions;
  readonly endpoint: Endpoint;
  readonly onPassed: (packet: PassedPacket) => void;
  readonly find: FindPassed;
  readonly prefix: string;
  readonly channels: Map<string, Channel>;
  readonly members: Map<string, Member>;
  /** So that a session which enters again goes on where it was. */
  readonly known: WeakMap<EngineSession, Member>;
  opened: number;
}

const POLICY_VIOLATION = 1008;
const MESSAGE_TOO_BIG = 1009;

/**
 * Passes events on between members without the engine: what comes by websocket goes out as the same frames to a topic of
 * the port, once for all who listen to it. Who polls, or changes over just now, is written to the usual way, and hears
 * everything in the same order.
 */
export function createPassing(
  endpoint: Endpoint,
  options: PassingOptions,
  onPassed: (packet: PassedPacket) => void,
): Passing {
  const state: State = {
    options,
    endpoint,
    onPassed,
    find: createFindPassed(Object.keys(options.events), ATTACHMENTS_MAX),
    prefix: createHexToken(4),
    channels: new Map(),
    members: new Map(),
    known: new WeakMap(),
    opened: 0,
  };
  return {
    has: (name) => Object.hasOwn(options.events, name),
    enter(peerId, socket, name) {
      const session = endpoint.sessionOf(socket);
      const known = state.known.get(session);
      if (known !== undefined) leaveChannel(state, known);
      // A session can leave the namespace and join it again, as another socket.
      const member = known?.peerId === peerId ? known : createMember(state, { peerId, session, socket });
      state.members.set(peerId, member);
      member.channel = openChannel(state, name);
      member.channel.members.add(member);
      connect(state, member);
    },
    leave(peerId) {
      const member = state.members.get(peerId);
      if (member !== undefined) leaveChannel(state, member);
    },
    channelOf: (peerId) => state.members.get(peerId)?.channel?.name ?? null,
    passEvent(peerId, name, args) {
      const member = state.members.get(peerId);
      if (member === undefined) return;
      const frames = encodePassed(name, args, ATTACHMENTS_MAX);
      const bytes = frames === null ? 0 : countBytes(frames);
      if (frames === null || bytes > (options.events[name]?.bytesMax ?? 0)) endpoint.cut(member.socket);
      else pass(state, member, { name, frames, bytes });
    },
    passFrames({ channel: name, name: event, frames }) {
      const channel = state.channels.get(name);
      if (channel !== undefined) writeToAll(state, channel, { name: event, frames, except: null });
    },
  };
}

function createMember(
  state: State,
  { peerId, session, socket }: Pick<Member, "peerId" | "session" | "socket">,
): Member {
  const member: Member = {
    peerId,
    session,
    socket,
    channel: null,
    link: null,
    awaited: null,
    unread: { buffer: session.writeBuffer, bytes: 0 },
    behindSinceMs: null,
  };
  state.known.set(session, member);
  session.once("upgrade", () => connect(state, member));
  return member;
}

function openChannel(state: State, name: string): Channel {
  const known = state.channels.get(name);
  if (known !== undefined) return known;
  state.opened += 1;
  const topic = `${state.prefix}:${state.opened}`;
  const channel: Channel = {
    name,
    quickTopic: `${topic}:quick`,
    sureTopic: `${topic}:sure`,
    members: new Set(),
    polling: new Set(),
    messages: createBudget(state.options.channelMessages),
    bytes: createBudget(state.options.channelBytes),
  };
  state.channels.set(name, channel);
  return channel;
}

/** Puts a member on the topics of its channel once it has a websocket; until then it is written to. */
function connect(state: State, member: Member): void {
  const { channel, session } = member;
  if (channel === null) return;
  const link = state.endpoint.linkOf(session);
  member.link = link;
  if (link === null || link.peer === null) {
    channel.polling.add(member);
    return;
  }
  channel.polling.delete(member);
  member.behindSinceMs = null;
  link.peer.subscribe(channel.quickTopic);
  link.peer.subscribe(channel.sureTopic);
  link.take = (_link, message, bytes) => take(state, member, { message, bytes });
  link.onDrained = () => lookAfter(state, member);
}

function leaveChannel(state: State, member: Member): void {
  const { channel, link } = member;
  state.members.delete(member.peerId);
  if (channel === null) return;
  link?.peer?.unsubscribe(channel.quickTopic);
  link?.peer?.unsubscribe(channel.sureTopic);
  channel.members.delete(member);
  channel.polling.delete(member);
  member.channel = null;
  member.behindSinceMs = null;
  if (channel.members.size === 0) state.channels.delete(channel.name);
}

interface Arrived {
  readonly message: string | Buffer;
  readonly bytes: number;
}

/** Takes a message of a websocket when it is to be passed on; false leaves it to the engine. */
function take(state: State, member: Member, { message, bytes }: Arrived): boolean {
  const { awaited } = member;
  if (typeof message !== "string") {
    if (awaited === null) return false;
    takeAttachment(state, member, { awaited, message, bytes });
    return true;
  }
  if (awaited !== null) {
    // Between a packet and its attachments only the engine's own packets may come, such as a pong.
    if (message.charCodeAt(0) !== MESSAGE) return false;
    return refuse(member, POLICY_VIOLATION, "not understood");
  }
  if (member.channel === null) return false;
  const head = state.find(message);
  if (head === null) {
    return bytes > state.options.otherBytesMax && refuse(member, MESSAGE_TOO_BIG, "message too large");
  }
  if (bytes > bytesMaxOf(state, head)) return refuse(member, MESSAGE_TOO_BIG, "message too large");
  if (!isWholePacket(message, head)) return refuse(member, POLICY_VIOLATION, "not understood");
  if (head.attachments === 0) pass(state, member, { name: head.name, frames: [message], bytes });
  else member.awaited = { head, frames: [message], bytes };
  return true;
}

/** What a packet that the engine wraps for Socket.IO begins with. */
const MESSAGE = "4".charCodeAt(0);

function bytesMaxOf({ options }: State, { name }: PacketHead): number {
  return options.events[name]?.bytesMax ?? 0;
}

function refuse({ link }: Member, code: number, reason: string): true {
  link?.peer?.close(code, reason);
  return true;
}

interface ArrivedAttachment {
  readonly awaited: Awaited;
  readonly message: Buffer;
  readonly bytes: number;
}

function takeAttachment(state: State, member: Member, { awaited, message, bytes }: ArrivedAttachment): void {
  awaited.bytes += bytes;
  if (awaited.bytes > bytesMaxOf(state, awaited.head)) {
    refuse(member, MESSAGE_TOO_BIG, "message too large");
    return;
  }
  awaited.frames.push(message);
  if (awaited.frames.length <= awaited.head.attachments) return;
  member.awaited = null;
  pass(state, member, { name: awaited.head.name, frames: awaited.frames, bytes: awaited.bytes });
}

interface Outgoing {
  readonly name: string;
  readonly frames: PassedFrames;
  readonly bytes: number;
}

function pass(state: State, member: Member, { name, frames, bytes }: Outgoing): void {
  const { channel, link } = member;
  const event = state.options.events[name];
  if (channel === null || event === undefined) return;
  const nowMs = performance.now();
  if (!channel.messages.take(1, nowMs) || !channel.bytes.take(bytes, nowMs)) return;
  const peer = link?.peer ?? null;
  if (peer === null) writeToAll(state, channel, { name, frames, except: member });
  else {
    for (const each of channel.members) if (each !== member) lookAfter(state, each);
    const topic = event.canSkip ? channel.quickTopic : channel.sureTopic;
    for (const frame of frames) peer.publish(topic, frame);
    for (const each of channel.polling) if (each !== member) write(each, frames, event.canSkip);
  }
  state.onPassed({ channel: channel.name, peerId: member.peerId, name, frames });
}

interface Written {
  readonly name: string;
  readonly frames: PassedFrames;
  readonly except: Member | null;
}

function writeToAll(state: State, channel: Channel, { name, frames, except }: Written): void {
  const canSkip = state.options.events[name]?.canSkip ?? false;
  for (const each of channel.members) {
    if (each === except) continue;
    lookAfter(state, each);
    write(each, frames, canSkip);
  }
}

/** Writes frames to one member by whatever it uses. */
function write(member: Member, frames: PassedFrames, canSkip: boolean): void {
  if (canSkip && member.behindSinceMs !== null) return;
  const peer = member.link?.peer;
  const [text, ...attachments] = frames;
  if (peer) {
    peer.send(text);
    for (const attachment of attachments) peer.send(attachment);
    return;
  }
  member.unread = { buffer: member.session.writeBuffer, bytes: countUnread(member) + countBytes(frames) };
  // The engine puts the type of the packet in front itself.
  member.session.write(text.slice(1));
  for (const attachment of attachments) member.session.write(attachment);
}

/** The engine begins another buffer whenever it hands one over, so nothing has to be counted again. */
function countUnread({ session, unread }: Member): number {
  return session.writeBuffer === unread.buffer ? unread.bytes : 0;
}

/** Looks how far a member is behind: it misses what it can do without, and is let go before it costs too much. */
function lookAfter({ endpoint }: State, member: Member): void {
  const { link, channel, behindSinceMs } = member;
  const peer = link?.peer ?? null;
  const bytes = peer === null ? countUnread(member) : peer.getBufferedAmount();
  if (bytes <= PASSED_SKIP_BYTES) {
    if (behindSinceMs === null) return;
    // Only when all is read: what it gets next is what happens now.
    if (bytes > 0) return;
    member.behindSinceMs = null;
    if (channel !== null) peer?.subscribe(channel.quickTopic);
    return;
  }
  const nowMs = performance.now();
  if (behindSinceMs === null) {
    member.behindSinceMs = nowMs;
    if (channel !== null) peer?.unsubscribe(channel.quickTopic);
  }
  const isLost = bytes > PASSED_CLOSE_BYTES || nowMs - (behindSinceMs ?? nowMs) > PASSED_BEHIND_MS;
  if (!isLost) return;
  if (peer === null) endpoint.cut(member.socket);
  else peer.terminate();
}

function countBytes([text, ...attachments]: PassedFrames): number {
  return attachments.reduce((sum, each) => sum + each.byteLength, Buffer.byteLength(text));
}
