/**
 * Rooms in which people play together.
 * @module
 */

export { createNetplay } from "../netplay/netplay.ts";
export type {
  Delay,
  IceServer,
  JoinRoom,
  Netplay,
  NetplayOptions,
  OpenRoom,
  Path,
  Player,
  Room,
  RoomEvents,
  RoomInfo,
  RoomKind,
  RoomState,
  RoomStats,
  SendSnapshotOptions,
  SpectateRoom,
} from "../netplay/types.ts";
