// Every feed byte for byte, written by hand from the apps' formats.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { TestLibrary } from "../roms/library.testing.ts";
import { openFeedLibrary, putFile, type SceneFile, type SceneRom } from "./scene.testing.ts";

const SHA = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const TS = Date.parse("2026-01-02T03:04:05.678Z");

const ROMS: readonly SceneRom[] = [
  {
    id: 101,
    platform: "gba",
    fsName: "Zeta (USA).gba",
    noTags: "Zeta",
    sizeBytes: 10,
    regions: ["USA"],
    revision: "2",
    cover: true,
    summary: 'Says "hi".',
  },
  {
    id: 102,
    platform: "gba",
    fsName: "Alpha, the 1st.gba",
    noTags: "Alpha, the 1st",
    name: "Alpha\tTab",
    sizeBytes: 20,
  },
  { id: 103, platform: "gba", fsName: "(USA).gba", noTags: "", sortKey: "", sizeBytes: 30 },
  { id: 201, platform: "switch", fsName: "Sea (v1).NSP", noTags: "Sea" },
  { id: 202, platform: "switch", fsName: "Folder", noTags: "Folder" },
  { id: 301, platform: "ps3", fsName: "Comma, Game", noTags: "Comma, Game", regions: ["Europe", "USA"] },
  { id: 302, platform: "ps3", fsName: "Plain [NPUB-30001].pkg", noTags: "Plain" },
  { id: 401, platform: "psp", fsName: "Handheld", noTags: "Handheld", regions: ["Japan"] },
  { id: 501, platform: "psvita", fsName: "Vita", noTags: "Vita" },
  { id: 601, platform: "psx", fsName: "Disc [SLUS-00001].pkg", noTags: "Disc", regions: ["USA"] },
  {
    id: 701,
    platform: "ps4",
    fsName: "CUSA12345 Big",
    noTags: "CUSA12345 Big",
    name: "Big",
    regions: ["World"],
    revision: "1.02",
    cover: true,
    firstReleaseDate: Date.UTC(2020, 10, 12, 12),
  },
  { id: 123456, platform: "ps4", fsName: "Small.pkg", noTags: "Small" },
];

const FILES: readonly SceneFile[] = [
  { id: 2011, romId: 201, name: "Sea (v1).NSP", folder: "roms/switch", sizeBytes: 1 },
  {
    id: 2021,
    romId: 202,
    name: "Sky & Sea [0100000000010000].nsp",
    folder: "roms/switch/Folder",
    sizeBytes: 4_294_967_296,
  },
  {
    id: 2022,
    romId: 202,
    name: "up.nsz",
    folder: "roms/switch/Folder/update",
    category: "update",
    sizeBytes: 3,
    isMissing: true,
  },
  { id: 2023, romId: 202, name: "readme.txt", folder: "roms/switch/Folder", sizeBytes: 5 },
  {
    id: 3011,
    romId: 301,
    name: "Comma, Game (EU) [BLES-00001].pkg",
    folder: "roms/ps3/Comma, Game",
    sizeBytes: 100,
    sha1: SHA,
  },
  { id: 3012, romId: 301, name: "key.rap", folder: "roms/ps3/Comma, Game", sizeBytes: 16, sha1: SHA },
  {
    id: 3013,
    romId: 301,
    name: "Extra.pkg",
    folder: "roms/ps3/Comma, Game/dlc",
    category: "dlc",
    sizeBytes: 7,
  },
  { id: 3021, romId: 302, name: "Plain [NPUB-30001].pkg", folder: "roms/ps3", sizeBytes: 9 },
  {
    id: 4011,
    romId: 401,
    name: "Hand [NPJH-50001].pkg",
    folder: "roms/psp/Handheld",
    sizeBytes: 11,
    sha1: SHA,
  },
  { id: 4012, romId: 401, name: "HAND.RAP", folder: "roms/psp/Handheld", sizeBytes: 16 },
  { id: 4013, romId: 401, name: "More.pkg", folder: "roms/psp/Handheld/dlc", category: "dlc", sizeBytes: 12 },
  {
    id: 5011,
    romId: 501,
    name: "Vita [PCSE-00001].pkg",
    folder: "roms/psvita/Vita",
    sizeBytes: 13,
    sha1: SHA,
  },
  {
    id: 5012,
    romId: 501,
    name: "Song.pkg",
    folder: "roms/psvita/Vita/soundtrack",
    category: "soundtrack",
    sizeBytes: 14,
  },
  { id: 5013, romId: 501, name: "Map.pkg", folder: "roms/psvita/Vita/dlc", category: "dlc", sizeBytes: 15 },
  { id: 6011, romId: 601, name: "Disc [SLUS-00001].pkg", folder: "roms/psx", sizeBytes: 16, sha1: SHA },
  { id: 7011, romId: 701, name: "base.pkg", folder: "roms/ps4/CUSA12345 Big", sizeBytes: 21 },
  {
    id: 7012,
    romId: 701,
    name: "one.pkg",
    folder: "roms/ps4/CUSA12345 Big/dlc",
    category: "dlc",
    sizeBytes: 22,
  },
  {
    id: 7013,
    romId: 701,
    name: "two.pkg",
    folder: "roms/ps4/CUSA12345 Big/dlc",
    category: "dlc",
    sizeBytes: 23,
  },
  {
    id: 7014,
    romId: 701,
    name: "two.pkg",
    folder: "roms/ps4/CUSA12345 Big/mod",
    category: "mod",
    sizeBytes: 24,
  },
  {
    id: 7015,
    romId: 701,
    name: "gone.pkg",
    folder: "roms/ps4/CUSA12345 Big/dlc",
    category: "dlc",
    isMissing: true,
  },
  { id: 8011, romId: 123456, name: "Small.pkg", folder: "roms/ps4", sizeBytes: 25 },
];

let library: TestLibrary;

beforeAll(async () => {
  library = await openFeedLibrary({ roms: ROMS, files: FILES });
  const key = Uint8Array.from({ length: 16 }, (_, index) => index * 17);
  await putFile(library, "roms/ps3/Comma, Game/key.rap", key);
  // A key that is none: the list says its address, and no digits.
  await putFile(library, "roms/psp/Handheld/HAND.RAP", "too short");
}, 30_000);
afterAll(() => library.close());

async function read(path: string) {
  const { status, headers, body } = await library.get<string>(path);
  const names = ["content-type", "content-disposition", "cache-control"];
  return { status, headers: names.map((name) => headers.get(name)), body };
}

const PREFIX = "http://localhost/api/roms";
const textHeaders = (name: string) => ["text/plain; charset=utf-8", `filename=${name}`, "no-cache"];

describe("lists of text", () => {
  test.each([
    [
      "/api/feeds/kekatsu/gba",
      "kekatsu_gba.txt",
      [
        "1",
        "\t",
        `\tgba\tANY\t1.0.0\tRomM\t${PREFIX}/103/content/%28USA%29.gba\t(USA).gba\t30`,
        `"Alpha\tTab"\tgba\tANY\t1.0.0\tRomM\t${PREFIX}/102/content/Alpha%2C%20the%201st.gba\tAlpha, the 1st.gba\t20`,
        `Zeta\tgba\tUSA\t2\tRomM\t${PREFIX}/101/content/Zeta%20%28USA%29.gba\tZeta (USA).gba\t10\thttp://localhost/assets/romm/resources/roms/1/101/cover/small.png?ts=${TS}`,
      ],
    ],
    [
      "/api/feeds/pkgi/ps3/game",
      "pkgi_game.txt",
      [
        `UP9644-BLES00001_00-0000000000000000,1,"Comma, Game",,00112233445566778899aabbccddeeff,${PREFIX}/3011/files/content/Comma%2C%20Game%20%28EU%29%20%5BBLES-00001%5D.pkg,100,${SHA}`,
        `UP9644-NPUB30001_00-0000000000000000,1,Plain,,,${PREFIX}/3021/files/content/Plain%20%5BNPUB-30001%5D.pkg,9,`,
      ],
    ],
    [
      "/api/feeds/pkgi/ps3/dlc",
      "pkgi_dlc.txt",
      [
        `UP9644-000003013_00-0000000000000000,2,Extra,,00112233445566778899aabbccddeeff,${PREFIX}/3013/files/content/Extra.pkg,7,`,
      ],
    ],
    ["/api/feeds/pkgi/ps3/demo", "pkgi_demo.txt", []],
    [
      "/api/feeds/pkgi/psp/game",
      "pkgi_game.txt",
      [
        `UP9644-NPJH50001_00-0000000000000000,1,Hand,,,${PREFIX}/4011/files/content/Hand%20%5BNPJH-50001%5D.pkg,11,${SHA}`,
      ],
    ],
    [
      "/api/feeds/pkgi/psvita/game",
      "pkgi_game.txt",
      [
        `UP9644-PCSE00001_00-0000000000000000,0,Vita,,,${PREFIX}/5011/files/content/Vita%20%5BPCSE-00001%5D.pkg,13,${SHA}`,
      ],
    ],
    [
      "/api/feeds/pkgi/psvita/soundtrack",
      "pkgi_soundtrack.txt",
      [`UP9644-000005012_00-0000000000000000,0,Song,,,${PREFIX}/5012/files/content/Song.pkg,14,`],
    ],
    [
      "/api/feeds/pkgj/psp/games",
      "pkgj_psp_games.txt",
      [
        "Title ID\tRegion\tType\tName\tPKG direct link\tContent ID\tLast Modification Date\tRAP\tDownload .RAP file\tFile Size\tSHA256",
        `\tJapan\tPSP\tHand\t${PREFIX}/4011/files/content/Hand%20%5BNPJH-50001%5D.pkg\tUP9644-NPJH50001_00-0000000000000000\t2026-01-02 03:04:05\t\t${PREFIX}/4012/files/content/HAND.RAP\t11\t${SHA}`,
      ],
    ],
    [
      "/api/feeds/pkgj/psp/dlc",
      "pkgj_psp_dlc.txt",
      [
        "Title ID\tRegion\tName\tPKG direct link\tContent ID\tLast Modification Date\tRAP\tDownload .RAP file\tFile Size\tSHA256",
        `\tJapan\tMore\t${PREFIX}/4013/files/content/More.pkg\tUP9644-000004013_00-0000000000000000\t2026-01-02 03:04:05\t\t${PREFIX}/4012/files/content/HAND.RAP\t12\t`,
      ],
    ],
    [
      "/api/feeds/pkgj/psvita/games",
      "pkgj_psvita_games.txt",
      [
        "Title ID\tRegion\tName\tPKG direct link\tzRIF\tContent ID\tLast Modification Date\tOriginal Name\tFile Size\tSHA256\tRequired FW\tApp Version",
        `\t\tVita\t${PREFIX}/5011/files/content/Vita%20%5BPCSE-00001%5D.pkg\t\tUP9644-PCSE00001_00-0000000000000000\t2026-01-02 03:04:05\t\t13\t${SHA}\t\t`,
      ],
    ],
    [
      "/api/feeds/pkgj/psvita/dlc",
      "pkgj_psvita_dlc.txt",
      [
        "Title ID\tRegion\tName\tPKG direct link\tzRIF\tContent ID\tLast Modification Date\tFile Size\tSHA256",
        `\t\tMap\t${PREFIX}/5013/files/content/Map.pkg\t\tUP9644-000005013_00-0000000000000000\t2026-01-02 03:04:05\t15\t`,
      ],
    ],
    [
      "/api/feeds/pkgj/psx/games",
      "pkgj_psx_games.txt",
      [
        "Title ID\tRegion\tName\tPKG direct link\tContent ID\tLast Modification Date\tOriginal Name\tFile Size\tSHA256",
        `\tUSA\tDisc\t${PREFIX}/6011/files/content/Disc%20%5BSLUS-00001%5D.pkg\tUP9644-SLUS00001_00-0000000000000000\t2026-01-02 03:04:05\t\t16\t${SHA}`,
      ],
    ],
  ])("%s", async (path, fileName, lines) => {
    expect(await read(path)).toEqual({ status: 200, headers: textHeaders(fileName), body: lines.join("\n") });
  });
});

describe("lists of JSON", () => {
  async function readJson(path: string) {
    const response = await library.app.fetch(path, {
      headers: { authorization: await library.tokenWith("roms.read") },
    });
    return [
      response.headers.get("content-type"),
      response.headers.get("cache-control"),
      await response.text(),
    ];
  }

  test("/api/feeds/webrcade", async () => {
    const pictures = (slug: string) =>
      `"background":"http://localhost/assets/webrcade/feed/${slug}-background.png","thumbnail":"http://localhost/assets/webrcade/feed/${slug}-thumb.png"`;
    const cover = "http://localhost/assets/romm/resources/roms/1/101/cover";
    const expected =
      '{"title":"RomM Feed","longTitle":"Custom RomM Feed","description":"Custom feed from your RomM library","categories":[' +
      `{"title":"Game Boy Advance","longTitle":"Game Boy Advance Games",${pictures("gba")},"items":[` +
      `{"title":"","description":"","type":"gba","props":{"rom":"${PREFIX}/103/content/%28USA%29.gba"}},` +
      `{"title":"Alpha\\tTab","description":"","type":"gba","props":{"rom":"${PREFIX}/102/content/Alpha%2C%20the%201st.gba"}},` +
      `{"title":"Zeta","description":"Says \\"hi\\".","type":"gba","thumbnail":"${cover}/small.png?ts=${TS}","background":"${cover}/big.png?ts=${TS}","props":{"rom":"${PREFIX}/101/content/Zeta%20%28USA%29.gba"}}` +
      `]},{"title":"PlayStation","longTitle":"PlayStation Games",${pictures("psx")},"items":[` +
      `{"title":"Disc","description":"","type":"psx","props":{"rom":"${PREFIX}/601/content/Disc%20%5BSLUS-00001%5D.pkg"}}]}]}`;
    expect(await readJson("/api/feeds/webrcade")).toEqual(["application/json", null, expected]);
  });

  test("/api/feeds/tinfoil", async () => {
    const expected =
      `{"files":[{"url":"${PREFIX}/2021/files/content/Sky%20%26%20Sea%20%5B0100000000010000%5D.nsp","size":4294967296},` +
      `{"url":"${PREFIX}/2022/files/content/up.nsz","size":3}],"directories":[],"success":"RomM Switch Library","titledb":{}}`;
    expect(await readJson("/api/feeds/tinfoil")).toEqual(["application/json", null, expected]);
    expect(await readJson("/api/feeds/tinfoil?slug=switch2")).toEqual([
      "application/json",
      null,
      '{"files":[],"directories":[],"error":"Nintendo Switch platform not found"}',
    ]);
  });

  test("/api/feeds/fpkgi/{platform_slug}", async () => {
    const rest = `"region":"World","version":"1.02","release":"11-12-2020","min_fw":null,"cover_url":"http://localhost/assets/romm/resources/roms/7/701/cover/big.png?ts=${TS}"`;
    const entry = (id: number, file: string, name: string, size: number) =>
      `"${PREFIX}/${id}/files/content/${file}":{"name":"${name}","size":${size},"title_id":"CUSA12345",${rest}}`;
    const dlc = `${entry(7012, "one.pkg", "Big - one", 22)},${entry(7013, "two.pkg", "Big - DLC - two", 23)}`;
    const small = `"${PREFIX}/8011/files/content/Small.pkg":{"name":"Small","size":25,"title_id":"ROMM23456","region":null,"version":null,"release":null,"min_fw":null,"cover_url":null}`;
    const all = `{"DATA":{${entry(7011, "base.pkg", "Big - Game", 21)},${dlc},${entry(7014, "two.pkg", "Big - two (7014)", 24)},${small}}}`;
    expect(await readJson("/api/feeds/fpkgi/ps4")).toEqual(["application/json", "no-cache", all]);
    expect((await readJson("/api/feeds/fpkgi/ps4?content_type=dlc"))[2]).toBe(`{"DATA":{${dlc}}}`);
    expect((await readJson("/api/feeds/fpkgi/ps4?content_type=demo"))[2]).toBe('{"DATA":{}}');
  });
});
