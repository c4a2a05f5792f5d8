import { describe, expect, test } from "bun:test";
import type { Rpc } from "../rpc/rpc.ts";
import { createMusic, type Music } from "./music.ts";

/** Records what goes out, and answers everything with null. */
function setUp() {
  const sent: [string, unknown][] = [];
  const record = async <T>(operation: string, input: unknown): Promise<T> => {
    sent.push([operation, input]);
    return null as T;
  };
  const rpc: Rpc = { query: record, mutate: record };
  return { sent, music: createMusic(rpc) };
}

describe("the calls about music", () => {
  const calls: [string, (music: Music) => Promise<unknown>, unknown][] = [
    ["music.listTracks", (music) => music.listTracks(), {}],
    ["music.listTracks", (music) => music.listTracks({ search: "x", limit: 5 }), { search: "x", limit: 5 }],
    ["music.listFavorites", (music) => music.listFavorites({ orderBy: "year" }), { orderBy: "year" }],
    ["music.addFavorites", (music) => music.addFavorites([1, 2]), { fileIds: [1, 2] }],
    ["music.removeFavorites", (music) => music.removeFavorites([1]), { fileIds: [1] }],
    ["music.listArtists", (music) => music.listArtists({ genre: "Pop" }), { genre: "Pop" }],
    ["music.listAlbums", (music) => music.listAlbums(), {}],
    ["music.listGenres", (music) => music.listGenres(), {}],
    ["music.listYears", (music) => music.listYears({ orderBy: "value" }), { orderBy: "value" }],
    ["music.listPlaylists", (music) => music.listPlaylists(), {}],
    ["music.getPlaylist", (music) => music.getPlaylist(7), { playlistId: 7 }],
    ["music.createPlaylist", (music) => music.createPlaylist({ name: "L" }), { name: "L" }],
    [
      "music.updatePlaylist",
      (music) => music.updatePlaylist(7, { isPublic: true }),
      { playlistId: 7, isPublic: true },
    ],
    ["music.removePlaylist", (music) => music.removePlaylist(7), { playlistId: 7 }],
    [
      "music.listPlaylistTracks",
      (music) => music.listPlaylistTracks(7, { offset: 5 }),
      { playlistId: 7, offset: 5 },
    ],
    ["music.addPlaylistTracks", (music) => music.addPlaylistTracks(7, [1]), { playlistId: 7, fileIds: [1] }],
    [
      "music.removePlaylistTracks",
      (music) => music.removePlaylistTracks(7, [1]),
      { playlistId: 7, fileIds: [1] },
    ],
    [
      "music.orderPlaylistTracks",
      (music) => music.orderPlaylistTracks(7, [2, 1]),
      { playlistId: 7, fileIds: [2, 1] },
    ],
  ];
  test.each(calls)("%s", async (operation, call, input) => {
    const { sent, music } = setUp();
    await call(music);
    expect(sent).toEqual([[operation, input]]);
  });
});
