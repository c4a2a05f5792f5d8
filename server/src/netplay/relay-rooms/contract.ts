import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { Id, list } from "../../base/schemas.ts";
import {
  CONTENT_HASH_CHARS_MAX,
  CONTENT_HASH_CHARS_MIN,
  DELAY_MS_MAX,
  INPUT_BYTES_MAX,
  PASSWORD_CHARS_MAX,
  PLAYER_NAME_CHARS_MAX,
  ROOM_NAME_CHARS_MAX,
  SEATS_MAX,
  WINDOW_FRAMES_MAX,
  WINDOW_FRAMES_MIN,
} from "./limits.ts";

/** How rooms are played in: by the raw relay, by EmulatorJS, by RetroArch. */
export const ROOM_KINDS = ["multitap", "emulatorjs", "retroarch"] as const;
export type RoomKind = (typeof ROOM_KINDS)[number];

/** What lets somebody into a room of the raw relay, once and within half a minute. */
export interface RoomTicket {
  readonly roomId: string;
  /** What lets others in without the password, for whoever opens the room; null for others. */
  readonly invite: string | null;
  readonly ticket: string;
  /** Path and query of the websocket, below the server's address. */
  readonly url: string;
  /** The seat that was asked for; which one it is, the relay tells. Null for any, and for spectators. */
  readonly seat: number | null;
  /** End of the ticket. */
  readonly expiresAt: Instant;
}

/** How long messages of a player take to the relay and back. */
export interface PlayerDelay {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** Somebody in a room. */
export interface RoomPlayer {
  readonly playerId: string;
  readonly name: string;
  /** From 0; null where a room has no seats. */
  readonly seat: number | null;
  /** False while its connection is cut and its seat kept. */
  readonly isConnected: boolean;
  /** Null where it is not known. */
  readonly delay: PlayerDelay | null;
}

/** The rom that is played. */
export interface RoomRom {
  readonly id: number;
  readonly name: string;
  readonly platformId: number;
  readonly platformSlug: string;
}

/** A room that is open. */
export interface RoomInfo {
  readonly kind: RoomKind;
  readonly id: string;
  readonly name: string;
  readonly rom: RoomRom | null;
  readonly ownerName: string | null;
  readonly hasPassword: boolean;
  /** Lower-case hex. */
  readonly contentHash: string | null;
  readonly players: readonly RoomPlayer[];
  readonly playersMax: number;
  readonly spectatorCount: number;
  /** What to type or open where a room is not joined by the raw relay. */
  readonly joinLine: string | null;
  readonly openedAt: Instant;
}

const RoomId = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const Invite = v.pipe(v.string(), v.toUpperCase(), v.regex(/^[0-9A-HJKMNP-TV-Z]{8}$/));
const Name = (charsMax: number) => v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(charsMax));
const whole = (min: number, max: number) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
const Password = v.pipe(v.string(), v.minLength(1), v.maxLength(PASSWORD_CHARS_MAX));
const ContentHash = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.minLength(CONTENT_HASH_CHARS_MIN),
  v.maxLength(CONTENT_HASH_CHARS_MAX),
  v.regex(/^[0-9a-f]+$/),
);
const PlayerName = v.optional(Name(PLAYER_NAME_CHARS_MAX));

export const OpenRoomInput = v.strictObject({
  romId: Id,
  name: Name(ROOM_NAME_CHARS_MAX),
  playersMax: whole(1, SEATS_MAX),
  inputBytes: whole(1, INPUT_BYTES_MAX),
  inputWindow: v.optional(whole(WINDOW_FRAMES_MIN, WINDOW_FRAMES_MAX)),
  password: v.optional(Password),
  contentHash: v.optional(ContentHash),
  playerName: PlayerName,
});
export type OpenRoomInput = v.InferInput<typeof OpenRoomInput>;

const named = { roomId: v.optional(RoomId), invite: v.optional(Invite) };
const ONE_MESSAGE = "Either roomId or invite is needed";

export const JoinRoomInput = v.pipe(
  v.strictObject({
    ...named,
    password: v.optional(Password),
    contentHash: v.optional(ContentHash),
    seat: v.optional(whole(0, SEATS_MAX - 1)),
    playerName: PlayerName,
  }),
  v.check(({ roomId, invite }) => (roomId === undefined) !== (invite === undefined), ONE_MESSAGE),
);
export type JoinRoomInput = v.InferInput<typeof JoinRoomInput>;

export const SpectateRoomInput = v.pipe(
  v.strictObject({
    ...named,
    password: v.optional(Password),
    delayMs: v.optional(whole(0, DELAY_MS_MAX)),
    playerName: PlayerName,
  }),
  v.check(({ roomId, invite }) => (roomId === undefined) !== (invite === undefined), ONE_MESSAGE),
);
export type SpectateRoomInput = v.InferInput<typeof SpectateRoomInput>;

export const ListRoomsInput = v.optional(
  v.strictObject({
    romId: v.optional(Id),
    kinds: v.optional(v.pipe(v.array(v.picklist(ROOM_KINDS)), v.maxLength(ROOM_KINDS.length), v.readonly())),
  }),
  {},
);
export type ListRoomsInput = v.InferInput<typeof ListRoomsInput>;

export const RoomTicketSchema = v.object({
  roomId: v.string(),
  invite: v.nullable(v.string()),
  ticket: v.string(),
  url: v.string(),
  seat: v.nullable(v.number()),
  expiresAt: v.string(),
});

const RoomPlayerSchema = v.object({
  playerId: v.string(),
  name: v.string(),
  seat: v.nullable(v.number()),
  isConnected: v.boolean(),
  delay: v.nullable(v.object({ medianMs: v.number(), p99Ms: v.number() })),
});

export const RoomInfoSchema = v.object({
  kind: v.picklist(ROOM_KINDS),
  id: v.string(),
  name: v.string(),
  rom: v.nullable(v.object({ id: Id, name: v.string(), platformId: Id, platformSlug: v.string() })),
  ownerName: v.nullable(v.string()),
  hasPassword: v.boolean(),
  contentHash: v.nullable(v.string()),
  players: list(RoomPlayerSchema),
  playersMax: v.number(),
  spectatorCount: v.number(),
  joinLine: v.nullable(v.string()),
  openedAt: v.string(),
});
export const RoomInfosSchema = list(RoomInfoSchema);
