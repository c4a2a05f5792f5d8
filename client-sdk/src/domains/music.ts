import type {
  FacetOrder,
  MusicChange,
  MusicFacet,
  MusicPage,
  MusicTrack,
  PlaylistOrder,
  TrackFilter,
  TrackOrder,
} from "@multitap/server/contract/music";
import type { Playlist } from "@multitap/server/contract/music/playlists";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** Which part of a list, and in what order. */
export interface MusicPageInput<O extends string> {
  readonly orderBy?: O | undefined;
  readonly direction?: "asc" | "desc" | undefined;
  /** 50 unless said, 10000 at most. */
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** Which tracks to list. */
export type ListTracks = TrackFilter & MusicPageInput<TrackOrder>;
/** Which tracks' values to list. */
export type ListFacet = TrackFilter & MusicPageInput<FacetOrder>;

/** What a new playlist is made of. */
export interface CreatePlaylist {
  /** Other than those of one's other playlists. */
  readonly name: string;
  /** None unless said. */
  readonly description?: string | undefined;
  /** Heard by oneself only unless said. */
  readonly isPublic?: boolean | undefined;
}

/** Soundtracks of the library as tracks, favourites among them, and playlists. */
export interface Music {
  /**
   * Gives one page of the tracks that meet every condition, by title unless said.
   * @example
   * const { items, total } = await client.music.listTracks({ search: "theme", platformIds: [3] });
   */
  listTracks(input?: ListTracks, options?: CallOptions): Promise<MusicPage<MusicTrack>>;
  /**
   * Does the same with one's favourites.
   * @example
   * const { items } = await client.music.listFavorites({ orderBy: "artist" });
   */
  listFavorites(input?: ListTracks, options?: CallOptions): Promise<MusicPage<MusicTrack>>;
  /**
   * Marks tracks as favourites; unknown ones are left out.
   * @throws MultitapError `conflict` (`MUSIC_FAVORITES_LIMIT`).
   * @example
   * await client.music.addFavorites([track.fileId]);
   */
  addFavorites(fileIds: readonly number[], options?: WriteOptions): Promise<MusicChange>;
  /**
   * Takes tracks out of the favourites.
   * @example
   * await client.music.removeFavorites([track.fileId]);
   */
  removeFavorites(fileIds: readonly number[], options?: WriteOptions): Promise<MusicChange>;
  /**
   * Gives artists and how many tracks each has, the most first unless said; a filter on the artist does not count.
   * @example
   * const { items } = await client.music.listArtists({ genre: "chiptune" });
   */
  listArtists(input?: ListFacet, options?: CallOptions): Promise<MusicPage<MusicFacet<string>>>;
  /**
   * Gives albums and how many tracks each has.
   * @example
   * const { items } = await client.music.listAlbums({ artist: "Ann" });
   */
  listAlbums(input?: ListFacet, options?: CallOptions): Promise<MusicPage<MusicFacet<string>>>;
  /**
   * Gives genres and how many tracks each has.
   * @example
   * const { items } = await client.music.listGenres();
   */
  listGenres(input?: ListFacet, options?: CallOptions): Promise<MusicPage<MusicFacet<string>>>;
  /**
   * Gives years and how many tracks each has.
   * @example
   * const { items } = await client.music.listYears({ orderBy: "value", direction: "asc" });
   */
  listYears(input?: ListFacet, options?: CallOptions): Promise<MusicPage<MusicFacet<number>>>;
  /**
   * Gives one's own playlists and public ones, by name.
   * @example
   * const playlists = await client.music.listPlaylists();
   */
  listPlaylists(options?: CallOptions): Promise<readonly Playlist[]>;
  /**
   * Reads one playlist.
   * @throws MultitapError `not_found`, also for another's private one.
   * @example
   * const { trackCount } = await client.music.getPlaylist(7);
   */
  getPlaylist(playlistId: number, options?: CallOptions): Promise<Playlist>;
  /**
   * Makes a playlist without tracks.
   * @throws MultitapError `conflict`: `MUSIC_PLAYLIST_NAME_TAKEN`, `MUSIC_PLAYLISTS_LIMIT`.
   * @example
   * const { id } = await client.music.createPlaylist({ name: "Chill" });
   */
  createPlaylist(input: CreatePlaylist, options?: WriteOptions): Promise<Playlist>;
  /**
   * Changes a playlist; what is left out stays.
   * @throws MultitapError `not_found`, `forbidden` (`MUSIC_PLAYLIST_FOREIGN`), `conflict`.
   * @example
   * await client.music.updatePlaylist(7, { isPublic: true });
   */
  updatePlaylist(
    playlistId: number,
    changes: Partial<CreatePlaylist>,
    options?: WriteOptions,
  ): Promise<Playlist>;
  /**
   * Removes a playlist; its tracks stay in the library.
   * @throws MultitapError `not_found`, `forbidden`.
   * @example
   * await client.music.removePlaylist(7);
   */
  removePlaylist(playlistId: number, options?: WriteOptions): Promise<void>;
  /**
   * Gives one page of the tracks of a playlist, in its own order unless said.
   * @throws MultitapError `not_found`.
   * @example
   * const { items } = await client.music.listPlaylistTracks(7, { limit: 500 });
   */
  listPlaylistTracks(
    playlistId: number,
    input?: MusicPageInput<PlaylistOrder>,
    options?: CallOptions,
  ): Promise<MusicPage<MusicTrack>>;
  /**
   * Adds tracks at the end of a playlist. Additions at the same time all count.
   * @throws MultitapError `not_found`, `forbidden`, `conflict` (`MUSIC_PLAYLIST_TRACKS_LIMIT`).
   * @example
   * await client.music.addPlaylistTracks(7, [track.fileId]);
   */
  addPlaylistTracks(
    playlistId: number,
    fileIds: readonly number[],
    options?: WriteOptions,
  ): Promise<MusicChange>;
  /**
   * Takes tracks out of a playlist.
   * @throws MultitapError `not_found`, `forbidden`.
   * @example
   * await client.music.removePlaylistTracks(7, [track.fileId]);
   */
  removePlaylistTracks(
    playlistId: number,
    fileIds: readonly number[],
    options?: WriteOptions,
  ): Promise<MusicChange>;
  /**
   * Puts the named tracks of a playlist first, in this order, and the others behind as they were.
   * @throws MultitapError `not_found`, `forbidden`.
   * @example
   * await client.music.orderPlaylistTracks(7, tracks.map(({ fileId }) => fileId).toReversed());
   */
  orderPlaylistTracks(playlistId: number, fileIds: readonly number[], options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createMusic(rpc: Rpc): Music {
  return {
    listTracks: (input = {}, options) => rpc.query("music.listTracks", input, options),
    listFavorites: (input = {}, options) => rpc.query("music.listFavorites", input, options),
    addFavorites: (fileIds, options) => rpc.mutate("music.addFavorites", { fileIds }, options),
    removeFavorites: (fileIds, options) => rpc.mutate("music.removeFavorites", { fileIds }, options),
    listArtists: (input = {}, options) => rpc.query("music.listArtists", input, options),
    listAlbums: (input = {}, options) => rpc.query("music.listAlbums", input, options),
    listGenres: (input = {}, options) => rpc.query("music.listGenres", input, options),
    listYears: (input = {}, options) => rpc.query("music.listYears", input, options),
    listPlaylists: (options) => rpc.query("music.listPlaylists", {}, options),
    getPlaylist: (playlistId, options) => rpc.query("music.getPlaylist", { playlistId }, options),
    createPlaylist: (input, options) => rpc.mutate("music.createPlaylist", input, options),
    updatePlaylist: (playlistId, changes, options) =>
      rpc.mutate("music.updatePlaylist", { playlistId, ...changes }, options),
    async removePlaylist(playlistId, options) {
      await rpc.mutate("music.removePlaylist", { playlistId }, options);
    },
    listPlaylistTracks: (playlistId, input = {}, options) =>
      rpc.query("music.listPlaylistTracks", { playlistId, ...input }, options),
    addPlaylistTracks: (playlistId, fileIds, options) =>
      rpc.mutate("music.addPlaylistTracks", { playlistId, fileIds }, options),
    removePlaylistTracks: (playlistId, fileIds, options) =>
      rpc.mutate("music.removePlaylistTracks", { playlistId, fileIds }, options),
    async orderPlaylistTracks(playlistId, fileIds, options) {
      await rpc.mutate("music.orderPlaylistTracks", { playlistId, fileIds }, options);
    },
  };
}
