import { get, type RestRoute } from "../http/route.ts";
import { getHeartbeat, hasMetadataSource } from "./service.ts";
import { toHeartbeatWire } from "./wire.ts";

/** Compatible route that every app asks first. */
export const systemRoutes: readonly RestRoute[] = [
  get("/api/heartbeat", getHeartbeat, {
    summary: "Version, abilities and switches",
    // The folder names it shows may be some seconds old; everything else changes by our own writes.
    isCached: true,
    write: toHeartbeatWire,
  }),
  get("/api/heartbeat/metadata/{source}", hasMetadataSource, {
    summary: "Whether a source of metadata answers",
    read: (reader) => ({ source: reader.pathText("source") }),
    errors: { METADATA_SOURCE_UNKNOWN: { status: 400 } },
  }),
];
