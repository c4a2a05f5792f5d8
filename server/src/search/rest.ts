import { get, type RestRoute } from "../http/route.ts";
import { searchCovers, searchRoms } from "./service.ts";

const BAD_REQUEST = { SEARCH_NO_PROVIDER: { status: 400 } };

/** Routes that ask metadata providers by hand. */
export const searchRoutes: readonly RestRoute[] = [
  get("/api/search/roms", searchRoms, {
    summary: "What metadata providers know that could be a rom",
    read: (reader) => ({
      romId: reader.queryInt("rom_id"),
      term: reader.queryText("search_term") || undefined,
      by: reader.queryText("search_by")?.toLowerCase(),
    }),
    names: { term: "search_term", by: "search_by" },
    errors: BAD_REQUEST,
  }),
  get("/api/search/cover", searchCovers, {
    summary: "Covers that metadata providers have under a name",
    read: (reader) => ({ term: reader.queryText("search_term") }),
    names: { term: "search_term" },
    errors: BAD_REQUEST,
  }),
];
