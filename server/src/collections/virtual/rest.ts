import type { RequestReader } from "../../http/reader.ts";
import { get, type RestRoute } from "../../http/route.ts";
import { getVirtualCollection, listVirtualCollections, listVirtualIdentifiers } from "./service.ts";
import { toVirtualCollectionWire } from "./wire.ts";

/** The compatible API shows the ids of the roms with every collection. */
const WITH_ROMS = ["romIds"] as const;

/** Routes about collections that nobody had to put together. */
export const virtualCollectionRoutes: readonly RestRoute[] = [
  get("/api/collections/virtual", listVirtualCollections, {
    summary: "Automatic collections of one type, or of all",
    isCached: true,
    read: (reader) => ({ type: readType(reader), limit: reader.queryInt("limit"), with: WITH_ROMS }),
    write: (collections) => collections.map(toVirtualCollectionWire),
  }),
  get("/api/collections/virtual/identifiers", listVirtualIdentifiers, {
    summary: "Ids of all automatic collections",
    isCached: true,
  }),
  get("/api/collections/virtual/{id}", getVirtualCollection, {
    summary: "One automatic collection",
    isCached: true,
    read: (reader) => ({ id: reader.pathText("id"), with: WITH_ROMS }),
    write: toVirtualCollectionWire,
  }),
];

function readType(reader: RequestReader): string | undefined {
  const type = reader.queryText("type");
  if (type === undefined) {
    reader.refuse({ path: ["query", "type"], type: "missing", message: "Field required", input: null });
  }
  return type;
}
