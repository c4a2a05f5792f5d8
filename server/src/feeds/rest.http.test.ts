import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { watchStatements } from "../app/statements.testing.ts";
import { createTestApp } from "../app/testing.ts";
import { ADMIN } from "../auth/calls.testing.ts";
import type { TestLibrary } from "../roms/library.testing.ts";
import { openFeedLibrary } from "./scene.testing.ts";
import { listFeeds } from "./service.ts";

/** How often the fuzz test asks. */
const FUZZ_ROUNDS = 1_000;

let library: TestLibrary;

beforeAll(async () => {
  const slugs = ["gba", "switch", "ps3", "psp", "psvita", "psx", "ps4"];
  const roms = slugs.flatMap((platform, index) =>
    [1, 2].map((number) => ({
      id: index * 10 + number,
      platform,
      fsName: `Game ${number}.${platform === "switch" ? "nsp" : "pkg"}`,
      noTags: `Game ${number}`,
    })),
  );
  const files = roms.map(({ id, platform, fsName }) => ({
    id: id + 500,
    romId: id,
    name: fsName,
    folder: `roms/${platform}`,
    sizeBytes: 1,
  }));
  library = await openFeedLibrary({ roms, files }, { environment: { MULTITAP_RESPONSE_CACHE: "false" } });
}, 30_000);
afterAll(() => library.close());

const PATHS = [
  "/api/feeds/webrcade",
  "/api/feeds/tinfoil",
  "/api/feeds/pkgi/ps3/game",
  "/api/feeds/pkgi/psvita/game",
  "/api/feeds/pkgi/psp/game",
  "/api/feeds/fpkgi/ps4",
  "/api/feeds/kekatsu/gba",
  "/api/feeds/pkgj/psp/games",
  "/api/feeds/pkgj/psp/dlc",
  "/api/feeds/pkgj/psvita/games",
  "/api/feeds/pkgj/psvita/dlc",
  "/api/feeds/pkgj/psx/games",
] as const;

async function read(path: string, headers: Record<string, string> = { authorization: ADMIN }) {
  const response = await library.app.fetch(path, { headers });
  return { status: response.status, text: await response.text() };
}

describe("the table of feeds", () => {
  test("has a row for each of these paths", () => {
    const patterns = listFeeds().map(({ path }) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`));
    expect(patterns).toHaveLength(PATHS.length);
    for (const [index, pattern] of patterns.entries()) expect(PATHS[index] ?? "").toMatch(pattern);
  });
});

describe("a feed's callers", () => {
  test.each(PATHS.filter((path) => path !== "/api/feeds/tinfoil"))("%s asks for roms.read", async (path) => {
    expect((await read(path, {})).status).toBe(401);
    expect((await read(path, { authorization: await library.tokenWith("me.read") })).status).toBe(403);
    expect((await read(path, { authorization: await library.tokenWith("roms.read") })).status).toBe(200);
  });

  test("tinfoil is open to everyone", async () => {
    expect((await read("/api/feeds/tinfoil", {})).text).toContain("Game%201.nsp");
    expect(
      (await read("/api/feeds/tinfoil", { authorization: await library.tokenWith("me.read") })).status,
    ).toBe(200);
  });

  test("all are open once downloads are", async () => {
    const open = await createTestApp({ environment: { DISABLE_DOWNLOAD_ENDPOINT_AUTH: "true" } });
    expect((await open.fetch("/api/feeds/webrcade")).status).toBe(200);
    expect((await open.fetch("/api/feeds/kekatsu/gba")).status).toBe(404);
    await open.close();
  });

  test("see nothing that is hidden from them", async () => {
    const { sql } = library.app.database.handle;
    const [ana] = await sql<{ id: number }[]>`select id from users where username = 'ana'`;
    const hide = async (entity: string, entityId: number, method: "PUT" | "DELETE") => {
      const verb = method === "PUT" ? "permissions.hide" : "permissions.show";
      const body = JSON.stringify({ entity, entityId, userId: ana?.id });
      const headers = { authorization: ADMIN, "content-type": "application/json" };
      const answer = await library.app.fetch(`/trpc/${verb}`, { method: "POST", headers, body });
      expect(answer.status).toBe(200);
    };
    const authorization = await library.tokenWith("roms.read");
    const hidden = [
      ["/api/feeds/kekatsu/gba", 1],
      ["/api/feeds/pkgi/ps3/game", 21],
      ["/api/feeds/webrcade", 1],
    ] as const;
    for (const [path, romId] of hidden) {
      await hide("roms", romId, "PUT");
      const { text } = await read(path, { authorization });
      expect([text.includes("Game%201.pkg"), text.includes("Game%202.pkg")]).toEqual([
        path.endsWith("webrcade"),
        true,
      ]);
      expect((await read(path)).text).toContain("Game%201.pkg");
      await hide("roms", romId, "DELETE");
    }
    const gba = await library.addPlatform("gba");
    await hide("platforms", gba, "PUT");
    expect(await read("/api/feeds/kekatsu/gba", { authorization })).toEqual({
      status: 404,
      text: '{"detail":"gba platform not found"}',
    });
    expect((await read("/api/feeds/webrcade", { authorization })).text).not.toContain("Game Boy Advance");
    await hide("platforms", gba, "DELETE");
  });
});

describe("a feed's addresses", () => {
  const FORWARDED = {
    authorization: ADMIN,
    host: "inside:8080",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "games.example",
    "x-forwarded-prefix": "/romm",
  };

  test.each(PATHS.filter((path) => !path.endsWith("/dlc")))(
    "%s leads to where the caller came from",
    async (path) => {
      const { text } = await read(path, FORWARDED);
      expect(text).toContain("https://games.example/romm/api/roms/");
      expect(text).not.toMatch(/inside:8080|localhost/);
      const direct = await read(path, { authorization: ADMIN, host: "nas:8080" });
      expect(direct.text).toContain("http://nas:8080/api/roms/");
    },
  );

  test("keep the operator's own prefix", async () => {
    const app = await createTestApp({
      environment: { DISABLE_DOWNLOAD_ENDPOINT_AUTH: "true", MULTITAP_URL_PREFIX: "/games" },
      database: library.app.database,
    });
    const answer = await app.fetch("/games/api/feeds/kekatsu/gba");
    expect(await answer.text()).toContain("\thttp://localhost/games/api/roms/1/content/Game%201.pkg\t");
    await app.close();
  });

  test("lead to the bytes", async () => {
    const { text } = await read("/api/feeds/kekatsu/gba");
    const [url = ""] = /http:\S+/.exec(text) ?? [];
    // There is no such file on this disk, but it is this rom that is looked for.
    const { status, text: refusal } = await read(new URL(url).pathname);
    expect([status, refusal]).toEqual([404, `{"detail":"File 'Game 1.pkg' is missing from the library"}`]);
  });
});

describe("a refused feed", () => {
  test.each([
    ["/api/feeds/pkgi/ps3/soundtrack", 400, "Invalid content type: soundtrack"],
    ["/api/feeds/pkgi/psp/nope", 400, "Invalid content type: nope"],
    ["/api/feeds/pkgi/psvita/nope", 400, "Invalid content type: nope"],
    ["/api/feeds/fpkgi/ps4?content_type=nope", 400, "Invalid content type: nope"],
    ["/api/feeds/fpkgi/zx81", 404, "zx81 platform not found"],
    ["/api/feeds/kekatsu/zx81", 404, "zx81 platform not found"],
  ])("%s: %p", async (path, status, detail) => {
    expect(await read(path)).toEqual({ status, text: JSON.stringify({ detail }) });
  });

  test.each([
    ["ps3", "PlayStation 3", "/api/feeds/pkgi/ps3/nope"],
    ["psp", "PlayStation Portable", "/api/feeds/pkgj/psp/games"],
    ["psvita", "PlayStation Vita", "/api/feeds/pkgi/psvita/game"],
    ["psx", "PlayStation", "/api/feeds/pkgj/psx/games"],
  ])("names the platform that is not there: %s", async (slug, name, path) => {
    await library.change(`update platforms set slug = 'other' where slug = '${slug}'`);
    expect(await read(path)).toEqual({
      status: 404,
      text: JSON.stringify({ detail: `${name} platform not found` }),
    });
    await library.change(`update platforms set slug = '${slug}' where fs_slug = '${slug}'`);
  });

  test("is never told by an internal error, whatever is asked for", async () => {
    let seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));
    console.info(`feeds fuzz seed ${seed}`);
    const next = (below: number) => {
      // Numerical Recipes' linear congruential generator; its upper bits are good enough to choose.
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const pieces = [
      "ps3",
      "ps4",
      "game",
      "dlc",
      "switch",
      "..",
      "%2F",
      "%00",
      "%zz",
      "%ff",
      "é",
      "日本",
      "%F0%9F%8E%AE",
      "'",
      '"',
      "--",
      " ",
      "+",
      "%",
      "&",
      "=",
      "x".repeat(500),
      "{",
      "constructor",
      "__proto__",
    ];
    const word = () => Array.from({ length: next(4) }, () => pieces[next(pieces.length)] ?? "").join("");
    const makers = [
      () => `/api/feeds/pkgi/${["ps3", "psp", "psvita", word()][next(4)]}/${word()}`,
      () => `/api/feeds/fpkgi/${word()}?content_type=${word()}`,
      () => `/api/feeds/fpkgi/ps4?content_type=${word()}&content_type=${word()}`,
      () => `/api/feeds/kekatsu/${word()}`,
      () => `/api/feeds/tinfoil?slug=${word()}`,
      () => `/api/feeds/webrcade?${word()}=${word()}`,
    ];
    for (let count = 0; count < FUZZ_ROUNDS; count += 1) {
      const path = makers[next(makers.length)]?.() ?? "";
      const { status } = await read(path);
      expect({ path, isBroken: status >= 500 }).toEqual({ path, isBroken: false });
    }
  }, 30_000);
});

describe("statements per feed", () => {
  test("are as many for a thousand roms as for two", async () => {
    const statements = watchStatements(library.app, /\b(?:roms|rom_\w+|platforms)\b/);
    const countAll = async () => {
      const counts: number[] = [];
      for (const path of PATHS) {
        statements.length = 0;
        expect((await read(path)).status).toBe(200);
        counts.push(statements.length);
      }
      return counts;
    };
    await countAll();
    const before = await countAll();
    await library.change(`insert into roms (id, platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path)
      select 10000 + row_number() over (), p.id, 'More ' || i || '.pkg', 'More', 'More', 'pkg', 'roms/' || p.slug
      from platforms p, generate_series(1, 1000) i where p.slug <> 'other'`);
    await library.change(`insert into rom_files (id, rom_id, file_name, file_path)
      select id + 50000, id, case when fs_path = 'roms/switch' then replace(fs_name, 'pkg', 'nsp') else fs_name end, fs_path
      from roms where fs_name like 'More%'`);
    expect(await countAll()).toEqual(before);
    expect(Math.max(...before)).toBeLessThanOrEqual(2);
    expect((await read("/api/feeds/pkgi/ps3/game")).text.split("\n")).toHaveLength(1002);
    await library.change("delete from roms where fs_name like 'More %'");
  }, 30_000);
});
