import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

interface Page {
  readonly items: readonly Record<string, unknown>[];
  readonly total: number | null;
  readonly limit: number;
  readonly offset: number;
  readonly char_index: Record<string, number>;
  readonly rom_id_index: readonly number[];
  readonly filter_values: Record<string, readonly unknown[]>;
}

const GBA = [
  ".hidden.gba",
  "A Small Quest (USA) (Disc A).gba",
  "Advance Tactics [reg-E].gba",
  "Game 1.gba",
  "Game 10.gba",
  "Game 2 (USA).gba",
  "The Great Adventure, The (USA).gba",
  "Ünïcödé Ñame (Spain).gba",
  "日本語ゲーム (Japan).gba",
];
const N64 = [
  "Goldfinch 64 [T-En by Foo v1.2].z64",
  "Star Pilot (Europe) (En,Fr,De).z64",
  "Star Pilot (Japan) (Rev 1).n64",
  "Star Pilot (USA).z64",
];
/** All of them in the natural order of their names; equal names by age. */
const IN_ORDER = [
  ".hidden.gba",
  "Advance Tactics [reg-E].gba",
  "Game 1.gba",
  "Game 2 (USA).gba",
  "Game 10.gba",
  "Goldfinch 64 [T-En by Foo v1.2].z64",
  "The Great Adventure, The (USA).gba",
  "A Small Quest (USA) (Disc A).gba",
  "Star Pilot (Europe) (En,Fr,De).z64",
  "Star Pilot (Japan) (Rev 1).n64",
  "Star Pilot (USA).z64",
  "Ünïcödé Ñame (Spain).gba",
  "日本語ゲーム (Japan).gba",
];

let library: TestLibrary;
let ids: Readonly<Record<string, number>> = {};
let gba = 0;
let n64 = 0;

beforeAll(async () => {
  library = await openLibrary();
  ids = { ...(await library.addRoms("gba", GBA)), ...(await library.addRoms("n64", N64)) };
  gba = await library.addPlatform("gba");
  n64 = await library.addPlatform("n64");
  await library.addPlatform("empty");
});
afterAll(() => library.close());

const list = async (query = "") => (await library.get<Page>(`/api/roms${query}`)).body;
const namesOf = (page: Page) => page.items.map((rom) => rom.fs_name as string);
const idsOf = (names: readonly string[]) => names.map((name) => ids[name] ?? -1);

const NO_FILTER_VALUES = {
  genres: [],
  franchises: [],
  collections: [],
  companies: [],
  game_modes: [],
  age_ratings: [],
  player_counts: [],
  regions: [],
  languages: [],
  tags: [],
  platforms: [],
};
const CHAR_INDEX = { "": 0, a: 1, g: 2, s: 7, ü: 11, 日: 12 };

describe("GET /api/roms", () => {
  test("answers everything by default", async () => {
    const page = await list();
    expect(Object.keys(page)).toEqual([
      "items",
      "total",
      "limit",
      "offset",
      "char_index",
      "rom_id_index",
      "filter_values",
    ]);
    expect(namesOf(page)).toEqual(IN_ORDER);
    expect([page.total, page.limit, page.offset]).toEqual([13, 50, 0]);
    expect(page.char_index).toEqual(CHAR_INDEX);
    expect(page.rom_id_index).toEqual(idsOf(IN_ORDER));
    expect(page.filter_values).toEqual({
      ...NO_FILTER_VALUES,
      player_counts: ["1"],
      regions: ["Europe", "Japan", "Spain", "USA"],
      languages: ["English", "French", "German"],
      tags: ["Disc A", "T-En by Foo v1.2"],
      platforms: [gba, n64],
    });
    expect(page.items.every((rom) => (rom.files as unknown[]).length === 0)).toBe(true);
  });

  test("leaves out what is switched off, as recorded", async () => {
    const page = await list(
      "?limit=3&with_total=false&with_rom_id_index=false&with_char_index=0&with_filter_values=no",
    );
    expect({ ...page, items: namesOf(page) }).toEqual({
      items: IN_ORDER.slice(0, 3),
      total: null,
      limit: 3,
      offset: 0,
      char_index: {},
      rom_id_index: [],
      filter_values: NO_FILTER_VALUES,
    });
  });

  test.each([
    ["with_total=false", 13],
    ["with_rom_id_index=false", 13],
    ["with_total=false&with_rom_id_index=false", null],
  ])("tells the total with %s: %p", async (switches, total) => {
    const page = await list(`?limit=2&offset=1&${switches}`);
    expect(page.total).toBe(total);
    expect(namesOf(page)).toEqual(IN_ORDER.slice(1, 3));
  });

  test("shows files when asked for", async () => {
    const page = await list(`?limit=2&with_files=true`);
    expect(
      page.items.map((rom) => (rom.files as { file_name: string }[]).map((file) => file.file_name)),
    ).toEqual([[".hidden.gba"], ["Advance Tactics [reg-E].gba"]]);
  });

  test("indexes the whole list on every page, whatever the page holds", async () => {
    const page = await list("?limit=5&offset=3");
    expect(namesOf(page)).toEqual(IN_ORDER.slice(3, 8));
    expect([page.total, page.char_index, page.rom_id_index.length]).toEqual([13, CHAR_INDEX, 13]);
    expect((await list("?offset=13")).items).toEqual([]);
    expect(await list("?offset=99999999999999999999")).toMatchObject({ items: [], total: 13 });
  });

  test("takes the largest limit that apps send", async () => {
    expect(await list("?limit=10000")).toMatchObject({ limit: 10_000, total: 13 });
    expect((await list("?limit=10000")).items).toHaveLength(13);
  });

  test("narrows the filter values to the platform but not to other filters", async () => {
    expect((await list(`?platform_ids=${n64}`)).filter_values).toMatchObject({
      platforms: [n64],
      tags: ["T-En by Foo v1.2"],
    });
    expect((await list("?regions=Spain")).filter_values).toMatchObject({ platforms: [gba, n64] });
    expect((await list("?search_term=pilot")).filter_values).toMatchObject({ platforms: [n64], tags: [] });
  });
});

describe("GET /api/roms: platforms", () => {
  test.each([
    ["platform_ids", () => `platform_ids=${n64}`, 4],
    ["the older platform_id", () => `platform_id=${n64}`, 4],
    ["both", () => `platform_ids=${n64}&platform_id=${n64}`, 4],
    ["platform_ids before the older one", () => `platform_ids=${n64}&platform_id=${gba}`, 4],
    ["several", () => `platform_ids=${n64}&platform_ids=${gba}`, 13],
    ["an unknown one", () => "platform_ids=9999", 0],
    ["the largest possible", () => "platform_ids=2147483647", 0],
    ["nonsense in the older one", () => "platform_id=null", 13],
    ["nothing in the older one", () => "platform_id=", 13],
    ["a huge number in the older one", () => "platform_id=99999999999999999999", 13],
  ])("lists %s", async (_what, query, total) => {
    expect((await list(`?${query()}`)).total).toBe(total);
  });
});

describe("GET /api/roms: order", () => {
  const reversed = [...IN_ORDER].reverse();
  test.each([
    ["order_by=name", IN_ORDER],
    ["order_by=name&order_dir=desc", reversed],
    ["order_by=name&order_dir=DESC", reversed],
    ["order_by=name&order_dir=sideways", IN_ORDER],
    ["order_by=", IN_ORDER],
    ["order_by=moon", IN_ORDER],
    ["order_by=platform", IN_ORDER],
    ["order_by=constructor", IN_ORDER],
    ["order_by=__proto__", IN_ORDER],
    ["order_by=name%3B%20drop%20table%20roms", IN_ORDER],
    ["order_by=id", [...GBA, ...N64]],
    ["order_by=id&order_dir=desc", [...GBA, ...N64].reverse()],
    ["order_by=platform_id", [...GBA, ...N64]],
  ])("%s", async (query, names) => {
    expect(namesOf(await list(`?${query}`))).toEqual(names);
  });

  test("orders by file name by code point", async () => {
    expect(namesOf(await list("?order_by=fs_name"))).toEqual([...GBA, ...N64].sort());
  });

  test.each([
    "created_at",
    "fs_size_bytes",
    "missing_from_fs",
    "first_release_date",
    "average_rating",
    "igdb_id",
  ])("keeps roms that are equal in %s apart and in place over pages", async (order) => {
    for (const direction of ["asc", "desc"]) {
      const query = `?order_by=${order}&order_dir=${direction}`;
      const whole = namesOf(await list(query));
      const pages: string[] = [];
      for (let offset = 0; offset < 13; offset += 4) {
        pages.push(...namesOf(await list(`${query}&limit=4&offset=${offset}&with_rom_id_index=false`)));
      }
      expect(pages).toEqual(whole);
      expect(new Set(pages).size).toBe(13);
    }
  });
});

describe("GET /api/roms: character index", () => {
  test("counts from the other end in the other direction", async () => {
    const { char_index } = await list("?order_dir=desc");
    expect(char_index).toEqual({ 日: 0, ü: 1, s: 2, g: 6, a: 11, "": 12 });
  });

  test("indexes names when the order is no text", async () => {
    expect((await list("?order_by=fs_size_bytes")).char_index).toEqual(CHAR_INDEX);
    expect((await list("?order_by=id&order_dir=desc")).char_index).toEqual(
      (await list("?order_dir=desc")).char_index,
    );
  });

  test("indexes the text that the list is ordered by, case and all", async () => {
    const { char_index } = await list("?order_by=fs_name");
    expect(char_index).toEqual({ ".": 0, A: 1, G: 3, S: 7, T: 10, Ü: 11, 日: 12 });
  });

  test("counts roms without such a text but does not list them", async () => {
    await library.change(`update roms set slug = 'zebra' where id = ${ids["Game 1.gba"]}`);
    expect((await list("?order_by=slug")).char_index).toEqual({ z: 0 });
    expect((await list("?order_by=slug&order_dir=desc")).char_index).toEqual({ z: 12 });
    await library.change("update roms set slug = null");
  });
});

describe("GET /api/roms: refusals and edges", () => {
  test.each([
    ["limit=0", ["query", "limit"], "greater_than_equal"],
    ["limit=10001", ["query", "limit"], "less_than_equal"],
    ["limit=many", ["query", "limit"], "int_parsing"],
    ["offset=-1", ["query", "offset"], "greater_than_equal"],
    ["platform_ids=abc", ["query", "platform_ids", 0], "int_parsing"],
    ["platform_ids=1&platform_ids=2147483648", ["query", "platform_ids", 1], "less_than_equal"],
    ["matched=perhaps", ["query", "matched"], "bool_parsing"],
    ["with_files=perhaps", ["query", "with_files"], "bool_parsing"],
    ["updated_after=soon", ["query", "updated_after"], "datetime_from_date_parsing"],
  ])("refuses %s in the compatible form", async (query, loc, type) => {
    const { status, body } = await library.get(`/api/roms?${query}`);
    expect(status).toBe(422);
    expect(body).toMatchObject({ detail: [{ loc, type }] });
  });

  test.each([
    "/api/roms/?limit=2",
    "/api/roms?limit=2&with_siblings=true&unknown=%zz&group_by=&g[]=1",
    "/api/roms?limit=2&limit=3",
  ])("answers %s", async (path) => {
    const { status, body } = await library.get<Page>(path);
    expect([status, body.items.length]).toEqual([200, 2]);
  });

  test("answers HEAD with the length of the answer, and no other method", async () => {
    const whole = await library.get("/api/roms?limit=3");
    const head = await library.get("/api/roms?limit=3", { method: "HEAD" });
    const length = new TextEncoder().encode(JSON.stringify(whole.body)).byteLength;
    expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, String(length), ""]);
    const patch = await library.get("/api/roms", { method: "PATCH" });
    expect([patch.status, patch.headers.get("allow"), patch.body]).toEqual([
      405,
      "GET, HEAD",
      { detail: "Method Not Allowed" },
    ]);
  });

  test("answers an unknown path below /api with the bare phrase", async () => {
    const { status, body } = await library.get("/api/nothing/here");
    expect([status, body]).toEqual([404, { detail: "Not Found" }]);
  });
});
