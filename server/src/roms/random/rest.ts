import * as v from "valibot";
import { Id } from "../../base/schemas.ts";
import type { RequestReader } from "../../http/reader.ts";
import { get, type RestRoute } from "../../http/route.ts";
import { toSimpleRomWire } from "../details/wire.ts";
import { findRandomRomDetails } from "./service.ts";

/** As in lists, the older `platform_id` of some apps counts where it is an id, and is no reason to refuse the call. */
function readPlatformIds(reader: RequestReader): readonly number[] | undefined {
  const older = Number(reader.queryText("platform_id"));
  return reader.queryInts("platform_ids") ?? (v.is(Id, older) ? [older] : undefined);
}

/** The route that picks a rom by chance. */
export const randomRomRoutes: readonly RestRoute[] = [
  get("/api/roms/random", findRandomRomDetails, {
    summary: "A rom by chance",
    read: (reader) => ({
      platformIds: readPlatformIds(reader),
      collectionId: reader.queryInt("collection_id"),
      virtualCollectionId: reader.queryText("virtual_collection_id"),
      smartCollectionId: reader.queryInt("smart_collection_id"),
    }),
    write: (rom) => (rom === null ? null : toSimpleRomWire(rom)),
  }),
];
