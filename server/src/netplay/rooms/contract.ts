/** What somebody who opens or joins a room says. */
export interface RoomAsk {
  /** Names the room; the opener's client made it. */
  readonly sessionId: string;
  /** Names the player; the client made it. */
  readonly playerId: string;
  /** As the client said them, which others are told. */
  readonly userid: string | null;
  readonly altPlayerId: string | null;
  readonly playerName: string | null;
  readonly roomName: string | null;
  readonly gameId: string;
  readonly domain: string | null;
  /** Digest of the rom's content, when the client says it. */
  readonly contentHash: string | null;
  /** Null: none was given. */
  readonly password: string | null;
  readonly playersMax: number;
}

/** Where a socket is connected. */
export interface Seat {
  readonly socketId: string;
  /** The process it is connected to; null for this one. */
  readonly processId: string | null;
}

/** Who is behind a socket. */
export interface Who {
  /** Account; null when not signed in. */
  readonly userId: number | null;
  readonly username: string | null;
  /** Network address as attempts are counted by. */
  readonly network: string;
}

/** Somebody in a room. */
export interface Player extends Seat {
  readonly playerId: string;
  readonly name: string;
  readonly userid: string | null;
  readonly altPlayerId: string | null;
  readonly who: Who;
}

/** A room; the order of players is the number of each in the game. */
export interface Room {
  readonly id: string;
  readonly name: string;
  readonly gameId: string;
  readonly domain: string | null;
  readonly contentHash: string | null;
  /** Null: no password. */
  readonly passwordHash: string | null;
  readonly playersMax: number;
  readonly ownerSocketId: string;
  readonly players: readonly Player[];
  readonly openedAtMs: number;
  /** Network of the opener. */
  readonly network: string;
}

/** What WebRTC peers tell each other; `undefined` was not said. */
export interface Signal {
  readonly target: string;
  readonly isRenegotiation: boolean;
  readonly candidate?: unknown;
  readonly offer?: unknown;
  readonly answer?: unknown;
}

/** Why an attempt is refused. */
export type Refusal =
  | "invalid"
  | "exists"
  | "not_found"
  | "wrong_password"
  | "full"
  | "rom_mismatch"
  | "player_taken"
  | "too_many_rooms";

/** A room as it is listed. */
export interface ListedRoom {
  readonly id: string;
  readonly name: string;
  readonly gameId: string;
  readonly domain: string | null;
  readonly ownerName: string | null;
  /** By place. */
  readonly playerNames: readonly string[];
  readonly playerCount: number;
  readonly playersMax: number;
  readonly hasPassword: boolean;
  readonly openedAtMs: number;
}
