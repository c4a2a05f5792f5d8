import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { EDITOR, type MusicScene, openMusicScene, VIEWER } from "./scene.testing.ts";

const OPEN_MS = 30_000;
let scene: MusicScene;
let ids: readonly number[] = [];

beforeEach(async () => {
  scene = await openMusicScene();
  ids = await scene.add(
    ["a", "b", "c", "d", "e"].map((title, at) => ({ rom: at < 3 ? "A.gba" : "B.gba", title })),
  );
}, OPEN_MS);
afterEach(() => scene.close());

const create = async (json: object, authorization?: string) => {
  const answer = await scene.call("/playlists", { json, ...(authorization ? { authorization } : {}) });
  return answer.json as { id: number; updated_at: string };
};
const change = (
  method: string,
  path: string,
  fileIds: readonly (number | undefined)[],
  authorization?: string,
) =>
  scene.call(`/playlists/${path}`, {
    method,
    json: { rom_file_ids: fileIds },
    ...(authorization ? { authorization } : {}),
  });
const positions = async (id: number) => {
  const { sql } = scene.library.app.database.handle;
  const rows = await sql<
    { position: number }[]
  >`select position from music_playlist_tracks where playlist_id = ${id} order by position`;
  return rows.map(({ position }) => position);
};

describe("playlists", () => {
  test("are made, read, changed and removed", async () => {
    const made = await scene.call("/playlists", {
      json: { name: "Chill", description: "x", is_public: false },
    });
    const {
      created_at: _created,
      updated_at: _updated,
      id,
      ...fields
    } = made.json as Record<string, unknown>;
    expect([made.status, fields]).toEqual([
      200,
      {
        name: "Chill",
        description: "x",
        is_public: false,
        user_id: 1,
        owner_username: "admin",
        track_count: 0,
      },
    ]);
    const changed = await scene.call(`/playlists/${id}`, {
      method: "PUT",
      json: { name: null, description: "", is_public: true },
    });
    expect(changed.json).toMatchObject({ name: "Chill", description: null, is_public: true });
    const same = await scene.call(`/playlists/${id}`, { method: "PUT", json: { name: "Chill" } });
    expect(same.json).toEqual(changed.json);
    expect((await scene.call(`/playlists/${id}`)).json).toEqual(changed.json);
    const gone = await scene.call(`/playlists/${id}`, { method: "DELETE" });
    expect([gone.status, gone.json]).toEqual([200, null]);
    const absent = await scene.call(`/playlists/${id}`);
    expect([absent.status, absent.json]).toEqual([404, { detail: `Playlist with id '${id}' not found` }]);
  });

  test("have names of their own per account", async () => {
    const first = await create({ name: "Mine" });
    const again = await scene.call("/playlists", { json: { name: "Mine" } });
    expect([again.status, again.json]).toEqual([409, { detail: "Playlist with name 'Mine' already exists" }]);
    const other = await create({ name: "Other" });
    const renamed = await scene.call(`/playlists/${other.id}`, { method: "PUT", json: { name: "Mine" } });
    expect(renamed.status).toBe(409);
    expect(
      (await scene.call(`/playlists/${first.id}`, { method: "PUT", json: { name: "Mine" } })).status,
    ).toBe(200);
    expect((await create({ name: "Mine" }, VIEWER)).id).toBeGreaterThan(0);
  });

  test("of which several of one name are made at once are one", async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => scene.call("/playlists", { json: { name: "Once" } })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
  });

  test("of others are seen when public, and changed by their owner alone", async () => {
    const shared = await create({ name: "Shared", is_public: true }, VIEWER);
    const secret = await create({ name: "Secret" }, VIEWER);
    const names = async (authorization: string) =>
      ((await scene.call("/playlists", { authorization })).json as { name: string }[]).map(
        ({ name }) => name,
      );
    expect(await names(VIEWER)).toEqual(["Secret", "Shared"]);
    expect(await names(EDITOR)).toEqual(["Shared"]);
    const authorization = EDITOR;
    const of = async (id: number) => [
      (await scene.call(`/playlists/${id}`, { authorization })).status,
      (await scene.call(`/playlists/${id}/tracks`, { authorization })).status,
      (await scene.call(`/playlists/${id}`, { method: "PUT", json: { name: "x" }, authorization })).status,
      (await change("POST", `${id}/tracks`, [ids[0]], authorization)).status,
      (await change("DELETE", `${id}/tracks`, [ids[0]], authorization)).status,
      (await change("PUT", `${id}/tracks/order`, [ids[0]], authorization)).status,
      (await scene.call(`/playlists/${id}`, { method: "DELETE", authorization })).status,
    ];
    expect(await of(shared.id)).toEqual([200, 200, 403, 403, 403, 403, 403]);
    expect(await of(secret.id)).toEqual([404, 404, 404, 404, 404, 404, 404]);
    expect(await of(99_999)).toEqual([404, 404, 404, 404, 404, 404, 404]);
  });

  test.each([
    ["without a name", {}],
    ["with an empty name", { name: "" }],
    ["with too long a name", { name: "n".repeat(401) }],
    ["with a zero character", { name: "\0" }],
    ["with a number for a name", { name: 5 }],
    ["with neither yes nor no", { name: "x", is_public: "maybe" }],
  ])("are not made of a body %s", async (_what, json) => {
    expect((await scene.call("/playlists", { json })).status).toBe(422);
    expect((await scene.call("/playlists")).json).toEqual([]);
  });
});

describe("tracks of a playlist", () => {
  test("stay in the order in which they were added, without gaps", async () => {
    const { id, updated_at } = await create({ name: "L" });
    const [a, b, c, d, e] = ids;
    expect((await change("POST", `${id}/tracks`, [c, a, 99_999, a])).json).toEqual({ added: 2 });
    expect((await change("POST", `${id}/tracks`, [b, c, e, d])).json).toEqual({ added: 3 });
    expect(await scene.titles(`/playlists/${id}/tracks`)).toEqual(["c", "a", "b", "e", "d"]);
    expect((await change("DELETE", `${id}/tracks`, [a, 99_999])).json).toEqual({ removed: 1 });
    expect(await positions(id)).toEqual([0, 1, 2, 3]);
    expect(await scene.titles(`/playlists/${id}/tracks?order_dir=desc&limit=2`)).toEqual(["d", "e"]);
    expect(await scene.titles(`/playlists/${id}/tracks?order_by=title`)).toEqual(["b", "c", "d", "e"]);
    const playlist = (await scene.call(`/playlists/${id}`)).json as {
      track_count: number;
      updated_at: string;
    };
    expect(playlist.track_count).toBe(4);
    expect(playlist.updated_at > updated_at).toBe(true);
  });

  test("take another order, those that are not named behind", async () => {
    const { id } = await create({ name: "L" });
    const [a, b, c, d] = ids;
    await change("POST", `${id}/tracks`, [a, b, c, d]);
    const ordered = await change("PUT", `${id}/tracks/order`, [d, 99_999, b, d]);
    expect([ordered.status, ordered.json]).toEqual([200, null]);
    expect(await scene.titles(`/playlists/${id}/tracks`)).toEqual(["d", "b", "a", "c"]);
    expect(await positions(id)).toEqual([0, 1, 2, 3]);
  });

  test("survive changes at the same time, each of which counts", async () => {
    const { id } = await create({ name: "L" });
    await change("POST", `${id}/tracks`, [ids[0]]);
    await Promise.all([
      change("POST", `${id}/tracks`, [ids[1]]),
      change("POST", `${id}/tracks`, [ids[2], ids[3]]),
      change("DELETE", `${id}/tracks`, [ids[0]]),
      change("POST", `${id}/tracks`, [ids[4]]),
    ]);
    expect((await scene.titles(`/playlists/${id}/tracks`)).toSorted()).toEqual(["b", "c", "d", "e"]);
    expect(await positions(id)).toEqual([0, 1, 2, 3]);
  });

  test("of hidden roms are absent for whom they are hidden, and stay in the playlist", async () => {
    const { id } = await create({ name: "L", is_public: true });
    await change("POST", `${id}/tracks`, ids);
    await scene.hide("B.gba", "ana");
    expect(await scene.titles(`/playlists/${id}/tracks`, VIEWER)).toEqual(["a", "b", "c"]);
    expect((await scene.call(`/playlists/${id}`, { authorization: VIEWER })).json).toMatchObject({
      track_count: 3,
    });
    const own = await create({ name: "Own" }, VIEWER);
    expect((await change("POST", `${own.id}/tracks`, ids, VIEWER)).json).toEqual({ added: 3 });
    expect(await scene.titles(`/playlists/${id}/tracks`)).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("go with their files, and a later change closes the gap", async () => {
    const { id } = await create({ name: "L" });
    await change("POST", `${id}/tracks`, ids);
    await scene.library.change(`delete from rom_files where id = ${ids[1]}`);
    expect(await scene.titles(`/playlists/${id}/tracks`)).toEqual(["a", "c", "d", "e"]);
    await change("DELETE", `${id}/tracks`, [ids[4]]);
    expect(await positions(id)).toEqual([0, 1, 2]);
  });

  test("are the same behind the typed door", async () => {
    const made = (await scene.tell("createPlaylist", { name: "T" })) as { id: number };
    const playlistId = made.id;
    expect(await scene.tell("addPlaylistTracks", { playlistId, fileIds: ids.slice(0, 2) })).toEqual({
      count: 2,
    });
    expect(await scene.tell("orderPlaylistTracks", { playlistId, fileIds: [ids[1]] })).toBeNull();
    expect(await scene.ask("listPlaylistTracks", { playlistId })).toMatchObject({
      items: [{ title: "b" }, { title: "a" }],
      total: 2,
    });
    expect(await scene.tell("updatePlaylist", { playlistId, isPublic: true })).toMatchObject({
      isPublic: true,
      trackCount: 2,
    });
    expect(await scene.tell("removePlaylistTracks", { playlistId, fileIds: ids })).toEqual({ count: 2 });
    expect(await scene.ask("getPlaylist", { playlistId })).toMatchObject({ name: "T", trackCount: 0 });
    expect(await scene.tell("removePlaylist", { playlistId }, EDITOR)).toBe("PERMISSIONS_INSUFFICIENT");
    expect(await scene.tell("removePlaylist", { playlistId })).toBeNull();
    expect(await scene.ask("listPlaylists", {})).toEqual([]);
  });
});
