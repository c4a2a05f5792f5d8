import { mutation, query } from "../rpc/procedures.ts";
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
} from "./playlists/service.ts";
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

/** Procedures about music. */
export const musicProcedures = {
  addFavorites: mutation(addFavoriteTracks),
  addPlaylistTracks: mutation(addPlaylistTracks),
  createPlaylist: mutation(createPlaylist),
  getPlaylist: query(getPlaylist),
  listAlbums: query(listAlbums),
  listArtists: query(listArtists),
  listFavorites: query(listFavoriteTracks),
  listGenres: query(listGenres),
  listPlaylistTracks: query(listPlaylistTracks),
  listPlaylists: query(listPlaylists),
  listTracks: query(listTracks),
  listYears: query(listYears),
  orderPlaylistTracks: mutation(orderPlaylistTracks),
  removeFavorites: mutation(removeFavoriteTracks),
  removePlaylist: mutation(removePlaylist),
  removePlaylistTracks: mutation(removePlaylistTracks),
  updatePlaylist: mutation(updatePlaylist),
};
