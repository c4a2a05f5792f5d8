import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openLibrary, type TestLibrary } from "../roms/library.testing.ts";

let library: TestLibrary;
let gba = 0;
let n64 = 0;

beforeAll(async () => {
  library = await openLibrary();
  await library.addRoms("gba", ["Plain.gba", "Other.gba"]);
  await library.addRoms("n64", ["A (USA).z64", "B (USA).z64", "C (Europe).z64", "D (Japan, USA).z64"]);
  await library.addPlatform("empty-folder");
  gba = await library.addPlatform("gba");
  n64 = await library.addPlatform("n64");
  await library.change("update roms set igdb_id = 5, gamelist_id = 'x' where fs_name = 'A (USA).z64'");
  await library.change("update roms set igdb_id = 6 where fs_name = 'B (USA).z64'");
});
afterAll(() => library.close());

const TOTALS = { PLATFORMS: 2, ROMS: 6, SAVES: 0, STATES: 0, SCREENSHOTS: 0, TOTAL_FILESIZE_BYTES: 6 };

describe("GET /api/stats", () => {
  test("answers everyone with the totals, key by key", async () => {
    for (const headers of [{}, { authorization: "Bearer nonsense" }]) {
      const { status, body } = await library.get<object>("/api/stats/", { headers });
      expect([status, body]).toEqual([200, TOTALS]);
      expect(Object.keys(body)).toEqual(Object.keys(TOTALS));
    }
  });

  test.each(["true", "1", "True"])("breaks them down by platform when asked for with %s", async (text) => {
    const { body } = await library.get(`/api/stats?include_platform_stats=${text}`);
    expect(body).toEqual({
      ...TOTALS,
      METADATA_COVERAGE: {
        [gba]: [],
        [n64]: [
          { source: "igdb", matched: 2 },
          { source: "gamelist", matched: 1 },
        ],
      },
      // A platform without regions is not listed here.
      REGION_BREAKDOWN: {
        [n64]: [
          { region: "USA", count: 3 },
          { region: "Europe", count: 1 },
          { region: "Japan", count: 1 },
        ],
      },
    });
  });

  test("answers the same at the tRPC door", async () => {
    const plain = await library.ask("stats.get", undefined, null);
    expect(plain.body).toEqual({
      platforms: 2,
      roms: 6,
      saves: 0,
      states: 0,
      screenshots: 0,
      sizeBytes: 6,
      perPlatform: null,
    });
    const full = await library.ask("stats.get", { withPlatforms: true }, null);
    expect(full.body).toMatchObject({
      perPlatform: [{ platformId: gba, matched: [], regions: [] }, { platformId: n64 }],
    });
  });

  test("refuses what is no truth value", async () => {
    const rest = await library.get("/api/stats?include_platform_stats=perhaps");
    expect([rest.status, rest.body]).toMatchObject([
      422,
      { detail: [{ loc: ["query", "include_platform_stats"], type: "bool_parsing" }] },
    ]);
    expect((await library.ask("stats.get", { withPlatforms: "true" })).status).toBe(400);
  });

  test("answers HEAD and no other method", async () => {
    const head = await library.get("/api/stats", { method: "HEAD" });
    const length = String(JSON.stringify(TOTALS).length);
    expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, length, ""]);
    expect((await library.get("/api/stats", { method: "DELETE" })).status).toBe(405);
  });

  test("counts an empty library", async () => {
    const empty = await openLibrary();
    const nothing = Object.fromEntries(Object.keys(TOTALS).map((key) => [key, 0]));
    expect((await empty.get("/api/stats?include_platform_stats=true")).body).toEqual({
      ...nothing,
      METADATA_COVERAGE: {},
      REGION_BREAKDOWN: {},
    });
    await empty.close();
  });
});
