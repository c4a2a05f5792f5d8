import { toInstant } from "../base/clock.ts";
import type { Context, Ports } from "../base/context.ts";
import type { IceServer } from "../base/library-config-readings.ts";
import { operation } from "../base/operation.ts";
import { perPorts } from "../base/per-ports.ts";
import { NoInput } from "../base/schemas.ts";
import { listIceServers } from "../config/ice-servers/service.ts";
import { getHidden, hidesRom } from "../permissions/hidden/service.ts";
import {
  IceServersSchema,
  ListedRoomsSchema,
  ListGameRoomsInput,
  ListRoomsInput,
  type NetplayRoom,
  NetplayRoomsSchema,
} from "./contract.ts";
import { listPlayedRoms, type PlayedRom } from "./queries.ts";
import { listRegistered } from "./registry/service.ts";
import { listRoomRoms } from "./relay-rooms/queries.ts";
import type { RoomSource } from "./relay-rooms/service.ts";
import type { ListedRoom } from "./rooms/contract.ts";
import { listJoinable } from "./rooms/rules.ts";
import { readRomId } from "./rules.ts";

type ListRooms = () => Promise<readonly ListedRoom[]>;

const openHalls = perPorts<{ list: ListRooms | null }>(() => ({ list: null }));

/**
 * Says where the rooms of this process are, once its sockets are open.
 * @returns Takes them back.
 */
export function provideRooms(ports: Ports, list: ListRooms): () => void {
  const hall = openHalls(ports);
  hall.list = list;
  return () => {
    if (hall.list === list) hall.list = null;
  };
}

/** Every open room of any process, whoever asks; those that opened first first. */
export async function listAllRooms({
  ports,
  facts,
}: Pick<Context, "ports" | "facts">): Promise<readonly ListedRoom[]> {
  const { list } = openHalls(ports);
  if (list !== null) return (await list()).toSorted((a, b) => a.openedAtMs - b.openedAtMs);
  return facts.netplay.isShared ? await listRegistered(ports) : [];
}

interface SeenRoom {
  readonly room: ListedRoom;
  readonly rom: PlayedRom | null;
}

/** Leaves out rooms of roms that are hidden from the caller. */
async function see(ctx: Context, rooms: readonly ListedRoom[]): Promise<readonly SeenRoom[]> {
  if (rooms.length === 0) return [];
  const ids = new Set(rooms.flatMap(({ gameId }) => readRomId(gameId) ?? []));
  const [played, hidden] = await Promise.all([listPlayedRoms(ctx.db, [...ids]), getHidden(ctx)]);
  const romOf = new Map(played.map((rom) => [rom.id, rom]));
  return rooms.flatMap((room) => {
    const rom = romOf.get(readRomId(room.gameId) ?? 0) ?? null;
    return rom !== null && hidesRom(hidden, rom) ? [] : [{ room, rom }];
  });
}

/** The rooms of a game that can be joined, as menus of EmulatorJS ask for them every second. */
export const listGameRooms = operation(
  { type: "query", scope: "assets.read", input: ListGameRoomsInput, output: ListedRoomsSchema },
  async (ctx, { gameId }): Promise<readonly ListedRoom[]> => {
    const rooms = listJoinable(await listAllRooms(ctx), gameId);
    return (await see(ctx, rooms)).map(({ room }) => room);
  },
);

/**
 * The same for pages that were told of no other server's list, which send no credentials. Anybody may ask, unless the
 * operator wants people to sign in.
 */
export const listGameRoomsOpenly = operation(
  {
    type: "query",
    scope: "assets.read",
    isOpen: (facts) => !facts.netplay.isSignInRequired,
    input: ListGameRoomsInput,
    output: ListedRoomsSchema,
  },
  async (ctx, input): Promise<readonly ListedRoom[]> => await listGameRooms.run(ctx, input),
);

/** Every open room, full ones too, with the rom it is for; those of roms hidden from the caller are left out. */
export const listNetplayRooms = operation(
  { type: "query", scope: "assets.read", input: ListRoomsInput, output: NetplayRoomsSchema },
  async (ctx, { romId }): Promise<readonly NetplayRoom[]> => {
    const all = await listAllRooms(ctx);
    const wanted = romId === undefined ? all : all.filter(({ gameId }) => readRomId(gameId) === romId);
    return (await see(ctx, wanted)).map(({ room, rom }) => ({
      kind: "emulatorjs",
      id: room.id,
      name: room.name,
      gameId: room.gameId,
      title: rom?.name ?? null,
      romId: rom?.id ?? null,
      platformId: rom?.platformId ?? null,
      hostName: room.ownerName,
      playerCount: room.playerCount,
      playersMax: room.playersMax,
      hasPassword: room.hasPassword,
      openedAt: toInstant(new Date(room.openedAtMs)),
    }));
  },
);

/** Rooms of EmulatorJS for the list of all sorts; they are joined in the browser, not by the client library. */
export const emulatorJsRoomSource: RoomSource = {
  kind: "emulatorjs",
  async list(ctx) {
    const seen = await see(ctx, await listAllRooms(ctx));
    const roms = await listRoomRoms(
      ctx.db,
      seen.flatMap(({ rom }) => rom?.id ?? []),
    );
    return seen.map(({ room, rom }) => ({
      kind: "emulatorjs",
      id: room.id,
      name: room.name,
      rom: roms.get(rom?.id ?? 0) ?? null,
      ownerName: room.ownerName,
      hasPassword: room.hasPassword,
      contentHash: null,
      // Their ids are of use to players alone.
      players: room.playerNames.map((name, seat) => ({
        playerId: String(seat),
        name,
        seat,
        isConnected: true,
        delay: null,
      })),
      playersMax: room.playersMax,
      spectatorCount: 0,
      joinLine: null,
      openedAt: toInstant(new Date(room.openedAtMs)),
    }));
  },
};

/** STUN and TURN servers for the caller's WebRTC connections; credentials of ours run out after some hours. */
export const listNetplayIceServers = operation(
  { type: "query", scope: "assets.read", input: NoInput, output: IceServersSchema, storesNoAnswer: true },
  async (ctx): Promise<readonly IceServer[]> => await listIceServers(ctx),
);
