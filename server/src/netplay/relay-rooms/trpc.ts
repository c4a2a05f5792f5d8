import { mutation, query } from "../../rpc/procedures.ts";
import {
  createRoomList,
  joinRelayRoom,
  openRelayRoom,
  type RoomSource,
  spectateRelayRoom,
} from "./service.ts";

/**
 * Procedures about rooms.
 * @param sources The sorts of rooms that the list shows.
 */
export function createRoomProcedures(sources: readonly RoomSource[]) {
  return {
    list: query(createRoomList(sources)),
    open: mutation(openRelayRoom),
    join: mutation(joinRelayRoom),
    spectate: mutation(spectateRelayRoom),
  };
}
