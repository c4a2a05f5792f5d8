import type { RequestReader } from "../../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../../http/route.ts";
import { type MusicChange, PLAYLIST_ORDERS } from "../contract.ts";
import { fromTrackIdsWire, toTrackPageWire } from "../wire.ts";
import {
  addPlaylistTracks,
  createPlaylist,
  getPlaylist,
  listPlaylists,
  listPlaylistTracks,
  orderPlaylistTracks,
  removePlaylist,
  removePlaylistTracks,
  updatePlaylist,
} from "./service.ts";
import { fromPlaylistWire, toPlaylistWire } from "./wire.ts";

const NAMES = { playlistId: "id", fileIds: "rom_file_ids" };
const readId = (reader: RequestReader) => ({ playlistId: reader.pathInt("id") });

async function readIds(reader: RequestReader): Promise<unknown> {
  return { ...readId(reader), fileIds: fromTrackIdsWire(await reader.json()) };
}

/** An order that is not known means the playlist's own. */
function readTracks(reader: RequestReader) {
  const asked = reader.queryText("order_by");
  return {
    ...readId(reader),
    orderBy: PLAYLIST_ORDERS.find((order) => order === asked),
    direction: reader.queryText("order_dir")?.toLowerCase() === "desc" ? "desc" : "asc",
    limit: reader.queryInt("limit"),
    offset: reader.queryInt("offset"),
  };
}

/** Routes about playlists. */
export const playlistRoutes: readonly RestRoute[] = [
  get("/api/music/playlists", listPlaylists, {
    summary: "The caller's playlists and public ones",
    write: (playlists) => playlists.map(toPlaylistWire),
  }),
  post("/api/music/playlists", createPlaylist, {
    summary: "Create a playlist",
    read: async (reader) => fromPlaylistWire(await reader.json()),
    write: toPlaylistWire,
  }),
  get("/api/music/playlists/{id}", getPlaylist, {
    summary: "One playlist",
    read: readId,
    names: NAMES,
    write: toPlaylistWire,
  }),
  put("/api/music/playlists/{id}", updatePlaylist, {
    summary: "Change a playlist",
    read: async (reader) => ({ ...readId(reader), ...fromPlaylistWire(await reader.json()) }),
    names: NAMES,
    write: toPlaylistWire,
  }),
  del("/api/music/playlists/{id}", removePlaylist, {
    summary: "Remove a playlist",
    read: readId,
    names: NAMES,
  }),
  get("/api/music/playlists/{id}/tracks", listPlaylistTracks, {
    summary: "Tracks of a playlist",
    read: readTracks,
    names: { ...NAMES, direction: "order_dir" },
    write: toTrackPageWire,
  }),
  post("/api/music/playlists/{id}/tracks", addPlaylistTracks, {
    summary: "Add tracks to a playlist",
    read: readIds,
    names: NAMES,
    write: ({ count }: MusicChange) => ({ added: count }),
  }),
  del("/api/music/playlists/{id}/tracks", removePlaylistTracks, {
    summary: "Take tracks out of a playlist",
    read: readIds,
    names: NAMES,
    write: ({ count }: MusicChange) => ({ removed: count }),
  }),
  put("/api/music/playlists/{id}/tracks/order", orderPlaylistTracks, {
    summary: "Put the tracks of a playlist in another order",
    read: readIds,
    names: NAMES,
  }),
];
