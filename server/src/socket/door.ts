import type { Context } from "../base/context.ts";
import type { Topic } from "../base/events.ts";
import type { Identity } from "../base/identity.ts";
import type { FeedItem } from "../ports/events/port.ts";
import type { PassedFrames } from "./packets.ts";
import type { PassedPacket } from "./passing.ts";

/** One open socket, as doors see it. */
export interface SocketPeer {
  readonly id: string;
  /** Who it speaks for at this moment. */
  readonly identity: Identity;
  /** Null when unknown. */
  readonly clientAddress: string | null;
}

/** One event of a client. */
export interface SocketCall {
  /** Made for this event: the caller was found out again just now. */
  readonly ctx: Context;
  readonly peer: SocketPeer;
  /** The first argument; undefined when there was none. Further ones do not count. */
  readonly payload: unknown;
  /** Sends to the caller alone. */
  reply(event: string, ...args: readonly unknown[]): void;
}

/**
 * Handles one event of a client.
 * @returns The arguments of the acknowledgement, for clients that asked for one.
 * @throws AppError, of which the client is told the message in the acknowledgement.
 */
export type SocketHandler = (call: SocketCall) => Promise<readonly unknown[]>;

/**
 * Handles one event at once, without asking again who the caller is: for what must keep its place among events that
 * are passed on.
 * @returns The arguments of the acknowledgement.
 */
export type QuickSocketHandler = (peer: SocketPeer, payload: unknown) => readonly unknown[];

/** What is sent to several sockets at once; it is encoded once. */
export interface SocketMessage {
  readonly event: string;
  readonly args: readonly unknown[];
  /** Left out for a socket that reads slowly: it can do without. */
  readonly canSkip?: boolean | undefined;
}

/** The sockets of this process, for what a door sends by itself. */
export interface SocketHub {
  /** Every open socket, anonymous ones included. */
  listPeers(): readonly SocketPeer[];
  /** A context that sees what this socket may see. */
  contextOf(peer: SocketPeer): Context;
  /** A context of the server itself, as nobody. */
  readonly ctx: Context;
  send(peers: readonly SocketPeer[], message: SocketMessage): void;
  /** Sends to every socket in at least one of the rooms. */
  sendToRooms(rooms: readonly string[], message: SocketMessage): void;
  /** Sends to sockets by their ids; those that are gone are left out. */
  sendToIds(ids: readonly string[], message: SocketMessage): void;
  /** Lets sockets go; their clients do not come back by themselves. */
  end(ids: readonly string[]): void;
  /** Puts a socket into a channel, whose members hear each other's passed events. It leaves the one it was in. */
  enterChannel(id: string, channel: string): void;
  /** Takes it out of this channel, if it is in it. */
  leaveChannel(id: string, channel: string): void;
  /** Passes on to the members of a channel what somebody elsewhere sent. */
  passFrames(packet: {
    readonly channel: string;
    readonly name: string;
    readonly frames: PassedFrames;
  }): void;
}

/** What a door does while the server runs. */
export interface OpenSocketDoor {
  /** By the name of the event. */
  readonly handlers?: Readonly<Record<string, SocketHandler>> | undefined;
  /** The same, for events that are handled at once. */
  readonly quickHandlers?: Readonly<Record<string, QuickSocketHandler>> | undefined;
  /** Told of each socket that connected. */
  onCame?(peer: SocketPeer): void;
  /** Told of each socket that is gone. */
  onGone?(peer: SocketPeer): void;
  /** Told of each event that was passed on, for members elsewhere. */
  onPassed?(packet: PassedPacket): void;
  /** Told in order what happened in any process; the next call waits for this one. */
  onEvents?(items: readonly FeedItem[]): Promise<void>;
  /** Told of each socket that was identified just now. */
  onIdentified?(peer: SocketPeer): Promise<void>;
  close?(): void | Promise<void>;
}

/** The events of one domain on a Socket.IO server. */
export interface SocketDoor {
  /** What it is told of. */
  readonly topics: readonly Topic[];
  open(hub: SocketHub): Promise<OpenSocketDoor>;
}

/** The room of all sockets of one account. */
export function userRoom(userId: number): string {
  return `user:${userId}`;
}

/** The room of those who may read logs. */
export const ADMIN_ROOM = "admin";
