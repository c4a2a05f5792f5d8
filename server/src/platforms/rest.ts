import type { RequestReader } from "../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../http/route.ts";
import { createPlatform, removePlatform, updatePlatform } from "./changes/service.ts";
import type { Platform } from "./contract.ts";
import {
  getPlatform,
  listPlatformCandidates,
  listPlatformIdentifiers,
  listPlatforms,
  listSupportedPlatforms,
} from "./service.ts";
import { fromNewPlatformWire, fromPlatformChangeWire, toPlatformWire } from "./wire.ts";

const writeAll = (platforms: readonly Platform[]) => platforms.map(toPlatformWire);
const readId = (reader: RequestReader) => ({ platformId: reader.pathInt("id") });

/** Compatible routes about platforms. */
export const platformRoutes: readonly RestRoute[] = [
  post("/api/platforms", createPlatform, {
    summary: "Make a platform: its folder, and its row",
    status: 201,
    read: async (reader) => fromNewPlatformWire(await reader.json()),
    write: toPlatformWire,
  }),
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
  get("/api/platforms/filesystem", listPlatformCandidates, {
    summary: "Folders of the library that are no platform yet",
    write: writeAll,
  }),
  get("/api/platforms/{id}", getPlatform, {
    summary: "One platform",
    isCached: true,
    read: readId,
    write: toPlatformWire,
  }),
  put("/api/platforms/{id}", updatePlatform, {
    summary: "Change what a platform is called and how it is described",
    read: readChange,
    write: toPlatformWire,
  }),
  del("/api/platforms/{id}", removePlatform, {
    summary: "Forget a platform with its roms; files stay",
    read: readId,
  }),
];

/** The body may be left out, and then changes nothing. */
async function readChange(reader: RequestReader): Promise<unknown> {
  const { request } = reader;
  const isEmpty = request.body === null || request.headers.get("content-length") === "0";
  return fromPlatformChangeWire(reader.pathInt("id"), isEmpty ? {} : await reader.json());
}
