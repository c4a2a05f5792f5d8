// What can be asked of roms beside their names: each condition through both doors, with and without a value.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { VIEWER } from "../../auth/calls.testing.ts";
import { openLibrary, type TestLibrary } from "../library.testing.ts";

const GBA = ["A.gba", "B.gba", "C.gba", "D.gba"] as const;
const BOX = ["E.bin", "F.bin"] as const;
const ALL = "ABCDEF";

let library: TestLibrary;
let gba = 0;

/** Genres, to be asked for as any list of values. */
const GENRES = { A: ["Puzzle", "Action"], B: ["Puzzle"], C: ["Action"] } as const;

beforeAll(async () => {
  library = await openLibrary();
  const ids = { ...(await library.addRoms("gba", GBA)), ...(await library.addRoms("my-own-box", BOX)) };
  gba = await library.addPlatform("gba");
  const id = (letter: string) =>
    Object.entries(ids).find(([name]) => name.startsWith(`${letter}.`))?.[1] ?? 0;
  const admin = "(select id from users where username = 'admin')";
  const ana = "(select id from users where username = 'ana')";
  const change = (text: string) => library.change(text);
  await change(`update roms set igdb_id = 7 where id in (${id("A")}, ${id("B")}, ${id("E")})`);
  await change(`update roms set ra_id = 3, moby_id = 5, player_count = '1-4' where id = ${id("C")}`);
  await change(`update roms set flashpoint_id = 'x', player_count = '2' where id = ${id("F")}`);
  await change(`insert into rom_provider_metadata (rom_id, provider, data) values
    (${id("A")}, 'hasheous', '{"redump_match": true, "tosec_match": false}'),
    (${id("B")}, 'hasheous', '{"redump_match": false, "nointro_match": "true"}'),
    (${id("C")}, 'igdb', '{"redump_match": true}'),
    (${id("D")}, 'hasheous', '{"puredos_match": true}')`);
  const facets = Object.entries(GENRES).flatMap(([letter, values]) =>
    values.map((value) => `(${id(letter)}, 'genre', '${value}')`),
  );
  const others = ["franchise", "collection", "company", "mode", "age_rating"].map(
    (kind) => `(${id("B")}, '${kind}', 'Some')`,
  );
  await change(`insert into rom_facets (rom_id, platform_id, kind, value)
    select r.id, r.platform_id, f.kind, f.value from (values ${[...facets, ...others].join(",")}) f (id, kind, value)
    join roms r on r.id = f.id`);
  const asset = (table: string, letter: string, owner: string, isPublic: boolean) =>
    change(`insert into ${table} (rom_id, user_id, is_public, file_name, file_name_no_tags, file_name_no_ext,
        file_extension, file_path, stored_path, canonical_name, content_updated_at)
      values (${id(letter)}, ${owner}, ${isPublic}, 's', 's', 's', '', 'x', 'x', 's', now())`);
  await asset("saves", "A", admin, false);
  await asset("saves", "B", ana, true);
  await asset("saves", "C", ana, false);
  await asset("states", "D", admin, true);
  await asset("states", "E", ana, false);
  await change(`insert into rom_files (rom_id, file_name, file_path, category)
    values (${id("D")}, 'song.mp3', 'x', 'soundtrack'), (${id("E")}, 'readme', 'x', 'manual')`);
  await change(`insert into rom_user (rom_id, user_id, status, backlogged, now_playing, hidden, last_played, rating)
    values (${id("A")}, ${admin}, 'finished', false, true, false, '2026-01-02Z', 3),
      (${id("B")}, ${admin}, 'finished', true, false, false, null, 9),
      (${id("C")}, ${admin}, 'retired', false, false, false, '2026-01-01Z', 0),
      (${id("D")}, ${ana}, 'finished', true, true, true, '2026-01-03Z', 5),
      (${id("F")}, ${ana}, null, false, false, false, null, 1)`);
}, 30_000);
afterAll(() => library.close());

interface Listed {
  readonly fs_name: string;
}

async function findByRest(query: string, authorization?: string): Promise<string> {
  const init = authorization === undefined ? {} : { headers: { authorization } };
  const { status, body } = await library.get<{ items: Listed[]; total: number; rom_id_index: number[] }>(
    `/api/roms?${query}`,
    init,
  );
  expect(status).toBe(200);
  expect([body.total, body.rom_id_index.length]).toEqual([body.items.length, body.items.length]);
  return body.items.map((rom) => rom.fs_name[0]).join("");
}

async function findByRpc(input: object, authorization?: string): Promise<string> {
  const { status, body } = await library.ask<{ items: { fsName: string }[]; total: number }>(
    "roms.list",
    { withTotal: true, ...input },
    authorization,
  );
  expect(status).toBe(200);
  expect(body.total).toBe(body.items.length);
  return body.items.map((rom) => rom.fsName[0]).join("");
}

describe("flags", () => {
  test.each([
    ["matched", "isIdentified", "ABCEF"],
    ["duplicate", "isDuplicate", "AB"],
    ["playable", "isPlayable", "ABCD"],
    ["verified", "isVerified", "AD"],
    ["last_played", "isPlayed", "AC"],
    ["has_ra", "hasRetroAchievements", "C"],
    ["has_saves", "hasSaves", "AB"],
    ["has_states", "hasStates", "D"],
    ["has_soundtrack", "hasSoundtrack", "D"],
    ["missing", "isMissing", ""],
  ])("%s finds those and, switched off, all others", async (word, name, letters) => {
    const others = [...ALL].filter((letter) => !letters.includes(letter)).join("");
    expect(await findByRest(`${word}=true`)).toBe(letters);
    expect(await findByRest(`${word}=false`)).toBe(others);
    expect(await findByRpc({ [name]: true })).toBe(letters);
    expect(await findByRpc({ [name]: false })).toBe(others);
  });

  test("speak of the caller's own things and public ones", async () => {
    expect(await findByRest("has_saves=true", VIEWER)).toBe("BC");
    expect(await findByRest("has_states=true&statuses=hidden", VIEWER)).toBe("D");
    expect(await findByRest("last_played=false", VIEWER)).toBe("ABCEF");
    expect(await findByRpc({ hasStates: true }, VIEWER)).toBe("E");
  });
});

describe("lists of values", () => {
  test.each([
    ["genres=Puzzle&genres=Action", { genres: { anyOf: ["Puzzle", "Action"] } }, "ABC"],
    ["genres=Puzzle&genres=Action&genres_logic=all", { genres: { allOf: ["Puzzle", "Action"] } }, "A"],
    ["genres=Puzzle&genres=Action&genres_logic=none", { genres: { noneOf: ["Puzzle", "Action"] } }, "DEF"],
    ["franchises=Some", { franchises: { anyOf: ["Some"] } }, "B"],
    ["collections=Some&collections_logic=none", { collections: { noneOf: ["Some"] } }, "ACDEF"],
    ["companies=Some&companies_logic=all", { companies: { allOf: ["Some"] } }, "B"],
    ["age_ratings=Some", { ageRatings: { anyOf: ["Some"] } }, "B"],
    ["player_counts=2&player_counts=1-4", { playerCounts: { anyOf: ["2", "1-4"] } }, "CF"],
    [
      "player_counts=2&player_counts=1-4&player_counts_logic=all",
      { playerCounts: { allOf: ["2", "1-4"] } },
      "CF",
    ],
    ["player_counts=1&player_counts_logic=none", { playerCounts: { noneOf: ["1"] } }, "CF"],
    ["metadata_providers=igdb&metadata_providers=ra", { providers: { anyOf: ["igdb", "ra"] } }, "ABCE"],
    [
      "metadata_providers=moby&metadata_providers=ra&metadata_providers_logic=all",
      { providers: { allOf: ["moby", "ra"] } },
      "C",
    ],
    [
      "metadata_providers=igdb&metadata_providers=flashpoint&metadata_providers_logic=none",
      { providers: { noneOf: ["igdb", "flashpoint"] } },
      "CD",
    ],
    ["statuses=finished", { statuses: { anyOf: ["finished"] } }, "AB"],
    ["statuses=retired&statuses=backlogged", { statuses: { anyOf: ["retired", "backlogged"] } }, "BC"],
    [
      "statuses=finished&statuses=now_playing&statuses_logic=all",
      { statuses: { allOf: ["finished", "now_playing"] } },
      "A",
    ],
    [
      "statuses=finished&statuses=retired&statuses_logic=none",
      { statuses: { noneOf: ["finished", "retired"] } },
      "DEF",
    ],
    ["statuses=hidden", { statuses: { anyOf: ["hidden"] } }, ""],
  ])("%s", async (query, input, letters) => {
    expect(await findByRest(query)).toBe(letters);
    expect(await findByRpc(input)).toBe(letters);
  });

  test("game modes are asked for at the typed door", async () => {
    expect(await findByRpc({ gameModes: { anyOf: ["Some"] } })).toBe("B");
  });

  test("words that name nothing are no condition of the compatible list and refused at the other", async () => {
    expect(await findByRest("metadata_providers=moon")).toBe(ALL);
    expect(await findByRest("metadata_providers=moon&metadata_providers=ra")).toBe("C");
    expect(await findByRest("statuses=asleep")).toBe(ALL);
    for (const input of [{ providers: { anyOf: ["moon"] } }, { statuses: { noneOf: ["asleep"] } }]) {
      expect((await library.ask("roms.list", input)).status).toBe(400);
    }
  });
});

describe("roms that the caller put away", () => {
  test("are listed when asked for by that word alone", async () => {
    expect(await findByRest("", VIEWER)).toBe("ABCEF");
    expect(await findByRest("")).toBe(ALL);
    expect(await findByRest("statuses=hidden", VIEWER)).toBe("D");
    expect(await findByRest("statuses=finished", VIEWER)).toBe("");
    expect(await findByRest("statuses=finished&statuses=hidden", VIEWER)).toBe("D");
    expect(await findByRest("statuses=hidden&statuses_logic=none", VIEWER)).toBe("ABCEF");
    expect(await findByRpc({}, VIEWER)).toBe("ABCEF");
    expect(await findByRpc({ statuses: { allOf: ["hidden", "backlogged"] } }, VIEWER)).toBe("D");
  });

  test("have their page and stay among the identifiers", async () => {
    const { body } = await library.get<number[]>("/api/roms/identifiers", {
      headers: { authorization: VIEWER },
    });
    expect(body).toHaveLength(ALL.length);
  });
});

describe("automatic collections", () => {
  const idOf = (key: unknown) => Buffer.from(JSON.stringify(key)).toString("base64url");
  test.each([
    [{ name: "Puzzle", type: "genre" }, "AB"],
    [{ type: "company", name: "Some", more: 1 }, "B"],
    [{ name: "puzzle", type: "genre" }, ""],
    [{ name: "USA", type: "region" }, ""],
    ["nonsense", ""],
  ])("%j", async (key, letters) => {
    const id = typeof key === "string" ? key : idOf(key);
    expect(await findByRest(`virtual_collection_id=${encodeURIComponent(id)}`)).toBe(letters);
    expect(await findByRpc({ virtualCollectionId: id })).toBe(letters);
  });

  test("narrow the values for menus", async () => {
    const id = idOf({ name: "Puzzle", type: "genre" });
    const { body } = await library.get<{ filter_values: { genres: string[]; platforms: number[] } }>(
      `/api/roms?virtual_collection_id=${id}`,
    );
    expect([body.filter_values.genres, body.filter_values.platforms]).toEqual([["Action", "Puzzle"], [gba]]);
  });
});

describe("orders by what the caller did", () => {
  test.each([
    ["rating", "CAB", "BAC"],
    ["last_played", "CAB", "BAC"],
    ["now_playing", "BCA", "ACB"],
    ["status", "ABC", "CBA"],
  ])("by %s leave out what they never touched", async (order, ascending, descending) => {
    expect(await findByRest(`order_by=${order}`)).toBe(ascending);
    expect(await findByRest(`order_by=${order}&order_dir=desc`)).toBe(descending);
  });

  test("index the same roms", async () => {
    const { body } = await library.get<{ total: number; char_index: object; rom_id_index: number[] }>(
      "/api/roms?order_by=rating&limit=1&offset=1",
    );
    expect([body.total, body.rom_id_index.length, body.char_index]).toEqual([3, 3, { a: 0, b: 1, c: 2 }]);
  });

  test("list nothing for callers without an account, whoever asks by which order", async () => {
    expect(await findByRpc({ orderBy: "rating" })).toBe("CAB");
    expect(await findByRpc({ orderBy: "lastPlayedAt", direction: "desc" })).toBe("AC");
    expect(await findByRpc({ orderBy: "lastPlayedAt", isPlayed: false })).toBe("");
    expect(await findByRpc({ orderBy: "rating" }, VIEWER)).toBe("F");
  });
});

describe("other ways to find roms", () => {
  test("by an id of a provider: the first, whatever else is asked for", async () => {
    const find = async (query: string) => {
      const { status, body } = await library.get<Listed & { detail: unknown }>(
        `/api/roms/by-metadata-provider?${query}`,
      );
      return status === 200 ? body.fs_name : [status, body.detail];
    };
    expect(await find("igdb_id=7")).toBe("A.gba");
    expect(await find("igdb_id=1&ra_id=3")).toBe("C.gba");
    expect(await find("flashpoint_id=x")).toBe("F.bin");
    expect(await find("")).toEqual([400, "At least one metadata ID must be provided"]);
    expect(await find("igdb_id=8")).toEqual([404, "No ROM found with given metadata IDs"]);
    expect(await find("igdb_id=99999999999")).toEqual([404, "No ROM found with given metadata IDs"]);
    expect(await find("igdb_id=x")).toMatchObject([422, [{ loc: ["query", "igdb_id"] }]]);
  });

  test("POST /api/roms/unidentified lists what no provider knows", async () => {
    const ask = async (body?: unknown) => {
      const json = body === undefined ? {} : { body: JSON.stringify(body) };
      const headers = { authorization: VIEWER, "content-type": "application/json" };
      return await library.get<{ items: Listed[]; total: number }>("/api/roms/unidentified", {
        method: "POST",
        headers,
        ...json,
      });
    };
    await library.change("update roms set igdb_id = null where fs_name = 'B.gba'");
    for (const answer of [await ask(), await ask({}), await ask({ platform_ids: [gba], limit: 5 })]) {
      // D is put away by this viewer.
      expect([answer.status, answer.body.items.map((rom) => rom.fs_name)]).toEqual([200, ["B.gba"]]);
    }
    expect((await ask({ offset: 1 })).body).toMatchObject({ items: [], total: 1 });
    expect((await ask({ limit: 0 })).status).toBe(422);
    expect((await ask([])).status).toBe(200);
    await library.change("update roms set igdb_id = 7 where fs_name = 'B.gba'");
  });

  test("GET /api/roms/filters lists the values of everything", async () => {
    const { body } = await library.get<Record<string, unknown>>("/api/roms/filters");
    expect(body).toMatchObject({ genres: ["Action", "Puzzle"], player_counts: ["1", "1-4", "2"] });
    expect(body.platforms).toHaveLength(2);
  });
});
