import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { watchStatements } from "../app/statements.testing.ts";
import { type MusicScene, openMusicScene, VIEWER, type WirePage, type WireTrack } from "./scene.testing.ts";

const OPEN_MS = 30_000;
let scene: MusicScene;
let ids: readonly number[] = [];

beforeAll(async () => {
  scene = await openMusicScene();
  ids = await scene.add([
    { rom: "A.gba", title: "beta", artist: "Ann", album: "One", genre: "Rock", year: 1994, duration: 60 },
    { rom: "A.gba", title: "Alpha", artist: "ann", album: "Two", genre: "Pop", year: 1991, duration: 120.5 },
    {
      rom: "B.gba",
      title: "100% gamma",
      artist: "Bo",
      album: "One",
      genre: "rock",
      year: 1994,
      duration: 30,
    },
    { rom: "B.gba", title: "1000 deltas", artist: "Bo" },
    { rom: "B.gba" },
  ]);
  const { sql } = scene.library.app.database.handle;
  // No tracks: one that is gone, one without tags, and a file of another sort.
  const [gone] = await scene.add([{ rom: "A.gba", title: "Gone", artist: "Ann" }]);
  await sql`update rom_files set missing_from_fs = true where id = ${gone ?? 0}`;
  await sql`insert into rom_files (rom_id, file_name, file_path, category) values (${scene.romIds["A.gba"] ?? 0}, 'n.mp3', 'x', 'soundtrack')`;
  await scene.hide("B.gba", "ana");
}, OPEN_MS);
afterAll(() => scene.close());

const page = async <T>(path: string) => (await scene.call(path)).json as WirePage<T>;

describe("GET /api/music/tracks", () => {
  test("gives tracks in the compatible shape", async () => {
    const { items, ...rest } = await page<WireTrack>("/tracks?limit=2");
    expect(rest).toEqual({ total: 5, limit: 2, offset: 0 });
    expect(items[1]).toEqual({
      rom_file_id: ids[3] ?? 0,
      rom_id: scene.romIds["B.gba"] ?? 0,
      title: "1000 deltas",
      artist: "Bo",
      album: null,
      genre: null,
      year: null,
      track: null,
      disc: null,
      duration_seconds: null,
      has_embedded_cover: false,
      is_favorite: false,
      game_name: "B",
      platform_id: scene.platformId,
      platform_slug: "gba",
      platform_name: "Game Boy Advance",
      stream_url: `/api/roms/${ids[3]}/files/content/004%20%28x%29.mp3`,
      cover_url: null,
    } as never);
  });

  const orders: [string, readonly number[]][] = [
    ["", [2, 3, 1, 0, 4]],
    ["?order_dir=desc", [0, 1, 3, 2, 4]],
    ["?order_by=artist", [0, 1, 2, 3, 4]],
    ["?order_by=album", [0, 2, 1, 3, 4]],
    ["?order_by=year&order_dir=DESC", [0, 2, 1, 3, 4]],
    ["?order_by=duration", [2, 0, 1, 3, 4]],
    ["?order_by=platform", [0, 1, 2, 3, 4]],
    ["?order_by=added", [0, 1, 2, 3, 4]],
    ["?order_by=nonsense", [2, 3, 1, 0, 4]],
    ["?order_by=position", [2, 3, 1, 0, 4]],
    ["?limit=2&offset=3", [0, 4]],
    ["?offset=9", []],
  ];
  test.each(orders)("orders by%s with what has no value last and ties by file", async (query, expected) => {
    const { items, total } = await page<WireTrack>(`/tracks${query}`);
    expect(items.map(({ rom_file_id }) => ids.indexOf(rom_file_id))).toEqual([...expected]);
    expect(total).toBe(5);
  });

  const filters: [string, readonly number[]][] = [
    ["search=ALPH", [1]],
    ["search=ann", [1, 0]],
    ["search=one", [2, 0]],
    ["search=100%25", [2]],
    ["search=0_0", []],
    ["artist=ANN", [1, 0]],
    ["artist=An", []],
    ["album=one&genre=ROCK", [2, 0]],
    ["year=1994", [2, 0]],
    ["year=99999999999", []],
    ["min_duration=60", [1, 0]],
    ["max_duration=60.0", [2, 0]],
    ["min_duration=40&max_duration=100", [0]],
    ["platform_ids=999", []],
    ["rom_id=0001&artist=&search=", [1, 0]],
  ];
  test.each(filters)("filters by %s", async (query, expected) => {
    const romQuery = query.replace("rom_id=0001", `rom_id=${scene.romIds["A.gba"]}`);
    const { items, total } = await page<WireTrack>(`/tracks?${romQuery}`);
    expect(items.map(({ rom_file_id }) => ids.indexOf(rom_file_id))).toEqual([...expected]);
    expect(total).toBe(expected.length);
  });

  test("takes several platforms", async () => {
    const { total } = await page(`/tracks?platform_ids=${scene.platformId}&platform_ids=999`);
    expect(total).toBe(5);
  });

  test.each(["limit=0", "limit=10001", "offset=-1", "min_duration=long", "year=x", "rom_id=0", "search=%00"])(
    "refuses %s",
    async (query) => {
      expect((await scene.call(`/tracks?${query}`)).status).toBe(422);
    },
  );

  test("leaves out tracks of roms that are hidden from the caller", async () => {
    expect(await scene.titles("/tracks", VIEWER)).toEqual(["Alpha", "beta"]);
    const { json } = await scene.call("/artists", { authorization: VIEWER });
    expect(json).toMatchObject({
      items: [
        { value: "Ann", count: 1 },
        { value: "ann", count: 1 },
      ],
      total: 2,
    });
  });

  test("answers the same through the typed door", async () => {
    const answer = await scene.ask("listTracks", { artist: "bo", orderBy: "duration", limit: 1 });
    expect(answer).toMatchObject({
      items: [
        { fileId: ids[2] ?? 0, title: "100% gamma", durationSeconds: 30, romName: "B", isFavorite: false },
      ],
      total: 2,
      limit: 1,
      offset: 0,
    });
    expect(await scene.ask("listTracks", { orderBy: "position" })).toBe("INPUT_INVALID");
  });
});

describe("facets", () => {
  const cases: [string, readonly (readonly [string | number, number])[]][] = [
    [
      "/artists",
      [
        ["Bo", 2],
        ["Ann", 1],
        ["ann", 1],
      ],
    ],
    [
      "/artists?artist=Bo&album=one",
      [
        ["Ann", 1],
        ["Bo", 1],
      ],
    ],
    [
      "/albums",
      [
        ["One", 2],
        ["Two", 1],
      ],
    ],
    [
      "/albums?order_dir=asc",
      [
        ["Two", 1],
        ["One", 2],
      ],
    ],
    [
      "/albums?order_by=name&order_dir=desc",
      [
        ["Two", 1],
        ["One", 2],
      ],
    ],
    [
      "/albums?album=nothing",
      [
        ["One", 2],
        ["Two", 1],
      ],
    ],
    [
      "/genres?order_by=value&order_dir=asc",
      [
        ["Pop", 1],
        ["Rock", 1],
        ["rock", 1],
      ],
    ],
    ["/genres?search=alpha", [["Pop", 1]]],
    [
      "/years",
      [
        [1994, 2],
        [1991, 1],
      ],
    ],
    ["/years?year=1991&genre=rock", [[1994, 2]]],
    [
      "/years?order_by=value&order_dir=asc",
      [
        [1991, 1],
        [1994, 2],
      ],
    ],
    ["/years?offset=5", []],
  ];
  test.each(cases)("GET %s", async (path, expected) => {
    const { items } = await page<{ value: string | number; count: number }>(path);
    expect(items.map(({ value, count }) => [value, count])).toEqual(expected.map((pair) => [...pair]));
  });

  test("count the values whatever the page", async () => {
    expect(await page("/artists?limit=1&offset=2")).toEqual({
      items: [{ value: "ann", count: 1 }],
      total: 3,
      limit: 1,
      offset: 2,
    });
    expect(await scene.ask("listYears", { limit: 1 })).toEqual({
      items: [{ value: 1994, count: 2 }],
      total: 2,
      limit: 1,
      offset: 0,
    });
  });
});

describe("favourites", () => {
  test("are each account's own, and only tracks that it may see", async () => {
    const fileIds = [ids[0] ?? 0, ids[2] ?? 0, 99_999, ids[0] ?? 0];
    const add = (authorization?: string) =>
      scene.call("/favorites", {
        json: { rom_file_ids: fileIds },
        ...(authorization ? { authorization } : {}),
      });
    expect((await add()).json).toEqual({ added: 2 });
    expect((await add()).json).toEqual({ added: 0 });
    expect((await add(VIEWER)).json).toEqual({ added: 1 });
    expect(await scene.titles("/favorites?order_by=title&order_dir=desc")).toEqual(["beta", "100% gamma"]);
    expect(await scene.titles("/favorites?search=gam")).toEqual(["100% gamma"]);
    expect(await scene.titles("/favorites", VIEWER)).toEqual(["beta"]);
    const marked = (await page<WireTrack>("/tracks")).items.filter((track) => track.is_favorite);
    expect(marked.map(({ title }) => title)).toEqual(["100% gamma", "beta"]);
    const gone = await scene.call("/favorites", { method: "DELETE", json: { rom_file_ids: fileIds } });
    expect(gone.json).toEqual({ removed: 2 });
    expect(await scene.titles("/favorites")).toEqual([]);
    expect(await scene.tell("addFavorites", { fileIds: [ids[1]] })).toEqual({ count: 1 });
    expect(await scene.tell("removeFavorites", { fileIds: [ids[1]] })).toEqual({ count: 1 });
  });

  test.each([
    ["without ids", {}],
    ["with a text", { rom_file_ids: "1" }],
    ["with what is no id", { rom_file_ids: [0] }],
    ["with a part of a number", { rom_file_ids: [1.5] }],
    ["that is a list", []],
  ])("refuse a body %s", async (_what, json) => {
    expect((await scene.call("/favorites", { json })).status).toBe(422);
  });
});

describe("statements per call", () => {
  test("are as many for one track as for hundreds", async () => {
    const { sql } = scene.library.app.database.handle;
    const statements = watchStatements(scene.library.app, /\b(?:track_meta|rom_files|roms|music_\w+)\b/);
    const count = async (path: string) => {
      await scene.call(path);
      statements.length = 0;
      expect((await scene.call(path)).status).toBe(200);
      return statements.length;
    };
    const paths = ["/tracks", "/favorites", "/artists", "/years", "/playlists"];
    const before: number[] = [];
    for (const path of paths) before.push(await count(path));
    const [rom] = await sql<
      { id: number }[]
    >`insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext,
      fs_extension, fs_path) values (${scene.platformId}, 'Many', 'Many', 'Many', '', 'roms/gba') returning id`;
    await sql`with f as (insert into rom_files (rom_id, file_name, file_path, category)
        select ${rom?.id ?? 0}, 'm' || i || '.mp3', 'x', 'soundtrack' from generate_series(1, 300) i returning id)
      insert into track_meta (rom_file_id, rom_id, title, artist) select id, ${rom?.id ?? 0}, 'm', 'a' || id from f`;
    const after: number[] = [];
    for (const path of paths) after.push(await count(`${path}?limit=1000`));
    expect(after).toEqual(before);
    expect(Math.max(...before)).toBeLessThanOrEqual(2);
    await sql`delete from roms where id = ${rom?.id ?? 0}`;
  });
});
