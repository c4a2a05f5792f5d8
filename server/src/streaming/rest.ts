import { get, type RestRoute } from "../http/route.ts";
import { getStreamingSettings } from "./service.ts";

/** What frontends ask before they offer to stream a game. */
export const streamingRoutes: readonly RestRoute[] = [
  get("/api/streaming/config", getStreamingSettings, {
    summary: "Whether games can be streamed from here",
    write: ({ isEnabled }) => ({ enabled: isEnabled, containers: [] }),
  }),
];
