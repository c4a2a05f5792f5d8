import { get, type RestRoute } from "../http/route.ts";
import { getStats } from "./service.ts";
import { toStatsWire } from "./wire.ts";

/** Compatible route of the statistics. */
export const statsRoutes: readonly RestRoute[] = [
  get("/api/stats", getStats, {
    summary: "What the library and its users hold",
    isCached: true,
    read: (reader) => ({ withPlatforms: reader.queryBool("include_platform_stats") }),
    names: { withPlatforms: "include_platform_stats" },
    write: toStatsWire,
  }),
];
