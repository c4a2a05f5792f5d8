import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openLibrary, type TestLibrary } from "../roms/library.testing.ts";

type Wire = Record<string, unknown>;

let library: TestLibrary;
let gba = 0;
let box = 0;
let snes = 0;

beforeAll(async () => {
  library = await openLibrary();
  await library.addRoms("snes", ["Tag Test (USA).smc", "Mega Blocks.sfc"]);
  await library.addRoms("gba", ["Pocket Hero.gba"]);
  gba = await library.addPlatform("gba");
  box = await library.addPlatform("my-homebrew-box");
  snes = await library.addPlatform("snes");
});
afterAll(() => library.close());

const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** Every key of the compatible platform, in its order. */
const gbaWire = () => ({
  id: gba,
  slug: "gba",
  fs_slug: "gba",
  rom_count: 1,
  name: "Game Boy Advance",
  igdb_slug: "gba",
  moby_slug: "gameboy-advance",
  hltb_slug: "game-boy-advance",
  libretro_slug: "Nintendo - Game Boy Advance",
  custom_name: "",
  description: "",
  igdb_id: 24,
  sgdb_id: null,
  moby_id: 12,
  launchbox_id: 29,
  ss_id: 12,
  ra_id: 5,
  hasheous_id: 71,
  tgdb_id: 5,
  flashpoint_id: null,
  category: "Portable Console",
  generation: 6,
  family_name: "Nintendo",
  family_slug: "nintendo",
  url: "https://www.igdb.com/platforms/gba",
  url_logo: "https://images.igdb.com/igdb/image/upload/t_1080p/pl74.jpg",
  firmware: [],
  created_at: moment,
  updated_at: moment,
  fs_size_bytes: 1,
  is_unidentified: false,
  is_identified: true,
  missing_from_fs: false,
  display_name: "Game Boy Advance",
  firmware_count: 0,
});

const list = async (query = "") => (await library.get<readonly Wire[]>(`/api/platforms${query}`)).body;

describe("GET /api/platforms", () => {
  test("lists platforms by name with what their folders hold", async () => {
    const platforms = await list();
    expect(platforms.map((platform) => platform.slug)).toEqual(["gba", "my-homebrew-box", "snes"]);
    expect(platforms[0]).toEqual(gbaWire());
    expect(Object.keys(platforms[0] ?? {})).toEqual(Object.keys(gbaWire()));
    expect(platforms[1]).toMatchObject({
      id: box,
      name: "My Homebrew Box",
      rom_count: 0,
      fs_size_bytes: 0,
      is_identified: false,
      is_unidentified: true,
      libretro_slug: null,
    });
    expect(platforms[2]).toMatchObject({ id: snes, rom_count: 2, fs_size_bytes: 2 });
    expect(await list("/")).toEqual(platforms);
  });

  test("shows the operator's own name in front", async () => {
    await library.change(`update platforms set custom_name = 'Advance!' where id = ${gba}`);
    const [platform] = await list();
    expect(platform).toMatchObject({
      name: "Game Boy Advance",
      custom_name: "Advance!",
      display_name: "Advance!",
    });
    await library.change("update platforms set custom_name = ''");
  });

  test("lists firmware with its platform", async () => {
    await library.change(`insert into firmware (platform_id, file_name, file_name_no_tags, file_name_no_ext,
      file_extension, file_path, file_size_bytes, crc_hash, md5_hash, sha1_hash)
      values (${gba}, 'bios.bin', 'bios', 'bios', 'bin', 'bios/gba', 5, 'c', 'm', 's')`);
    const [platform] = await list();
    expect(platform).toMatchObject({
      firmware_count: 1,
      firmware: [
        {
          file_name: "bios.bin",
          full_path: "bios/gba/bios.bin",
          file_size_bytes: 5,
          crc_hash: "c",
          is_verified: false,
          missing_from_fs: false,
        },
      ],
    });
    await library.change("delete from firmware");
  });

  test("lists what changed after a moment, strictly", async () => {
    await library.change("update platforms set updated_at = '2026-05-01T12:00:00Z'");
    await library.change(`update platforms set updated_at = '2026-05-01T12:00:00.001Z' where id = ${snes}`);
    const slugs = async (text: string) =>
      (await list(`?updated_after=${text}`)).map((platform) => platform.slug);
    expect(await slugs("2026-05-01T12:00:00Z")).toEqual(["snes"]);
    expect(await slugs("2026-05-01T14:00:00+02:00")).toEqual(["snes"]);
    expect(await slugs("2026-05-01")).toHaveLength(3);
    expect(await slugs("2027-01-01")).toEqual([]);
    const rpc = await library.ask<readonly Wire[]>("platforms.list", {
      updatedAfter: "2026-05-01T12:00:00Z",
    });
    expect(rpc.body.map((platform) => platform.slug)).toEqual(["snes"]);
  });

  test.each(["soon", "0000-01-01T00:00:00Z", ""])("refuses the moment %p", async (text) => {
    const rest = await library.get(`/api/platforms?updated_after=${text}`);
    expect([rest.status, rest.body]).toMatchObject([422, { detail: [{ loc: ["query", "updated_after"] }] }]);
    expect((await library.ask("platforms.list", { updatedAfter: text })).status).toBe(400);
  });
});

describe("GET /api/platforms/{id}", () => {
  test("answers one platform at both doors", async () => {
    const rest = await library.get(`/api/platforms/${gba}/`);
    expect([rest.status, rest.body]).toEqual([200, gbaWire()]);
    const rpc = await library.ask("platforms.get", { platformId: gba });
    expect([rpc.status, rpc.body]).toMatchObject([
      200,
      { slug: "gba", romCount: 1, sizeBytes: 1, firmware: [] },
    ]);
  });

  test("names the platform that is not there", async () => {
    const rest = await library.get("/api/platforms/9999");
    expect([rest.status, rest.body]).toEqual([404, { detail: "Platform with id '9999' not found" }]);
    const rpc = await library.ask("platforms.get", { platformId: 9999 });
    expect([rpc.status, rpc.body]).toMatchObject([404, { kind: "not_found", code: "PLATFORMS_NOT_FOUND" }]);
  });

  test.each(["0", "-1", "2147483648", "99999999999999999999", "abc", "%00"])(
    "refuses the id %p",
    async (id) => {
      const { status, body } = await library.get(`/api/platforms/${id}`);
      expect([status, body]).toMatchObject([422, { detail: [{ loc: ["path", "id"] }] }]);
    },
  );

  test.each([0, -1, 2_147_483_648, "1", undefined])(
    "refuses the id %p at the tRPC door",
    async (platformId) => {
      expect((await library.ask("platforms.get", { platformId })).status).toBe(400);
    },
  );

  test("answers HEAD and no other method", async () => {
    const path = `/api/platforms/${gba}`;
    const length = new TextEncoder().encode(JSON.stringify((await library.get(path)).body)).byteLength;
    const head = await library.get(path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, String(length), ""]);
    const patch = await library.get(path, { method: "PATCH" });
    expect([patch.status, patch.headers.get("allow")]).toEqual([405, "GET, HEAD, PUT, DELETE"]);
  });
});

describe("GET /api/platforms/identifiers", () => {
  test("lists ids in the order of names, at both doors", async () => {
    expect((await library.get("/api/platforms/identifiers")).body).toEqual([gba, box, snes]);
    expect((await library.ask("platforms.identifiers")).body).toEqual([gba, box, snes]);
  });
});

describe("GET /api/platforms/supported", () => {
  test("lists every platform we know, those of the library with their rows", async () => {
    const { body } = await library.get<readonly Wire[]>("/api/platforms/supported");
    const bySlug = new Map(body.map((platform) => [platform.slug, platform]));
    expect(body.length).toBeGreaterThan(400);
    expect(bySlug.size).toBe(body.length);
    expect(bySlug.get("gba")).toMatchObject({ id: gba, rom_count: 1, custom_name: "" });
    expect(bySlug.get("n64")).toMatchObject({
      id: -1,
      name: "Nintendo 64",
      rom_count: 0,
      custom_name: null,
      description: null,
      libretro_slug: null,
      created_at: moment,
    });
    expect(Object.keys(bySlug.get("n64") ?? {})).toEqual(Object.keys(gbaWire()));
    expect(bySlug.has("my-homebrew-box")).toBe(false);
    const rpc = await library.ask<readonly Wire[]>("platforms.supported");
    expect(rpc.body).toHaveLength(body.length);
  });
});
