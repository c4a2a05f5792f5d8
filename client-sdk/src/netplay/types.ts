import type { Instant } from "../auth/types.ts";
import type { MultitapError } from "../errors.ts";
import type { EventStream, StreamOptions } from "../events/types.ts";
import type { Unsubscribe } from "../listeners.ts";
import type { CallOptions, WriteOptions } from "../options.ts";

/** How inputs of a player travel: between the two, by a TURN server, or by the Multitap server. */
export type Path = "direct" | "turn" | "relay";

/** Which programs play in a room. Only rooms of kind `multitap` can be joined with `join`. */
export type RoomKind = "multitap" | "emulatorjs" | "retroarch";

/** Round trips, in milliseconds. */
export interface Delay {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Somebody with a seat in a room. */
export interface Player {
  readonly playerId: string;
  readonly name: string;
  /** Counted from 0. */
  readonly seat: number;
  /** False while the seat is kept for somebody whose connection was cut. */
  readonly isConnected: boolean;
  readonly isMe: boolean;
  /** Between the player and the server; null until measured. */
  readonly delay: Delay | null;
}

/** A room as lists show it. */
export interface RoomInfo {
  readonly kind: RoomKind;
  readonly id: string;
  readonly name: string;
  /** Null when the room is not about a rom of the library. */
  readonly rom: {
    readonly id: number;
    readonly name: string;
    readonly platformId: number;
    readonly platformSlug: string;
  } | null;
  readonly ownerName: string | null;
  readonly hasPassword: boolean;
  /** Of the content that is played, for who wants to compare before joining. */
  readonly contentHash: string | null;
  readonly players: readonly {
    readonly playerId: string;
    readonly name: string;
    readonly seat: number | null;
    readonly isConnected: boolean;
    readonly delay: Delay | null;
  }[];
  readonly playersMax: number;
  readonly spectatorCount: number;
  /** What to type or open where the room is not joined with `join`. */
  readonly joinLine: string | null;
  readonly openedAt: Instant;
}

/** What happens in a room. */
export interface RoomEvents {
  /** All players, whenever something about one of them changed. */
  players: readonly Player[];
  /** `resumeFrame`: frame of the newest snapshot that the server keeps; 0: there is none. */
  owner: { readonly playerId: string; readonly isMe: boolean; readonly resumeFrame: number };
  /** An input of another player, once each, in the order of arrival. `bytes` is a view, valid only during the call. */
  input: { readonly frame: number; readonly seat: number; readonly bytes: Uint8Array };
  /**
   * The state before the inputs of `frame`; `bytes` is the listener's own. Inputs from that frame on are in `inputAt`.
   * One that came before there was a listener is kept for the first.
   */
  snapshot: { readonly frame: number; readonly fromSeat: number; readonly bytes: Uint8Array };
  /** Somebody waits for a snapshot; told to the owner only, again every few seconds. */
  snapshotWanted: { readonly playerId: string };
  message: { readonly fromPlayerId: string; readonly data: unknown };
  path: { readonly playerId: string; readonly from: Path; readonly to: Path };
  state: RoomState;
}

/** How the connection to the room is doing. `closed` is the end; its error is null after `leave()`. */
export type RoomState =
  | { readonly status: "connecting" | "playing" }
  | { readonly status: "reconnecting"; readonly since: Instant; readonly graceMs: number }
  | { readonly status: "closed"; readonly error: MultitapError | null };

/** How well a room does. */
export interface RoomStats {
  /** To the server and back; null until measured. */
  readonly roundTrip: Delay | null;
  /** The other players. Round trips by the relay are the sum of both sides' own; null until measured. */
  readonly players: readonly {
    readonly playerId: string;
    readonly path: Path;
    readonly roundTrip: Delay | null;
  }[];
  readonly inputsReceived: number;
  /** Dropped because they were here already: two paths, or repeated in case one was lost. */
  readonly inputsDuplicate: number;
  /** Frames between others of the same seat that have not arrived; games that skip frames count those too. */
  readonly inputsLost: number;
  /** Bytes that wait for the relay. */
  readonly bufferedBytes: number;
}

/** How to send a snapshot. */
export interface SendSnapshotOptions extends CallOptions {
  /** Also to players that wait for none, such as after a desync. */
  isForEveryone?: boolean | undefined;
  /** Hears how much is on its way. */
  onProgress?: ((progress: { readonly sentBytes: number; readonly totalBytes: number }) => void) | undefined;
}

/** One meeting of players around a rom. The object survives cuts: it comes back by itself, and listeners stay. */
export interface Room {
  readonly id: string;
  /** Lets others in without the password; "" for spectators. */
  readonly invite: string;
  readonly name: string;
  readonly romId: number;
  readonly playersMax: number;
  /** The own one, counted from 0; null for spectators. */
  readonly seat: number | null;
  readonly isOwner: boolean;
  /** In order of seats. */
  readonly players: readonly Player[];
  readonly state: RoomState;
  /**
   * Calls `listener` each time; what it throws surfaces as an uncaught error and breaks nothing here.
   * @example
   * const stop = room.on("players", (players) => draw(players));
   */
  on<K extends keyof RoomEvents>(type: K, listener: (event: RoomEvents[K]) => void): Unsubscribe;
  /**
   * Sends the own input of a frame. Copies the bytes. The first input of a frame counts, later ones are dropped.
   * @param bytes Exactly `inputBytes` of the room.
   * @returns False when the room is not playing or its queue is full: nothing is kept then, so send it again.
   * @throws MultitapError `invalid` (`NETPLAY_INPUT_INVALID`).
   * @example
   * if (room.sendInput(frame + 2, buttons)) frame += 1;
   */
  sendInput(frame: number, bytes: Uint8Array): boolean;
  /**
   * Finds an input among those of the last `inputWindow` frames, the own ones included.
   * @returns A view that later inputs may overwrite; null while there is none.
   * @example
   * const inputs = room.players.map(({ seat }) => room.inputAt(frame, seat));
   */
  inputAt(frame: number, seat: number): Uint8Array | null;
  /**
   * Sends the state before the inputs of `frame` to whoever waits for it; resolves when the server has all of it. Begins
   * again by itself after a cut.
   * @throws MultitapError `NETPLAY_NOT_OWNER`, `NETPLAY_SNAPSHOT_RUNNING`, `NETPLAY_SNAPSHOT_TOO_LARGE`,
   *   `NETPLAY_SNAPSHOT_REFUSED`, `aborted`, and what closed the room.
   * @example
   * room.on("snapshotWanted", () => room.isOwner && void room.sendSnapshot(frame, saveState()));
   */
  sendSnapshot(frame: number, bytes: Uint8Array, options?: SendSnapshotOptions): Promise<void>;
  /**
   * Sends a JSON value to all others in the room.
   * @returns False when the room is not playing or its queue is full.
   * @throws MultitapError `invalid` (`NETPLAY_MESSAGE_INVALID`) when it is no JSON or has more than 16,384 bytes.
   * @example
   * room.sendMessage({ chat: "good game" });
   */
  sendMessage(data: unknown): boolean;
  /**
   * Counts since the room was entered.
   * @example
   * const { roundTrip, inputsLost } = room.stats();
   */
  stats(): RoomStats;
  /**
   * Gives the seat up. Resolves when the connection is closed, whatever becomes of it.
   * @example
   * await room.leave();
   */
  leave(): Promise<void>;
}

/** A STUN or TURN server. */
export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/**
 * How rooms connect.
 * @example
 * const options: NetplayOptions = { playerName: "Ana", iceServers: [{ urls: "stun:stun.example:3478" }] };
 */
export interface NetplayOptions {
  /** The account's name unless said. */
  playerName?: string | undefined;
  /** `never`: all inputs travel by the server, and no player learns the address of another. */
  direct?: "auto" | "never" | undefined;
  /** In place of those that the server names. */
  iceServers?: readonly IceServer[] | undefined;
  /** The platform's own unless said; without one, rooms use the relay alone. */
  RTCPeerConnection?: (new (configuration?: never) => unknown) | undefined;
  /** The platform's own unless said, which Node 20 does not have. */
  WebSocket?: (new (url: string) => unknown) | undefined;
}

/** What a new room is like. */
export interface OpenRoom {
  romId: number;
  /** 1 to 64 characters. */
  name: string;
  /** 1 to 16. */
  playersMax: number;
  /** Bytes of each input, 1 to 64. */
  inputBytes: number;
  /** Frames of which inputs are kept, here and by the server, 60 to 3600; 1800 unless said. */
  inputWindow?: number | undefined;
  password?: string | undefined;
  /** Of the content that is played; who joins with another is refused. */
  contentHash?: string | undefined;
}

/** How to enter a room as a player. */
export interface JoinRoom {
  password?: string | undefined;
  contentHash?: string | undefined;
  /** The lowest free one unless said. */
  seat?: number | undefined;
}

/** How to watch a room's play. */
export interface SpectateRoom {
  /** How long after the players play is seen, at most a minute; 2000 unless said. */
  delayMs?: number | undefined;
  password?: string | undefined;
}

/** The rooms of a server. */
export interface Netplay {
  /**
   * Gives the rooms that the caller may see, newest first.
   * @example
   * const rooms = await netplay.list({ romId: 42, kinds: ["multitap"] });
   */
  list(
    filter?: { readonly romId?: number | undefined; readonly kinds?: readonly RoomKind[] | undefined },
    options?: CallOptions,
  ): Promise<readonly RoomInfo[]>;
  /**
   * Gives the list now and each time that it changed; rooms are in it some moments after they open.
   * @example
   * for await (const rooms of netplay.watch({ romId: 42 }, { signal })) draw(rooms);
   */
  watch(
    filter?: { readonly romId?: number | undefined },
    options?: StreamOptions,
  ): EventStream<readonly RoomInfo[]>;
  /**
   * Opens a room and enters it with seat 0, as its owner.
   * @throws MultitapError `ROMS_NOT_FOUND`, `NETPLAY_ROOMS_FULL`.
   * @example
   * const room = await netplay.open({ romId: 42, name: "Sunday", playersMax: 2, inputBytes: 2 });
   */
  open(input: OpenRoom, options?: WriteOptions): Promise<Room>;
  /**
   * Enters a room as a player. An invite takes the place of the password.
   * @throws MultitapError `NETPLAY_ROOM_NOT_FOUND`, `NETPLAY_PASSWORD_WRONG`, `NETPLAY_CONTENT_DIFFERS`,
   *   `NETPLAY_ROOM_FULL`, `NETPLAY_SEAT_TAKEN`, `NETPLAY_TRIES`.
   * @example
   * const room = await netplay.join("7KQ2M9XA");
   */
  join(roomIdOrInvite: string, input?: JoinRoom, options?: WriteOptions): Promise<Room>;
  /**
   * Enters a room to look on: inputs come late, together and by the relay alone.
   * @throws MultitapError as `join`.
   * @example
   * const room = await netplay.spectate(roomId, { delayMs: 5_000 });
   */
  spectate(roomId: string, input?: SpectateRoom, options?: WriteOptions): Promise<Room>;
}
