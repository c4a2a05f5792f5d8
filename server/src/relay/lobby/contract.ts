import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { list } from "../../base/schemas.ts";
import { ROOM_TEXT_CHARS_MAX, ROOM_WORD_CHARS_MAX } from "../limits.ts";

const ASCII = /^[\x20-\x7e]*$/;
const text = (charsMax: number) => v.pipe(v.string(), v.maxLength(charsMax), v.regex(ASCII));
const Word = v.optional(text(ROOM_WORD_CHARS_MAX), "");
const Text = v.optional(text(ROOM_TEXT_CHARS_MAX), "");
const whole = (pattern: RegExp) => v.pipe(v.string(), v.regex(pattern), v.transform(Number));
const Port = v.pipe(whole(/^\d{1,5}$/), v.maxValue(65_535));
const Flag = v.optional(
  v.pipe(
    v.string(),
    v.transform((word) => word === "1" || word === "true"),
  ),
  "0",
);
const Count = v.optional(whole(/^-?\d{1,3}$/), "-1");

/** A room as a RetroArch announces it: texts of a form. */
export const AnnounceRoomInput = v.object({
  username: v.pipe(text(ROOM_WORD_CHARS_MAX), v.minLength(1)),
  coreName: Text,
  coreVersion: Text,
  gameName: Text,
  gameCrc: v.optional(v.pipe(v.string(), v.regex(/^[0-9A-Fa-f]{8}$/)), "00000000"),
  port: v.optional(Port, "55435"),
  relayName: Text,
  relaySession: Word,
  relayAddress: Text,
  relayPort: v.optional(Port, "0"),
  hasPassword: Flag,
  hasSpectatePassword: Flag,
  isRelayForced: Flag,
  retroarchVersion: Word,
  frontend: Text,
  subsystemName: Text,
  playerCount: Count,
  spectatorCount: Count,
});

/** What a host says of its room. */
export type RoomFields = v.InferOutput<typeof AnnounceRoomInput>;

/** A room in a list, as RetroArch's lobby has them. */
export interface RelayRoom {
  /** The same for the same name, address and port. */
  readonly id: number;
  readonly username: string;
  readonly gameName: string;
  /** 8 upper-case hex digits; zeros for none. */
  readonly gameCrc: string;
  readonly coreName: string;
  readonly coreVersion: string;
  readonly subsystemName: string;
  readonly retroarchVersion: string;
  readonly frontend: string;
  readonly ip: string;
  readonly port: number;
  /** "" for a room without a relay. */
  readonly relayAddress: string;
  readonly relayPort: number;
  readonly relaySession: string;
  /** 0 unknown, 3 by a relay. */
  readonly hostMethod: number;
  readonly hasPassword: boolean;
  readonly hasSpectatePassword: boolean;
  /** It is on our own relay, so that somebody can be reached there. */
  readonly isConnectable: boolean;
  /** -1 when nobody said. */
  readonly playerCount: number;
  readonly spectatorCount: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const RelayRoomSchema = v.object({
  id: v.number(),
  username: v.string(),
  gameName: v.string(),
  gameCrc: v.string(),
  coreName: v.string(),
  coreVersion: v.string(),
  subsystemName: v.string(),
  retroarchVersion: v.string(),
  frontend: v.string(),
  ip: v.string(),
  port: v.number(),
  relayAddress: v.string(),
  relayPort: v.number(),
  relaySession: v.string(),
  hostMethod: v.number(),
  hasPassword: v.boolean(),
  hasSpectatePassword: v.boolean(),
  isConnectable: v.boolean(),
  playerCount: v.number(),
  spectatorCount: v.number(),
  createdAt: v.string(),
  updatedAt: v.string(),
});
export const RelayRoomsSchema = list(RelayRoomSchema);

export const TunnelInput = v.strictObject({ name: v.pipe(v.string(), v.minLength(1), v.maxLength(255)) });
/** Where a relay is. */
export const TunnelSchema = v.object({ address: v.string(), port: v.number() });
