import { get, type RestRoute } from "../http/route.ts";
import { toRoomsWire } from "./rooms/wire.ts";
import { listGameRooms } from "./service.ts";

/** Compatible routes of netplay. */
export const netplayRoutes: readonly RestRoute[] = [
  get("/api/netplay/list", listGameRooms, {
    summary: "Open EmulatorJS netplay rooms for a game",
    read: (reader) => ({ gameId: reader.queryText("game_id") }),
    write: toRoomsWire,
  }),
];
