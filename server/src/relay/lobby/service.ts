import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { hasScope } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { NoInput } from "../../base/schemas.ts";
import { ROOMS_MAX } from "../limits.ts";
import { chooseHostMethod, createRoomId, HOST_METHOD, type StoredRoom } from "../rooms/rules.ts";
import { listRooms, storeRoom } from "../rooms/service.ts";
import { findReach, type SeenSession, seeSessions } from "../service.ts";
import {
  AnnounceRoomInput,
  type RelayRoom,
  RelayRoomSchema,
  RelayRoomsSchema,
  TunnelInput,
  TunnelSchema,
} from "./contract.ts";

/**
 * RetroArch and the programs around it sign in nowhere: whoever may use the relay may see who plays on it.
 * @throws AppError `RELAY_ADDRESS_REFUSED`.
 */
function requireNeighbour(ctx: Context): void {
  const { clientAddress, identity, facts } = ctx;
  if (hasScope(identity, "roms.user.read")) return;
  if (clientAddress !== null && facts.relay.allows(clientAddress)) return;
  throw new AppError("forbidden", "RELAY_ADDRESS_REFUSED", {
    message: "MULTITAP_RELAY_ALLOW does not name this address",
  });
}

/**
 * Rooms that hosts of one's own community announced, and everything on the relay, announced or not; by user name. For
 * callers whose address may use the relay, and for those who are signed in.
 * @throws AppError `RELAY_ADDRESS_REFUSED`.
 */
export const listRelayRooms = operation(
  { type: "query", scope: "public", input: NoInput, output: RelayRoomsSchema },
  async (ctx): Promise<readonly RelayRoom[]> => {
    requireNeighbour(ctx);
    const [seen, rooms] = await Promise.all([seeSessions(ctx), listRooms(ctx)]);
    const relayed = seen.map((session) => toRelayedRoom(session));
    const sessions = new Set(seen.map(({ shown }) => shown.id));
    const others = rooms
      .filter(({ relaySession }) => !sessions.has(relaySession))
      .map((room) => toRoom(room));
    return [...relayed, ...others]
      .toSorted((a, b) => (a.username < b.username ? -1 : Number(a.username > b.username)))
      .slice(0, ROOMS_MAX * 2);
  },
);

function toRoom(room: StoredRoom): RelayRoom {
  const { relayName, isRelayForced, createdAtMs, updatedAtMs, ...said } = room;
  const hostMethod = chooseHostMethod(room);
  const isRelayed = hostMethod === HOST_METHOD.relay;
  return {
    ...said,
    relayAddress: isRelayed ? room.relayAddress : "",
    relayPort: isRelayed ? room.relayPort : 0,
    gameCrc: room.gameCrc.toUpperCase(),
    hostMethod,
    // We do not try: a call to any address that somebody names would be a tool for others.
    isConnectable: false,
    createdAt: toInstant(new Date(createdAtMs)),
    updatedAt: toInstant(new Date(updatedAtMs)),
  };
}

/** A session of ours: where it is we know better than its host. */
function toRelayedRoom({ shown, room, listed }: SeenSession): RelayRoom {
  const { id, address, port, openedAt } = shown;
  return {
    id: room?.id ?? createRoomId(id),
    username: shown.hostNick ?? "RetroArch",
    gameName: room?.gameName || (shown.title ?? ""),
    gameCrc: (shown.crc32 ?? "").toUpperCase().padStart(8, "0"),
    coreName: shown.coreName ?? "",
    coreVersion: shown.coreVersion ?? "",
    subsystemName: room?.subsystemName ?? "N/A",
    retroarchVersion: room?.retroarchVersion ?? "",
    frontend: room?.frontend ?? "",
    // Of the relay: the host's own is nobody's business.
    ip: address,
    port,
    relayAddress: address,
    relayPort: port,
    relaySession: id,
    hostMethod: HOST_METHOD.relay,
    hasPassword: shown.hasPassword ?? false,
    hasSpectatePassword: room?.hasSpectatePassword ?? false,
    isConnectable: true,
    playerCount: listed.players.filter(({ isLinked }) => isLinked).length + 1,
    spectatorCount: room?.spectatorCount ?? -1,
    createdAt: openedAt,
    updatedAt: room === null ? openedAt : toInstant(new Date(room.updatedAtMs)),
  };
}

/**
 * Lists a host's room for the next minute.
 * @throws AppError `RELAY_ADDRESS_REFUSED`, `RELAY_ROOM_TOO_SOON`, `RELAY_ROOMS_FULL`.
 */
export const announceRelayRoom = operation(
  // Repeated every 20 s; what is kept answers for nothing.
  { type: "mutation", scope: "public", input: AnnounceRoomInput, output: RelayRoomSchema, isFleeting: true },
  async (ctx, fields): Promise<RelayRoom> => {
    requireNeighbour(ctx);
    const stored = await storeRoom(ctx, fields);
    const session = (await seeSessions(ctx)).find(({ shown }) => shown.id === fields.relaySession);
    return session === undefined ? toRoom(stored) : toRelayedRoom(session);
  },
);

/**
 * Where the relay is; every name means ours.
 * @throws AppError `RELAY_ADDRESS_REFUSED`; `RELAY_CLOSED` when this process has none.
 */
export const findRelayTunnel = operation(
  { type: "query", scope: "public", input: TunnelInput, output: TunnelSchema },
  async (ctx) => {
    requireNeighbour(ctx);
    const { address, port, toldPort } = ctx.facts.relay;
    if (port !== null) return findReach(ctx, { address, port: toldPort ?? port });
    throw new AppError("not_found", "RELAY_CLOSED", { message: "There is no relay here" });
  },
);
