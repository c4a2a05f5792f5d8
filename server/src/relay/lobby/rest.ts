import { get, post, type RestRoute } from "../../http/route.ts";
import { announceRelayRoom, findRelayTunnel, listRelayRooms } from "./service.ts";
import { fromRoomForm, toAnnouncedText, toRoomWire, toTunnelText } from "./wire.ts";

const asText = (text: string) => new Response(text, { headers: { "content-type": "text/plain" } });
/** RetroArch knows no other refusal of what it sent. */
const errors = { INPUT_INVALID: { status: 400 } } as const;

/** Routes of RetroArch's lobby: a proxy that stands in for it maps its root to `/api/relay`. */
export const relayLobbyRoutes: readonly RestRoute[] = [
  get("/api/relay/list", listRelayRooms, {
    summary: "Rooms of RetroArch's netplay, as its lobby lists them",
    write: (rooms) => rooms.map(toRoomWire),
  }),
  post("/api/relay/add", announceRelayRoom, {
    summary: "Announce a room of RetroArch's netplay, as to its lobby",
    read: async (reader) => fromRoomForm(await reader.form()),
    write: (room) => asText(toAnnouncedText(room)),
    errors,
  }),
  get("/api/relay/tunnel", findRelayTunnel, {
    summary: "Where RetroArch finds a relay, as its lobby tells",
    read: (reader) => ({ name: reader.queryText("name") }),
    write: (reach) => asText(toTunnelText(reach)),
    errors,
  }),
];
