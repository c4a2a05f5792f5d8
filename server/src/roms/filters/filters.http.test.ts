// Searching and filtering through both doors: the same conditions must find the same roms.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openLibrary, type TestLibrary } from "../library.testing.ts";
import { SEARCH_CHARS_MAX } from "../limits.ts";

const NAMES = [
  "100% Done (USA).gba",
  "1000 Miles (USA, Europe).gba",
  "Back\\slash [b1].gba",
  "Kart Kings (USA) (Rev A) [!].gba",
  "Kart_Kings (Japan) (Beta).gba",
  "Pocket Hero (Japan) (En,Fr).gba",
  "Pocket Hero (World).gba",
  "Star Pilot (Europe) (En,De).gba",
  "Ünïcödé Ñame (Spain).gba",
  "deadbeef.gba",
] as const;
const [DONE, MILES, SLASH, KART, KART_, HERO_JP, HERO, PILOT, UMLAUT, BEEF] = NAMES;

let library: TestLibrary;

const CRC = "0a1b2c3d";
const MD5 = "00112233445566778899aabbccddeeff";
const SHA1 = "00112233445566778899aabbccddeeff00112233";
const CHD_SHA1 = "ffffffff00112233445566778899aabbccddeeff";
const RA = "ffeeddccbbaa99887766554433221100";

beforeAll(async () => {
  library = await openLibrary();
  const ids = await library.addRoms("gba", NAMES);
  await library.setHashes(ids[PILOT] ?? 0, { crc32: CRC, md5: MD5, sha1: SHA1 });
  await library.change(`update rom_files set chd_sha1_hash = '${CHD_SHA1}' where rom_id = ${ids[HERO]}`);
  await library.change(`update roms set ra_hash = '${RA}', igdb_id = 5 where id = ${ids[HERO]}`);
  await library.change(`update roms set missing_from_fs = true, libretro_id = 'x' where id = ${ids[MILES]}`);
  await library.change(`update roms set name = 'The Golden Voyage' where id = ${ids[SLASH]}`);
  await library.change(`update roms set name = 'Renamed' where id = ${ids[UMLAUT]}`);
  await library.change(`insert into rom_facets (rom_id, platform_id, kind, value)
    select id, platform_id, 'genre', unnest(array['Puzzle', 'Shoot ''em up, x']) from roms where id = ${ids[KART]}`);
});
afterAll(() => library.close());

/** File names found at the REST door, in code-point order. */
async function findByRest(query: string): Promise<string[]> {
  const { status, body } = await library.get<{ items: { fs_name: string }[] }>(`/api/roms?${query}`);
  expect(status).toBe(200);
  return body.items.map((rom) => rom.fs_name).sort();
}

/** The same at the tRPC door. */
async function findByRpc(input: object): Promise<string[]> {
  const { status, body } = await library.ask<{ items: { fsName: string }[] }>("roms.list", input);
  expect(status).toBe(200);
  return body.items.map((rom) => rom.fsName).sort();
}

const sorted = (names: readonly string[]) => [...names].sort();

describe("search", () => {
  test.each([
    ["a word in any case", "KART", [KART, KART_]],
    ["part of a word", "ocke", [HERO_JP, HERO]],
    ["several words, all of them, in any order", "hero pocket", [HERO_JP, HERO]],
    ["words of name and file name together", "hero japan", [HERO_JP]],
    ["words of which one does not occur", "hero moon", []],
    ["alternatives", "miles|pilot", [MILES, PILOT]],
    ["alternatives of several words", "kart kings rev | pocket world", [KART, HERO]],
    ["an empty alternative", "pilot|", [PILOT]],
    ["nothing but separators", " | | ", NAMES],
    ["nothing", "", NAMES],
    ["a percent sign as itself", "100%", [DONE]],
    ["a percent sign alone", "%", [DONE]],
    ["an underscore as itself", "kart_kings", [KART_]],
    ["a backslash as itself", "back\\slash", [SLASH]],
    ["a name that a provider gave", "golden voyage", [SLASH]],
    ["a tag of the file name", "[b1]", [SLASH]],
    ["letters beyond ASCII of a file name in any case", "ÜNÏCÖDÉ ñame", [UMLAUT]],
    ["quotes that mean nothing", "'; drop table roms; --", []],
    ["white space of every kind", "\tpocket\n hero ", [HERO_JP, HERO]],
    ["a CRC-32", CRC, [PILOT]],
    ["a CRC-32 in capitals", CRC.toUpperCase(), [PILOT]],
    ["an MD5", MD5, [PILOT]],
    ["a RetroAchievements hash", RA, [HERO]],
    ["a SHA-1", SHA1, [PILOT]],
    ["the SHA-1 inside a CHD", CHD_SHA1, [HERO]],
    ["a hash as one of several alternatives", `${CRC}|${RA}|miles`, [PILOT, HERO, MILES]],
    ["a hash that nothing has", "ffffffff", []],
    ["a hash beside another word", `${CRC} pilot`, []],
    ["a word that looks like a hash", "deadbeef", [BEEF]],
    ["seven digits of a hash", CRC.slice(0, 7), []],
  ])("finds %s", async (_what, text, names) => {
    const expected = sorted(names);
    expect(await findByRest(`search_term=${encodeURIComponent(text)}`)).toEqual(expected);
    expect(await findByRpc({ search: text })).toEqual(expected);
  });

  test("takes a plus of a query for a space", async () => {
    expect(await findByRest("search_term=star+pil")).toEqual([PILOT]);
  });

  test.each([
    ["too long a text", "x".repeat(SEARCH_CHARS_MAX + 1), "string_too_long"],
    ["a zero character", "pi\0lot", "value_error"],
  ])("refuses %s", async (_what, text, type) => {
    const rest = await library.get(`/api/roms?search_term=${encodeURIComponent(text)}`);
    expect([rest.status, rest.body]).toMatchObject([
      422,
      { detail: [{ loc: ["query", "search_term"], type }] },
    ]);
    const rpc = await library.ask("roms.list", { search: text });
    expect([rpc.status, rpc.body]).toMatchObject([400, { code: "INPUT_INVALID" }]);
  });

  test("takes a text of the longest length", async () => {
    expect(await findByRest(`search_term=${"x%20".repeat(SEARCH_CHARS_MAX / 2)}`)).toEqual([]);
  });
});

describe("list filters", () => {
  test.each([
    ["regions=Japan", { regions: { anyOf: ["Japan"] } }, [KART_, HERO_JP]],
    ["regions=Japan&regions=Spain", { regions: { anyOf: ["Japan", "Spain"] } }, [KART_, HERO_JP, UMLAUT]],
    [
      "regions=USA&regions=Europe&regions_logic=any",
      { regions: { anyOf: ["USA", "Europe"] } },
      [DONE, MILES, KART, PILOT],
    ],
    ["regions=USA&regions=Europe&regions_logic=all", { regions: { allOf: ["USA", "Europe"] } }, [MILES]],
    [
      "regions=USA&regions=Europe&regions_logic=none",
      { regions: { noneOf: ["USA", "Europe"] } },
      [SLASH, KART_, HERO_JP, HERO, UMLAUT, BEEF],
    ],
    ["regions=USA&regions_logic=moon", { regions: { anyOf: ["USA"] } }, [DONE, MILES, KART]],
    ["regions=usa", { regions: { anyOf: ["usa"] } }, []],
    ["regions=USA,Europe", { regions: { anyOf: ["USA,Europe"] } }, []],
    ["regions=Atlantis&regions_logic=none", { regions: { noneOf: ["Atlantis"] } }, NAMES],
    ["languages=English", { languages: { anyOf: ["English"] } }, [HERO_JP, PILOT]],
    [
      "languages=English&languages=French&languages_logic=all",
      { languages: { allOf: ["English", "French"] } },
      [HERO_JP],
    ],
    ["tags=Beta", { tags: { anyOf: ["Beta"] } }, [KART_]],
    ["tags=%21&regions=USA", { tags: { anyOf: ["!"] }, regions: { anyOf: ["USA"] } }, [KART]],
    ["genres=Shoot+%27em+up%2C+x", { genres: { anyOf: ["Shoot 'em up, x"] } }, [KART]],
    ["genres=Puzzle&genres=Quiz&genres_logic=all", { genres: { allOf: ["Puzzle", "Quiz"] } }, []],
    ["missing=true", { isMissing: true }, [MILES]],
    ["missing=0&regions=USA", { isMissing: false, regions: { anyOf: ["USA"] } }, [DONE, KART]],
    ["matched=True", { isIdentified: true }, [HERO]],
    ["search_term=pocket&regions=World", { search: "pocket", regions: { anyOf: ["World"] } }, [HERO]],
  ])("%s", async (query, input, names) => {
    expect(await findByRest(query)).toEqual(sorted(names));
    expect(await findByRpc(input)).toEqual(sorted(names));
  });

  test("combines what must, may and must not be", async () => {
    const regions = { anyOf: ["USA", "Japan"], allOf: ["USA"], noneOf: ["Europe"] };
    expect(await findByRpc({ regions })).toEqual(sorted([DONE, KART]));
  });

  test("takes no condition at all for everything", async () => {
    expect(await findByRpc({ regions: {}, tags: { anyOf: [] }, platformIds: [] })).toEqual(sorted(NAMES));
  });

  test.each([
    ["a zero character", "regions=%00", { regions: { anyOf: ["\0"] } }],
    [
      "too many values",
      Array.from({ length: 201 }, (_, index) => `regions=${index}`).join("&"),
      { regions: { anyOf: Array.from({ length: 201 }, String) } },
    ],
  ])("refuses %s", async (_what, query, input) => {
    expect((await library.get(`/api/roms?${query}`)).status).toBe(422);
    expect((await library.ask("roms.list", input)).status).toBe(400);
  });
});

describe("updated_after", () => {
  test("is strict, to the millisecond, in every form of the same moment", async () => {
    await library.change("update roms set updated_at = '2026-05-01T12:00:00Z'");
    await library.change(
      `update roms set updated_at = '2026-05-01T12:00:00.001Z' where fs_name = '${PILOT}'`,
    );
    for (const text of [
      "2026-05-01T12:00:00Z",
      "2026-05-01T14:00:00+02:00",
      "2026-05-01T14:00:00%2B02:00",
      "2026-05-01T12:00",
    ]) {
      expect(await findByRest(`updated_after=${text}`)).toEqual([PILOT]);
    }
    expect(await findByRest("updated_after=2026-05-01T11:59:59.999Z")).toEqual(sorted(NAMES));
    expect(await findByRest("updated_after=2026-05-01T12:00:00.001Z")).toEqual([]);
    expect(await findByRpc({ updatedAfter: "2026-05-01T14:00:00+02:00" })).toEqual([PILOT]);
  });

  test.each(["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])("takes %s for everything", async (text) => {
    expect(await findByRest(`updated_after=${text}`)).toHaveLength(NAMES.length);
    expect(await findByRpc({ updatedAfter: text })).toHaveLength(NAMES.length);
  });

  test("takes the last moment there is for nothing", async () => {
    expect(await findByRest("updated_after=9999-12-31T23:59:59Z")).toEqual([]);
  });

  test.each(["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "2026-05-01T12:00:00 +2", "2026-05-01"])(
    "refuses %s at the tRPC door",
    async (updatedAfter) => {
      const { status, body } = await library.ask("roms.list", { updatedAfter });
      expect([status, body]).toMatchObject([400, { code: "INPUT_INVALID" }]);
    },
  );
});
