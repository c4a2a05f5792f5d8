import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

const NAME = "Star Pilot (Europe) (En,Fr) (Rev 1).n64";
const HASHES = {
  crc32: "0a1b2c3d",
  md5: "00112233445566778899aabbccddeeff",
  sha1: "00112233445566778899aabbccddeeff00112233",
};
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let library: TestLibrary;
let romId = 0;
let otherId = 0;
let platformId = 0;

beforeAll(async () => {
  library = await openLibrary();
  romId = await library.addRom("n64", NAME, "some bytes");
  otherId = await library.addRom("n64", "Unhashed.n64", "xy");
  platformId = await library.addPlatform("n64");
  await library.setHashes(romId, HASHES);
});
afterAll(() => library.close());

const moment = expect.stringMatching(MOMENT);

const id = expect.any(Number);

/** Every key of the compatible simple rom, in its order; `screenshot_path` stands in lists only. */
const SIMPLE = {
  id,
  igdb_id: null,
  sgdb_id: null,
  moby_id: null,
  ss_id: null,
  ra_id: null,
  launchbox_id: null,
  hasheous_id: null,
  tgdb_id: null,
  flashpoint_id: null,
  hltb_id: null,
  gamelist_id: null,
  libretro_id: null,
  platform_id: id,
  platform_slug: "n64",
  platform_fs_slug: "n64",
  platform_custom_name: "",
  platform_display_name: "Nintendo 64",
  fs_name: NAME,
  fs_name_no_tags: "Star Pilot",
  fs_name_no_ext: "Star Pilot (Europe) (En,Fr) (Rev 1)",
  fs_extension: "n64",
  fs_path: "roms/n64",
  fs_size_bytes: 10,
  name: "Star Pilot",
  name_sort_key: "star pilot",
  slug: null,
  summary: null,
  alternative_names: [],
  youtube_video_id: null,
  metadatum: {
    rom_id: id,
    genres: [],
    franchises: [],
    collections: [],
    companies: [],
    game_modes: [],
    age_ratings: [],
    player_count: "1",
    first_release_date: null,
    average_rating: null,
  },
  igdb_metadata: {},
  moby_metadata: {},
  ss_metadata: {},
  launchbox_metadata: {},
  hasheous_metadata: {},
  flashpoint_metadata: {},
  hltb_metadata: {},
  gamelist_metadata: {},
  manual_metadata: {},
  path_cover_small: "",
  path_cover_large: "",
  url_cover: "",
  has_manual: false,
  has_soundtrack: false,
  path_manual: null,
  url_manual: "",
  path_video: null,
  is_identifying: false,
  is_unidentified: true,
  is_identified: false,
  revision: "1",
  regions: ["Europe"],
  languages: ["English", "French"],
  tags: [],
  crc_hash: HASHES.crc32,
  md5_hash: HASHES.md5,
  sha1_hash: HASHES.sha1,
  ra_hash: "",
  has_simple_single_file: true,
  has_nested_single_file: false,
  has_multiple_files: false,
  full_path: `roms/n64/${NAME}`,
  created_at: moment,
  updated_at: moment,
  missing_from_fs: false,
  has_notes: false,
  rom_user: {
    id: -1,
    user_id: -1,
    rom_id: -1,
    created_at: moment,
    updated_at: moment,
    last_played: null,
    is_main_sibling: false,
    backlogged: false,
    now_playing: false,
    hidden: false,
    rating: 0,
    difficulty: 0,
    completion: 0,
    status: null,
  },
  merged_screenshots: [],
  merged_ra_metadata: {},
  files: [
    {
      id,
      rom_id: id,
      file_name: NAME,
      file_path: "roms/n64",
      file_size_bytes: 10,
      full_path: `roms/n64/${NAME}`,
      is_top_level: true,
      created_at: moment,
      updated_at: moment,
      last_modified: "2026-01-02T03:04:05.678Z",
      crc_hash: HASHES.crc32,
      md5_hash: HASHES.md5,
      sha1_hash: HASHES.sha1,
      ra_hash: null,
      chd_sha1_hash: "",
      archive_members: null,
      category: "game",
      track_meta: null,
    },
  ],
  sibling_roms: [],
};

const simpleWire = () => ({ ...SIMPLE, id: romId, platform_id: platformId, screenshot_path: null });
const detailedWire = () => ({
  ...SIMPLE,
  id: romId,
  platform_id: platformId,
  user_saves: [],
  user_states: [],
  all_user_saves: [],
  all_user_states: [],
  user_screenshots: [],
  all_user_screenshots: [],
  user_collections: [],
  all_user_notes: [],
});

/** Every key of a value with those of the objects inside, in order. */
const keysOf = (value: object): unknown =>
  Object.entries(value).map(([key, inner]) => (isPlain(inner) ? [key, keysOf(inner)] : key));

const isPlain = (value: unknown): value is object =>
  Array.isArray(value) || Object.getPrototypeOf(value ?? 0) === Object.prototype;

describe("one rom", () => {
  test("answers the detailed shape, key by key and in order", async () => {
    const { status, body } = await library.get<object>(`/api/roms/${romId}`);
    expect(status).toBe(200);
    expect(body).toEqual(detailedWire());
    expect(keysOf(body)).toEqual(keysOf(detailedWire()));
  });

  test("answers the simple shape, key by key and in order", async () => {
    const { body } = await library.get<object>(`/api/roms/${romId}/simple/`);
    expect(body).toEqual(simpleWire());
    expect(keysOf(body)).toEqual(keysOf(simpleWire()));
  });

  test("shows the caller what they did with it, and nobody else", async () => {
    await library.change(`insert into rom_user (rom_id, user_id, rating, backlogged, status, last_played)
      select ${romId}, id, 9, true, 'finished', '2026-03-04T05:06:07Z' from users where username = 'ana'`);
    const ana = { headers: { authorization: await library.tokenWith("roms.read") } };
    const mine = await library.get<{ rom_user: object }>(`/api/roms/${romId}`, ana);
    expect(mine.body.rom_user).toMatchObject({
      rom_id: romId,
      rating: 9,
      backlogged: true,
      status: "finished",
      last_played: "2026-03-04T05:06:07.000Z",
    });
    const other = await library.get<{ rom_user: object }>(`/api/roms/${romId}`);
    expect(other.body.rom_user).toMatchObject({ id: -1, rating: 0 });
    await library.change("delete from rom_user");
  });

  test("names its siblings of the same platform, and the flag that the caller set", async () => {
    await library.change(`update roms set igdb_id = 77 where id in (${romId}, ${otherId})`);
    const { body } = await library.get<{ sibling_roms: object[] }>(`/api/roms/${romId}`);
    expect(body.sibling_roms).toEqual([
      {
        id: otherId,
        name: "Unhashed",
        fs_name_no_tags: "Unhashed",
        fs_name_no_ext: "Unhashed",
        is_main_sibling: false,
        sort_comparator: "unhashed",
      },
    ]);
    await library.change("update roms set igdb_id = null");
  });

  test("answers the same at the tRPC door, with the parts that were asked for", async () => {
    const plain = await library.ask<object>("roms.get", { romId });
    expect(plain.body).toMatchObject({ id: romId, name: "Star Pilot", md5: HASHES.md5, regions: ["Europe"] });
    expect(Object.keys(plain.body)).not.toContain("files");
    const full = await library.ask("roms.get", { romId, with: ["files", "user", "siblings", "metadata"] });
    expect(full.body).toMatchObject({
      files: [{ fileName: NAME, isTopLevel: true }],
      user: null,
      siblings: [],
      metadata: { playerCount: "1" },
    });
  });

  test("is empty of hashes until they are known", async () => {
    const { body } = await library.get(`/api/roms/${otherId}`);
    expect(body).toMatchObject({ crc_hash: "", md5_hash: "", sha1_hash: "", files: [{ crc_hash: "" }] });
  });
});

describe("a rom that is not there", () => {
  test.each(["", "/simple"])("is named in the 404 of /api/roms/{id}%s", async (rest) => {
    const { status, body } = await library.get(`/api/roms/99999${rest}`);
    expect([status, body]).toEqual([404, { detail: "Rom with id '99999' not found" }]);
  });

  test("is told of alike at the tRPC door", async () => {
    const { status, body } = await library.ask("roms.get", { romId: 99_999 });
    expect([status, body]).toMatchObject([404, { kind: "not_found", code: "ROMS_NOT_FOUND" }]);
  });

  test.each([
    "0",
    "-1",
    "2147483648",
    "99999999999999999999",
    "9".repeat(500),
    "abc",
    "1.5",
    "%00",
    "%zz",
    "1e3",
  ])("is refused under the id %p", async (id) => {
    for (const rest of ["", "/simple", "/content", "/content/x"]) {
      const { status, body } = await library.get(`/api/roms/${id}${rest}`);
      expect([status, body]).toMatchObject([422, { detail: [{ loc: ["path", "id"] }] }]);
    }
  });

  test.each([0, -1, 2_147_483_648, 1e20, 1.5, "1", null])(
    "is refused under the id %p at the tRPC door",
    async (id) => {
      const { status, body } = await library.ask("roms.get", { romId: id });
      expect([status, body]).toMatchObject([400, { code: "INPUT_INVALID" }]);
    },
  );
});

describe("GET /api/roms/by-hash", () => {
  test.each([
    `crc_hash=${HASHES.crc32}`,
    `md5_hash=${HASHES.md5}`,
    `sha1_hash=${HASHES.sha1}`,
    `sha1_hash=${HASHES.sha1.toUpperCase()}`,
    `md5_hash=+${HASHES.md5}+`,
    `md5_hash=nonsense&sha1_hash=${HASHES.sha1}`,
    `md5_hash=&crc_hash=${HASHES.crc32}`,
  ])("finds by %s", async (query) => {
    const { status, body } = await library.get(`/api/roms/by-hash?${query}`);
    expect([status, body]).toEqual([200, detailedWire()]);
  });

  test.each(["", "?", "?md5_hash=", "?md5_hash=+&sha1_hash=", "?unknown=1"])(
    "asks for a hash in %p",
    async (query) => {
      const { status, body } = await library.get(`/api/roms/by-hash${query}`);
      expect([status, body]).toEqual([400, { detail: "At least one metadata hash value must be provided" }]);
    },
  );

  test.each([`md5_hash=${"0".repeat(32)}`, "crc_hash=nonsense", "ra_hash=x", "sha1_hash=%25"])(
    "finds nothing for %s",
    async (query) => {
      const { status, body } = await library.get(`/api/roms/by-hash?${query}`);
      expect([status, body]).toEqual([404, { detail: "No ROM or file found with given hash values" }]);
    },
  );

  test("refuses a zero character", async () => {
    const { status, body } = await library.get("/api/roms/by-hash?crc_hash=%00");
    expect([status, body]).toMatchObject([422, { detail: [{ loc: ["query", "crc_hash"] }] }]);
  });

  test("finds at the tRPC door by one mark, and gives null for none", async () => {
    const sizeBytes = 10;
    const marks = [
      { md5: HASHES.md5 },
      { sha1: HASHES.sha1.toUpperCase() },
      { crc32: HASHES.crc32, sizeBytes },
      { platformSlug: "n64", fsName: NAME },
    ];
    for (const mark of marks)
      expect((await library.ask("roms.find", mark)).body).toMatchObject({ id: romId });
    const misses = [
      { md5: "0".repeat(32) },
      { crc32: HASHES.crc32, sizeBytes: 11 },
      { platformSlug: "gba", fsName: NAME },
    ];
    for (const mark of misses) expect((await library.ask("roms.find", mark)).body).toBeNull();
    const refused = [{ md5: "x" }, {}, { crc32: HASHES.crc32 }, { platformSlug: "\0", fsName: "x" }];
    for (const mark of refused) expect((await library.ask("roms.find", mark)).status).toBe(400);
  });
});

describe("GET /api/roms/identifiers", () => {
  test("lists every id in the order of names, at both doors", async () => {
    const { body } = await library.get("/api/roms/identifiers");
    expect(body).toEqual([romId, otherId]);
    expect((await library.get("/api/roms/identifiers/")).body).toEqual(body);
    expect((await library.ask("roms.identifiers")).body).toEqual(body);
  });
});
