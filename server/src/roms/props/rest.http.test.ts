// What an account keeps about a rom, through both doors.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { callApp } from "../../auth/calls.testing.ts";
import { OPERATOR } from "../../base/identity.ts";
import { ADMIN, openRomScene, type RomScene, VIEWER } from "../access/scene.testing.ts";
import { openLibrary } from "../library.testing.ts";
import { updateRomProps } from "./service.ts";

const OPEN_MS = 30_000;
const MISSING = 99_999;
const romNotFound = (id: number) => ({ detail: `Rom with id '${id}' not found` });

/** The compatible shape. */
interface WireProps {
  readonly id: number;
  readonly user_id: number;
  readonly rom_id: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly last_played: string | null;
  readonly is_main_sibling: boolean;
  readonly rating: number;
  readonly status: string | null;
}

const UNTOUCHED = {
  last_played: null,
  is_main_sibling: false,
  backlogged: false,
  now_playing: false,
  hidden: false,
  rating: 0,
  difficulty: 0,
  completion: 0,
  status: null,
};

let scene: RomScene;
beforeAll(async () => {
  scene = await openRomScene();
}, OPEN_MS);
afterAll(() => scene.close());

const put = (path: string, json: unknown, authorization = ADMIN) =>
  scene.call(`/api/roms/${path}`, { method: "PUT", json, authorization });
const propsOf = async (romId: number, authorization = ADMIN) => {
  const { json } = await scene.call(`/api/roms/${romId}`, { authorization });
  return (json as { rom_user: WireProps }).rom_user;
};
const forget = () => scene.library.change("delete from rom_user");

describe("PUT /api/roms/{id}/props", () => {
  test("makes the row with the first change, and changes it after that", async () => {
    await forget();
    const full = {
      is_main_sibling: true,
      backlogged: true,
      now_playing: true,
      hidden: true,
      rating: 8,
      difficulty: 3,
      completion: 55,
      status: "completed_100",
    };
    const first = await put(`${scene.c}/props`, full);
    expect(first.status).toBe(200);
    const { id, user_id, rom_id, created_at, updated_at, ...rest } = first.json as WireProps;
    expect([user_id, rom_id, rest]).toEqual([
      scene.userIds.admin ?? 0,
      scene.c,
      { ...UNTOUCHED, ...full },
    ] as never);
    const next = (await put(`${scene.c}/user`, { rating: 2, status: null })).json as WireProps;
    expect(next).toMatchObject({ id, created_at, rating: 2, status: null });
    expect(next).toMatchObject({ completion: 55, backlogged: true });
    expect(Date.parse(next.updated_at)).toBeGreaterThan(Date.parse(updated_at));
    expect(await propsOf(scene.c)).toEqual(next);
  });

  const bodies: [string, string, unknown, object][] = [
    ["a flat body", "", { rating: 4 }, { rating: 4 }],
    ["fields in `data`", "", { data: { rating: 5 } }, { rating: 5 }],
    ["fields in `props`", "", { props: { rating: 6, backlogged: true } }, { rating: 6, backlogged: true }],
    ["nulls, which change nothing", "", { rating: null, hidden: null, status: null }, { rating: 0 }],
    ["fields that it does not know", "", { rating: 1, mood: "good" }, { rating: 1 }],
    ["a wrapper that is none", "", { data: "x", rating: 3 }, { rating: 3 }],
    ["an empty object", "", {}, {}],
  ];
  test.each(bodies)("takes %s", async (_name, query, json, expected) => {
    for (const path of ["props", "user"]) {
      await forget();
      const answer = await put(`${scene.a}/${path}${query}`, json);
      expect(answer.status).toBe(200);
      const { id: _id, user_id, rom_id, created_at, updated_at, ...rest } = answer.json as WireProps;
      expect([user_id, rom_id, created_at]).toEqual([scene.userIds.admin ?? 0, scene.a, updated_at]);
      expect(rest as object).toEqual({ ...UNTOUCHED, ...expected });
    }
  });

  const update: [string, string, unknown][] = [
    ["the query", "?update_last_played=true", {}],
    ["the query in another spelling", "?update_last_played=1", { rating: 1 }],
    ["the body", "", { update_last_played: true, remove_last_played: false }],
    ["the body beside a wrapper", "", { data: { status: "finished" }, update_last_played: true }],
    ["the wrapper", "", { data: { update_last_played: true } }],
  ];
  test.each(update)("notes and forgets the moment of play by %s", async (_name, query, json) => {
    await forget();
    const before = Date.now();
    const played = (await put(`${scene.a}/props${query}`, json)).json as WireProps;
    expect(Date.parse(played.last_played ?? "")).toBeGreaterThanOrEqual(before);
    expect(((await put(`${scene.a}/props`, { rating: 2 })).json as WireProps).last_played).toBe(
      played.last_played,
    );
    const swap = (word: string) => (word === "update_last" ? "remove_last" : "update_last");
    const swapped = JSON.stringify(json).replaceAll(/update_last|remove_last/g, swap);
    const reversed = JSON.parse(swapped) as unknown;
    const removed = await put(`${scene.a}/props${query.replace("update", "remove")}`, reversed);
    expect((removed.json as WireProps).last_played).toBeNull();
  });

  test("writes nothing and tells nobody where everything is so already", async () => {
    await put(`${scene.a}/props`, { rating: 7, status: "retired" });
    const before = await propsOf(scene.a);
    const events = await scene.listEvents(async () => {
      expect((await put(`${scene.a}/props`, { rating: 7, status: "retired" })).json).toEqual(before);
      expect((await put(`${scene.a}/props`, {})).json).toEqual(before);
    });
    expect(events).toEqual([]);
  });

  test("tells the account alone", async () => {
    await forget();
    const events = await scene.listEvents(() => put(`${scene.a}/props`, { rating: 7 }, VIEWER));
    expect(events).toEqual([
      {
        topic: "library",
        userId: scene.userIds.ana ?? 0,
        data: { change: "updated", entity: "rom", ids: [scene.a] },
      },
    ]);
  });

  test("is nobody else's business", async () => {
    await forget();
    await put(`${scene.a}/props`, { rating: 7 });
    await put(`${scene.a}/props`, { rating: 3, hidden: true }, VIEWER);
    expect((await propsOf(scene.a)).rating).toBe(7);
    expect((await propsOf(scene.a, VIEWER)).rating).toBe(3);
  });

  const refused: [string, unknown, readonly (string | number)[], string][] = [
    ["a rating above ten", { rating: 11 }, ["body", "rating"], "less_than_equal"],
    ["a rating below zero", { rating: -1 }, ["body", "rating"], "greater_than_equal"],
    ["a broken rating", { rating: 1.5 }, ["body", "rating"], "int_from_float"],
    ["a difficulty above ten", { difficulty: 11 }, ["body", "difficulty"], "less_than_equal"],
    ["a completion above a hundred", { completion: 101 }, ["body", "completion"], "less_than_equal"],
    ["a status that is none", { status: "asleep" }, ["body", "status"], "enum"],
    ["a text for a flag", { data: { backlogged: "yes" } }, ["body", "backlogged"], "bool_type"],
    ["a list", [], ["body"], "model_attributes_type"],
  ];
  test.each(refused)("refuses %s, and nothing happens", async (_name, json, loc, type) => {
    await forget();
    const events = await scene.listEvents(async () => {
      const answer = await put(`${scene.a}/props`, json);
      const [issue] = (answer.json as { detail: { loc: unknown; type: string }[] }).detail;
      expect([answer.status, issue?.loc, issue?.type]).toEqual([422, loc, type]);
    });
    expect([events, (await propsOf(scene.a)).id]).toEqual([[], -1]);
  });

  test("answers the same for a hidden rom as for none", async () => {
    const events = await scene.listEvents(async () => {
      for (const id of [scene.secret, MISSING]) {
        const answer = await put(`${id}/props`, { rating: 1 }, VIEWER);
        expect([answer.status, answer.json]).toEqual([404, romNotFound(id)]);
        const rpc = await scene.tell("roms.updateProps", { romId: id, rating: 1 }, VIEWER);
        expect([rpc.status, rpc.code]).toEqual([404, "ROMS_NOT_FOUND"]);
      }
    });
    expect(events).toEqual([]);
    expect((await put(`${scene.secret}/props`, { rating: 1 })).status).toBe(200);
  });
});

describe("roms.updateProps", () => {
  test("changes the same row", async () => {
    await forget();
    const changes = { rating: 9, isBacklogged: true, status: "finished", lastPlayed: "now" };
    const { status, data } = await scene.tell("roms.updateProps", { romId: scene.a, ...changes }, VIEWER);
    expect(status).toBe(200);
    expect(data).toMatchObject({ romId: scene.a, rating: 9, isBacklogged: true, status: "finished" });
    expect((data as { lastPlayedAt: string }).lastPlayedAt).toEndWith("Z");
    const read = await scene.ask("roms.get", { romId: scene.a, with: ["user"] }, VIEWER);
    const { user } = read.data as { user: object };
    expect(data).toMatchObject(user);
    const never = await scene.tell("roms.updateProps", { romId: scene.a, lastPlayed: "never" }, VIEWER);
    expect(never.data).toMatchObject({ lastPlayedAt: null, rating: 9 });
  });

  test("refuses what the schema does not know", async () => {
    for (const wrong of [
      { rating: 11 },
      { lastPlayed: "later" },
      { status: "now_playing" },
      { mood: "good" },
    ]) {
      const answer = await scene.tell("roms.updateProps", { romId: scene.a, ...wrong });
      expect([answer.status, answer.code]).toEqual([400, "INPUT_INVALID"]);
    }
  });
});

describe("the main sibling", () => {
  test("is one of the siblings, for one account", async () => {
    await forget();
    for (const romId of [scene.a, scene.c]) await put(`${romId}/props`, { is_main_sibling: true });
    await put(`${scene.a}/props`, { is_main_sibling: true }, VIEWER);
    const before = await propsOf(scene.a);
    const events = await scene.listEvents(() => put(`${scene.b}/props`, { is_main_sibling: true }));
    const after = await propsOf(scene.a);
    expect([after.is_main_sibling, (await propsOf(scene.b)).is_main_sibling]).toEqual([false, true]);
    expect(Date.parse(after.updated_at)).toBeGreaterThan(Date.parse(before.updated_at));
    // No sibling of theirs, and somebody else's.
    expect((await propsOf(scene.c)).is_main_sibling).toBe(true);
    expect((await propsOf(scene.a, VIEWER)).is_main_sibling).toBe(true);
    expect(events.map(({ data }) => data) as unknown[]).toEqual([
      { change: "updated", entity: "rom", ids: [scene.b, scene.a] },
    ]);
  });

  test("stays when another one stops to be it", async () => {
    await forget();
    await put(`${scene.a}/props`, { is_main_sibling: true });
    await put(`${scene.b}/props`, { is_main_sibling: false });
    expect((await propsOf(scene.a)).is_main_sibling).toBe(true);
  });

  test(
    "is one, however many are chosen at the same moment",
    async () => {
      await forget();
      for (let round = 0; round < 5; round += 1) {
        const chosen = [scene.a, scene.b, scene.a, scene.b, scene.b, scene.a];
        const answers = await Promise.all(
          chosen.map((romId) => put(`${romId}/props`, { is_main_sibling: true })),
        );
        expect(answers.map(({ status }) => status)).toEqual(chosen.map(() => 200));
        const marks = [await propsOf(scene.a), await propsOf(scene.b)].map((props) => props.is_main_sibling);
        expect(marks.toSorted()).toEqual([false, true]);
      }
    },
    OPEN_MS,
  );
});

describe("first changes at the same moment", () => {
  test(
    "all count, in one row",
    async () => {
      await forget();
      const changes = [
        { rating: 5 },
        { difficulty: 4 },
        { completion: 30 },
        { status: "finished" },
        { backlogged: true },
        { now_playing: true },
      ];
      const answers = await Promise.all(changes.map((json) => put(`${scene.a}/props`, json)));
      expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 200));
      expect(new Set(answers.map(({ json }) => (json as WireProps).id)).size).toBe(1);
      expect((await propsOf(scene.a)) as object).toMatchObject(Object.assign({}, ...changes));
    },
    OPEN_MS,
  );
});

describe("callers without an account", () => {
  test(
    "are refused: a kiosk's visitor through both doors",
    async () => {
      const kiosk = await openLibrary({ environment: { KIOSK_MODE: "true" } });
      const romId = await kiosk.addRom("gba", "A.gba", "x");
      // What lets a browser write at all.
      const [cookie = ""] = (await callApp(kiosk.app, "/api/heartbeat")).headers.getSetCookie();
      const [, token = ""] = /romm_csrftoken=([^;]+)/.exec(cookie) ?? [];
      const headers = { cookie: `romm_csrftoken=${token}`, "x-csrftoken": token };
      const rest = { method: "PUT", json: { rating: 1 }, headers };
      for (const path of ["props", "user"]) {
        const answer = await callApp(kiosk.app, `/api/roms/${romId}/${path}`, rest);
        expect([answer.status, answer.json]).toEqual([403, { detail: "Forbidden" }]);
      }
      const rpc = await callApp(kiosk.app, "/trpc/roms.updateProps", { json: { romId, rating: 1 }, headers });
      expect([rpc.status, rpc.text.includes("AUTH_SCOPE_MISSING")]).toEqual([403, true]);
      await kiosk.close();
    },
    OPEN_MS,
  );

  test("are refused: the operator, who has every scope", async () => {
    const ctx = { ...scene.library.app.createContext(), identity: OPERATOR };
    const failure = await updateRomProps
      .run(ctx, { romId: scene.a, rating: 1 })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: "forbidden", code: "AUTH_ACCOUNT_REQUIRED" });
  });
});
