import type { RequestReader } from "../http/reader.ts";
import { del, get, post, type RestRoute } from "../http/route.ts";
import { FACET_ORDERS, type MusicChange, TRACK_ORDERS } from "./contract.ts";
import {
  addFavoriteTracks,
  listAlbums,
  listArtists,
  listFavoriteTracks,
  listGenres,
  listTracks,
  listYears,
  removeFavoriteTracks,
} from "./service.ts";
import { fromTrackIdsWire, toFacetPageWire, toTrackPageWire } from "./wire.ts";

/** Names of the inputs on the wire that are not just in snake case. */
const NAMES = {
  minDurationSeconds: "min_duration",
  maxDurationSeconds: "max_duration",
  direction: "order_dir",
};
const ID_NAMES = { fileIds: "rom_file_ids" };

/** Reads a number that need not be whole. */
function readNumber(reader: RequestReader, name: string): number | undefined {
  const text = reader.queryText(name);
  if (text === undefined) return undefined;
  const value = Number(text.trim());
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  const message = "Input should be a valid number, unable to parse string as a number";
  reader.refuse({ path: ["query", name], type: "float_parsing", message, input: text });
  return undefined;
}

function readFilter(reader: RequestReader) {
  return {
    search: reader.queryText("search"),
    artist: reader.queryText("artist"),
    album: reader.queryText("album"),
    genre: reader.queryText("genre"),
    platformIds: reader.queryInts("platform_ids"),
    year: reader.queryInt("year"),
    minDurationSeconds: readNumber(reader, "min_duration"),
    maxDurationSeconds: readNumber(reader, "max_duration"),
    limit: reader.queryInt("limit"),
    offset: reader.queryInt("offset"),
  };
}

/** An order that is not known means the usual one. */
function readTracks(reader: RequestReader) {
  const asked = reader.queryText("order_by");
  return {
    ...readFilter(reader),
    orderBy: TRACK_ORDERS.find((order) => order === asked),
    direction: reader.queryText("order_dir")?.toLowerCase() === "desc" ? "desc" : "asc",
  };
}

function readFacet(reader: RequestReader) {
  const asked = reader.queryText("order_by");
  return {
    ...readFilter(reader),
    // Some apps say "name" of the value.
    orderBy: asked === "name" ? "value" : FACET_ORDERS.find((order) => order === asked),
    direction: reader.queryText("order_dir")?.toLowerCase() === "asc" ? "asc" : "desc",
  };
}

async function readIds(reader: RequestReader): Promise<unknown> {
  return { fileIds: fromTrackIdsWire(await reader.json()) };
}

const facet = { isCached: true, read: readFacet, names: NAMES, write: toFacetPageWire } as const;

/** Routes about tracks: the library's, and the caller's favourites. */
export const musicRoutes: readonly RestRoute[] = [
  get("/api/music/tracks", listTracks, {
    summary: "Soundtrack tracks, filtered and paged",
    read: (reader) => ({ ...readTracks(reader), romId: reader.queryInt("rom_id") }),
    names: NAMES,
    write: toTrackPageWire,
  }),
  get("/api/music/favorites", listFavoriteTracks, {
    summary: "The caller's favourite tracks",
    read: readTracks,
    names: NAMES,
    write: toTrackPageWire,
  }),
  post("/api/music/favorites", addFavoriteTracks, {
    summary: "Mark tracks as favourites",
    read: readIds,
    names: ID_NAMES,
    write: ({ count }: MusicChange) => ({ added: count }),
  }),
  del("/api/music/favorites", removeFavoriteTracks, {
    summary: "Take tracks out of the favourites",
    read: readIds,
    names: ID_NAMES,
    write: ({ count }: MusicChange) => ({ removed: count }),
  }),
  get("/api/music/artists", listArtists, { summary: "Artists and how many tracks each has", ...facet }),
  get("/api/music/albums", listAlbums, { summary: "Albums and how many tracks each has", ...facet }),
  get("/api/music/genres", listGenres, { summary: "Genres and how many tracks each has", ...facet }),
  get("/api/music/years", listYears, { summary: "Years and how many tracks each has", ...facet }),
];
