import * as v from "valibot";
import { Id, list } from "../base/schemas.ts";
import { ID_CHARS_MAX } from "./limits.ts";

/** A room that players of EmulatorJS meet in, as apps show it. */
export interface NetplayRoom {
  readonly kind: "emulatorjs";
  /** Names the room when it is joined. */
  readonly id: string;
  readonly name: string;
  /** The game as the opener's page named it: the id of a rom when it is one of ours. */
  readonly gameId: string;
  /** Name of the rom; null when it is none of ours. */
  readonly title: string | null;
  readonly romId: number | null;
  readonly platformId: number | null;
  readonly hostName: string | null;
  readonly playerCount: number;
  readonly playersMax: number;
  readonly hasPassword: boolean;
  readonly openedAt: string;
}

export const NetplayRoomSchema = v.object({
  kind: v.literal("emulatorjs"),
  id: v.string(),
  name: v.string(),
  gameId: v.string(),
  title: v.nullable(v.string()),
  romId: v.nullable(Id),
  platformId: v.nullable(Id),
  hostName: v.nullable(v.string()),
  playerCount: v.number(),
  playersMax: v.number(),
  hasPassword: v.boolean(),
  openedAt: v.string(),
});
export const NetplayRoomsSchema = list(NetplayRoomSchema);

/** Only the rooms of one rom; all of them when left out. */
export const ListRoomsInput = v.optional(v.strictObject({ romId: v.optional(Id) }), {});

/** The game whose rooms a menu asks for. */
export const ListGameRoomsInput = v.strictObject({
  gameId: v.pipe(v.string(), v.maxLength(ID_CHARS_MAX)),
});

export const ListedRoomsSchema = list(
  v.object({
    id: v.string(),
    name: v.string(),
    gameId: v.string(),
    domain: v.nullable(v.string()),
    ownerName: v.nullable(v.string()),
    playerNames: list(v.string()),
    playerCount: v.number(),
    playersMax: v.number(),
    hasPassword: v.boolean(),
    openedAtMs: v.number(),
  }),
);

export const IceServersSchema = list(
  v.object({
    urls: v.string(),
    username: v.optional(v.string()),
    credential: v.optional(v.string()),
  }),
);
