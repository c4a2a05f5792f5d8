import { get, type RestRoute } from "../http/route.ts";
import type { Platform } from "./contract.ts";
import { getPlatform, listPlatformIdentifiers, listPlatforms, listSupportedPlatforms } from "./service.ts";
import { toPlatformWire } from "./wire.ts";

const writeAll = (platforms: readonly Platform[]) => platforms.map(toPlatformWire);

/** Compatible routes that read platforms. */
export const platformRoutes: readonly RestRoute[] = [
  get("/api/platforms", listPlatforms, {
    summary: "All platforms of the library",
    isCached: true,
    read: (reader) => ({ updatedAfter: reader.queryInstant("updated_after") }),
    write: writeAll,
  }),
  get("/api/platforms/identifiers", listPlatformIdentifiers, {
    summary: "Ids of all platforms",
    isCached: true,
  }),
  get("/api/platforms/supported", listSupportedPlatforms, {
    summary: "Every platform we know",
    write: writeAll,
  }),
  get("/api/platforms/{id}", getPlatform, {
    summary: "One platform",
    isCached: true,
    read: (reader) => ({ platformId: reader.pathInt("id") }),
    write: toPlatformWire,
  }),
];
