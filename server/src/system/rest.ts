import { get, type RestRoute } from "../http/route.ts";
import { getHeartbeat } from "./service.ts";
import { toHeartbeatWire } from "./wire.ts";

/** Compatible route that every app asks first. */
export const systemRoutes: readonly RestRoute[] = [
  get("/api/heartbeat", getHeartbeat, {
    summary: "Version, abilities and switches",
    // The folder names it shows may be some seconds old; everything else changes by our own writes.
    isCached: true,
    write: toHeartbeatWire,
  }),
];
