// Spans of play, through both doors.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { ADMIN, openRomScene, type RomScene, VIEWER } from "../roms/access/scene.testing.ts";
import type { IngestedPlaySessions, PlaySession } from "./contract.ts";
import { INGESTED_MAX, PLAY_SESSIONS_PAGE_MAX } from "./limits.ts";
import { ingestPlaySessions } from "./service.ts";

const OPEN_MS = 30_000;
const KEYS = [
  "id",
  "user_id",
  "device_id",
  "rom_id",
  "sync_session_id",
  "save_slot",
  "start_time",
  "end_time",
  "duration_ms",
  "created_at",
  "updated_at",
];

interface WireSession {
  readonly id: number;
  readonly device_id: string | null;
  readonly rom_id: number | null;
  readonly start_time: string;
  readonly duration_ms: number;
}

interface WireIngested {
  readonly results: readonly { index: number; status: string; id: number | null; detail: string | null }[];
  readonly created_count: number;
  readonly skipped_count: number;
}

let scene: RomScene;
beforeAll(async () => {
  scene = await openRomScene();
}, OPEN_MS);
afterAll(() => scene.close());
beforeEach(async () => {
  await scene.library.change("delete from play_sessions");
  await scene.library.change("delete from rom_user");
  await scene.library.change("delete from devices");
  await scene.library.change(`insert into devices (id, user_id, name) values
    ('deck', ${scene.userIds.admin}, 'Deck'), ('phone', ${scene.userIds.ana}, 'Phone')`);
});

/** A span of an hour on a day of February 2026. */
const span = (day: number, more: object = {}) => {
  const date = `2026-02-${String(day).padStart(2, "0")}`;
  return { start_time: `${date}T10:00:00Z`, end_time: `${date}T11:00:00Z`, duration_ms: 60_000, ...more };
};
const post = (json: unknown, authorization = ADMIN) =>
  scene.call("/api/play-sessions", { json, authorization });
const ingest = async (
  sessions: readonly object[],
  { authorization = ADMIN, ...more }: Record<string, string> = {},
) => (await post({ ...more, sessions }, authorization)).json as WireIngested;
const list = async (query = "", authorization = ADMIN) =>
  (await scene.call(`/api/play-sessions${query}`, { authorization })).json as WireSession[];
const statuses = ({ results }: WireIngested) => results.map(({ index, status }) => `${index} ${status}`);
const rows = <T>(text: string) => scene.library.app.database.handle.sql.unsafe<(T & object)[]>(text);

describe("a span of play", () => {
  test("is stored, listed and removed", async () => {
    const answer = await post({
      device_id: "deck",
      sessions: [span(1, { rom_id: scene.a, save_slot: "auto" })],
    });
    const { results, ...counts } = answer.json as WireIngested;
    expect([answer.status, counts]).toEqual([201, { created_count: 1, skipped_count: 0 }]);
    const id = results[0]?.id ?? 0;
    expect(results).toEqual([{ index: 0, status: "created", id, detail: null }]);
    const [listed] = await list();
    expect(Object.keys(listed ?? {})).toEqual(KEYS);
    expect(listed).toMatchObject({
      id,
      user_id: scene.userIds.admin ?? 0,
      device_id: "deck",
      rom_id: scene.a,
      sync_session_id: null,
      save_slot: "auto",
      start_time: "2026-02-01T10:00:00Z",
      end_time: "2026-02-01T11:00:00Z",
      duration_ms: 60_000,
    });
    const remove = () => scene.call(`/api/play-sessions/${id}`, { method: "DELETE" });
    expect((await remove()).status).toBe(204);
    const gone = await remove();
    expect([gone.status, gone.json]).toEqual([404, { detail: `Play session ${id} not found` }]);
    expect(await list()).toEqual([]);
  });

  test("is the same behind the typed door", async () => {
    const sessions = [{ romId: scene.a, startedAt: "2026-02-01T10:00:00Z", endedAt: "2026-02-01T11:00:00Z" }];
    const { data } = await scene.tell("playSessions.ingest", { deviceId: "deck", sessions });
    const { results, createdCount, skippedCount } = data as IngestedPlaySessions;
    expect([results[0]?.status, createdCount, skippedCount]).toEqual(["created", 1, 0]);
    const listed = (await scene.ask("playSessions.list", { romId: scene.a })).data as PlaySession[];
    expect(listed.map(({ id, durationMs }) => [id, durationMs])).toEqual([[results[0]?.id ?? 0, 3_600_000]]);
    const sessionId = listed[0]?.id;
    expect((await scene.tell("playSessions.remove", { sessionId }, VIEWER)).code).toBe(
      "PLAY_SESSIONS_NOT_FOUND",
    );
    expect((await scene.tell("playSessions.remove", { sessionId })).data).toBeNull();
  });

  test("stays when its rom goes, also beside another one of that moment, and is not told twice", async () => {
    const first = await scene.library.addRom("gba", "Gone one.gba", "gone one");
    const second = await scene.library.addRom("gba", "Gone two.gba", "gone two");
    const told = [span(3), span(3, { rom_id: first }), span(3, { rom_id: second })];
    const device = { device_id: "deck" };
    expect(statuses(await ingest(told, device))).toEqual(["0 created", "1 created", "2 created"]);
    await scene.library.change(`delete from roms where id = ${first}; delete from roms where id = ${second}`);
    expect(await list()).toHaveLength(3);
    const again = await ingest(told.slice(0, 2), device);
    expect(again.created_count).toBe(0);
    await scene.library.change("delete from devices where id = 'deck'");
    expect((await ingest(told.slice(0, 1))).created_count).toBe(0);
  });

  test("of nobody known is added once, however many tell it at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => ingest([span(4)])));
    expect(answers.map(({ created_count: count }) => count).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect(await list()).toHaveLength(1);
  });

  test("may be told in the documented words", async () => {
    const documented = {
      rom_id: scene.a,
      start: "2026-02-01T10:00:00Z",
      end: "2026-02-01T10:30:00Z",
      duration_seconds: 90,
    };
    expect(statuses(await ingest([documented]))).toEqual(["0 created"]);
    expect(await list()).toMatchObject([{ rom_id: scene.a, duration_ms: 90_000 }]);
  });

  test("of a rom or a device that is not there, or of others, has none", async () => {
    const foreign = { device_id: "phone" };
    await ingest(
      [span(1, { rom_id: 99_999 }), span(2, { rom_id: 0 }), span(3, { rom_id: scene.a })],
      foreign,
    );
    expect((await list()).map(({ rom_id, device_id }) => [rom_id, device_id])).toEqual([
      [scene.a, null],
      [null, null],
      [null, null],
    ]);
    const seen = await rows<{ seen: unknown }>("select last_seen as seen from devices where id = 'phone'");
    expect([...seen]).toEqual([{ seen: null }]);
    await ingest([span(4, { rom_id: scene.secret })], { authorization: VIEWER });
    expect(await list("", VIEWER)).toMatchObject([{ rom_id: null }]);
    expect((await post({ device_id: "x\0", sessions: [span(5)] })).status).toBe(422);
  });

  test("notes that its device was in use", async () => {
    // One whose signs of life were not noted a moment ago.
    await scene.library.change(`insert into devices (id, user_id) values ('fresh', ${scene.userIds.admin})`);
    await ingest([span(1)], { device_id: "fresh" });
    const [row] = await rows<{ seen: Date | null }>(
      "select last_seen as seen from devices where id = 'fresh'",
    );
    expect(row?.seen).not.toBeNull();
  });
});

describe("spans that were told before", () => {
  test("are duplicates, and stand behind errors and before what is new", async () => {
    await ingest([span(1, { rom_id: scene.a })]);
    const later = { start_time: "2099-01-01T10:00:00Z", end_time: "2099-01-01T11:00:00Z", duration_ms: 1 };
    const told = await ingest([
      span(2, { rom_id: scene.a }),
      span(2, { rom_id: scene.a, duration_ms: 5 }),
      later,
      span(1, { rom_id: scene.a }),
      span(1, { rom_id: scene.b }),
    ]);
    expect(statuses(told)).toEqual(["2 error", "1 duplicate", "3 duplicate", "0 created", "4 created"]);
    expect([told.created_count, told.skipped_count]).toEqual([2, 3]);
    expect(told.results[0]).toMatchObject({ id: null, detail: "end_time is too far in the future" });
  });

  test("count per device, per rom and per account, where none is one too", async () => {
    const one = span(1, { rom_id: scene.a });
    const created = async (sessions: readonly object[], more: Record<string, string> = {}) =>
      (await ingest(sessions, more)).created_count;
    expect(await created([one])).toBe(1);
    expect(await created([one])).toBe(0);
    expect(await created([one], { device_id: "deck" })).toBe(1);
    expect(await created([span(1)])).toBe(1);
    expect(await created([span(1), span(1, { rom_id: 99_999 })])).toBe(0);
    expect(await created([one], { authorization: VIEWER })).toBe(1);
  });

  test("at the same moment are stored once, in whichever order they are told", async () => {
    const sessions = Array.from({ length: 20 }, (_, day) =>
      span(day + 1, { rom_id: day % 2 ? scene.a : scene.b }),
    );
    const calls = Array.from({ length: 8 }, (_, call) => ingest(call % 2 ? sessions : sessions.toReversed()));
    const told = await Promise.all(calls);
    expect(told.reduce((sum, { created_count }) => sum + created_count, 0)).toBe(20);
    expect(told.every(({ results }) => results.length === 20)).toBe(true);
    expect(await list("?limit=100")).toHaveLength(20);
  });
});

describe("what an account keeps of a rom", () => {
  const kept = async () =>
    await rows<{ rom: number; played: number; now: boolean; status: string | null }>(`select rom_id as rom,
      extract(epoch from last_played)::int as played, now_playing as now, status from rom_user order by rom_id`);
  const setUp = (status: string | null, played: string | null) =>
    scene.library.change(`insert into rom_user (rom_id, user_id, status, last_played) values (${scene.a},
      ${scene.userIds.admin}, ${status && `'${status}'`}, ${played && `'${played}'`})`);

  test("begins with the latest end", async () => {
    const events = await scene.listEvents(() =>
      ingest([
        span(3, { rom_id: scene.a }),
        span(5, { rom_id: scene.a }),
        span(4, { rom_id: scene.a }),
        span(6),
      ]),
    );
    expect([...(await kept())]).toEqual([
      { rom: scene.a, played: Date.parse("2026-02-05T11:00:00Z") / 1000, now: true, status: "incomplete" },
    ]);
    const data = { change: "updated", entity: "rom", ids: [scene.a] };
    expect(events as unknown[]).toEqual([{ topic: "library", userId: scene.userIds.admin ?? 0, data }]);
  });

  test.each([
    [null, "incomplete"],
    ["finished", "incomplete"],
    ["incomplete", "incomplete"],
    ["completed_100", "completed_100"],
    ["retired", "retired"],
    ["never_playing", "never_playing"],
  ] as const)("goes on from the status %p to %p", async (before, after) => {
    await setUp(before, "2026-01-01T00:00:00Z");
    await ingest([span(1, { rom_id: scene.a })]);
    expect(await kept()).toMatchObject([{ now: true, status: after }]);
  });

  test("stays where it was played later, or at the same moment", async () => {
    await setUp("finished", "2026-02-01T11:00:00Z");
    const events = await scene.listEvents(() => ingest([span(1, { rom_id: scene.a })]));
    expect(await kept()).toMatchObject([{ now: false, status: "finished" }]);
    expect(events).toEqual([]);
  });

  test("stays where nothing is new", async () => {
    await ingest([span(1, { rom_id: scene.a })]);
    await scene.library.change("update rom_user set now_playing = false, last_played = null");
    const events = await scene.listEvents(() => ingest([span(1, { rom_id: scene.a })]));
    expect([await kept(), events]).toMatchObject([[{ now: false }], []]);
  });
});

describe("refused spans", () => {
  const ends = (start: string, end: string) => ({
    sessions: [{ start_time: start, end_time: end, duration_ms: 1 }],
  });
  const day = "2026-02-01T10:00:00";
  const wrong: [string, unknown, readonly (string | number)[], string][] = [
    ["that end where they begin", ends(`${day}Z`, `${day}Z`), ["body", "sessions", 0], "value_error"],
    ["within one second", ends(`${day}.1Z`, `${day}.9Z`), ["body", "sessions", 0], "value_error"],
    ["that end before", ends(`${day}Z`, "2020-01-01T00:00:00Z"), ["body", "sessions", 0], "value_error"],
    [
      "without an end",
      { sessions: [{ start_time: `${day}Z` }] },
      ["body", "sessions", 0, "end_time"],
      "missing",
    ],
    [
      "with a negative duration",
      { sessions: [span(1, { duration_ms: -1 })] },
      ["body", "sessions", 0, "duration_ms"],
      "greater_than_equal",
    ],
    [
      "with an endless duration",
      { sessions: [span(1, { duration_ms: 1e300 })] },
      ["body", "sessions", 0, "duration_ms"],
      "less_than_equal",
    ],
    [
      "with a zero character",
      { sessions: [span(1, { save_slot: "\0" })] },
      ["body", "sessions", 0, "save_slot"],
      "value_error",
    ],
    ["that are no list", { sessions: {} }, ["body", "sessions"], "list_type"],
    ["as a bare list", [span(1)], ["body"], "model_attributes_type"],
  ];
  test.each(wrong)("%s", async (_name, json, loc, type) => {
    const answer = await post(json);
    const [issue] = (answer.json as { detail: { loc: readonly unknown[]; type: string }[] }).detail;
    expect([answer.status, issue?.loc, issue?.type]).toEqual([422, loc, type]);
    expect(await list()).toEqual([]);
  });

  test("say why in the words that apps know", async () => {
    const { json } = await post(ends(`${day}Z`, `${day}.5Z`));
    const [issue] = (json as { detail: { msg: string }[] }).detail;
    expect(issue?.msg).toBe("Value error, end_time must be after start_time");
    const none = await post({ sessions: [] });
    expect([none.status, none.json]).toEqual([400, { detail: "Payload must contain at least one session" }]);
    const many = Array.from({ length: INGESTED_MAX + 1 }, (_, second) => ({
      start_time: new Date(second * 1000).toISOString(),
      end_time: new Date((second + 1) * 1000).toISOString(),
    }));
    const tooMany = await post({ sessions: many });
    expect([tooMany.status, tooMany.json]).toEqual([400, { detail: "Batch size exceeds maximum of 100" }]);
    expect((await ingest(many.slice(1))).created_count).toBe(INGESTED_MAX);
  });
});

describe("lists of spans", () => {
  beforeEach(async () => {
    await ingest([span(1, { rom_id: scene.a }), span(3), span(2, { rom_id: scene.b })]);
    await ingest([span(4, { rom_id: scene.a })], { device_id: "deck" });
    await ingest([span(9, { rom_id: scene.a }), span(8, { rom_id: scene.secret })], {
      authorization: VIEWER,
    });
  });
  const days = (sessions: readonly WireSession[]) =>
    sessions.map(({ start_time }) => Number(start_time.slice(8, 10)));

  const table: [string, readonly number[]][] = [
    ["", [4, 3, 2, 1]],
    ["?rom_id=ROM", [4, 1]],
    ["?rom_id=99999", []],
    ["?device_id=deck", [4]],
    ["?device_id=phone", []],
    ["?limit=2", [4, 3]],
    ["?limit=2&offset=1", [3, 2]],
    ["?limit=0", []],
    ["?limit=100000", [4, 3, 2, 1]],
    ["?start_after=2026-02-02T10:00:00Z", [4, 3, 2]],
    ["?end_before=2026-02-03T10:00:00Z", [3, 2, 1]],
    ["?end_before=2026-02-03T10:00:00", [3, 2, 1]],
    ["?start_after=2026-02-02&end_before=2026-02-04&limit=1", [3, 2]],
  ];
  test.each(table)("with %p", async (query, expected) => {
    expect(days(await list(query.replace("ROM", String(scene.a))))).toEqual([...expected]);
  });

  test("of others are for those who may read users", async () => {
    const { ana, admin } = scene.userIds;
    expect(days(await list(`?user_id=${ana}`))).toEqual([9, 8]);
    expect(days(await list(`?user_id=${ana}`, VIEWER))).toEqual([9, 8]);
    const refused = await scene.call(`/api/play-sessions?user_id=${admin}`, { authorization: VIEWER });
    expect([refused.status, refused.json]).toEqual([403, { detail: "Forbidden" }]);
    const typed = await scene.ask("playSessions.list", { userId: admin }, VIEWER);
    expect(typed.code).toBe("AUTH_SCOPE_MISSING");
  });

  test("name no rom that is hidden by now", async () => {
    await scene.library.change(`update play_sessions set rom_id = ${scene.secret} where user_id = ${scene.userIds.ana}
      and start_time = '2026-02-09T10:00:00Z'`);
    expect((await list("", VIEWER)).map(({ rom_id }) => rom_id)).toEqual([null, null]);
    expect(await list(`?rom_id=${scene.secret}`, VIEWER)).toEqual([]);
    expect((await list(`?user_id=${scene.userIds.ana}`)).map(({ rom_id }) => rom_id)).toEqual([
      scene.secret,
      null,
    ]);
  });

  test("of a token that is bound to a device are that one's", async () => {
    const { app } = scene.library;
    const scopes = ["roms.user.read", "roms.user.write"];
    const made = await scene.call("/api/client-tokens", { json: { name: "t", scopes } });
    const { id, raw_token } = made.json as { id: number; raw_token: string };
    await app.database.handle.sql`update client_tokens set device_id = 'deck' where id = ${id}`;
    const bound = `Bearer ${raw_token}`;
    expect(days(await list("", bound))).toEqual([4]);
    expect(statuses(await ingest([span(20)], { authorization: bound }))).toEqual(["0 created"]);
    expect(await list("?limit=1", bound)).toMatchObject([{ device_id: "deck" }]);
  });

  test("are bounded", async () => {
    await scene.library.change(`insert into play_sessions (user_id, start_time, end_time, duration_ms)
      select ${scene.userIds.admin}, '2025-01-01'::timestamptz + i * interval '1 minute', '2026-01-01', 1
      from generate_series(1, ${PLAY_SESSIONS_PAGE_MAX}) i`);
    expect(await list("?start_after=2020-01-01&limit=1")).toHaveLength(PLAY_SESSIONS_PAGE_MAX);
    expect(await list("?limit=100000")).toHaveLength(PLAY_SESSIONS_PAGE_MAX);
    const refused = await scene.ask("playSessions.list", { limit: PLAY_SESSIONS_PAGE_MAX + 1 });
    expect(refused.code).toBe("INPUT_INVALID");
  });

  test.each(["?limit=x", "?rom_id=x", "?start_after=soon", "?offset=-1", "?limit=-1"])(
    "refuse %p",
    async (query) => {
      expect((await scene.call(`/api/play-sessions${query}`)).status).toBe(422);
    },
  );

  test("of others cannot be removed", async () => {
    const [own] = await list();
    const answer = await scene.call(`/api/play-sessions/${own?.id}`, {
      method: "DELETE",
      authorization: VIEWER,
    });
    expect([answer.status, answer.json]).toEqual([404, { detail: `Play session ${own?.id} not found` }]);
    expect(await list()).toHaveLength(4);
  });
});

test("statements do not grow with the spans", async () => {
  const { app } = scene.library;
  const { sql } = app.database.handle;
  const send = sql.unsafe;
  let count = 0;
  sql.unsafe = (text, ...rest) => {
    count += 1;
    return send(text, ...rest);
  };
  const countOf = async (work: () => Promise<unknown>) => {
    count = 0;
    await work();
    return count;
  };
  const context = app.createContext();
  // As inside a transaction, whose statements would not go the counted way.
  const ctx = { ...context, ports: { ...context.ports, database: null as never } };
  const userId = scene.userIds.admin ?? 0;
  const told = (days: readonly number[]) => ({
    userId,
    deviceId: "deck",
    syncSessionId: null,
    entries: days.map((day) => ({
      romId: day % 2 ? scene.a : scene.b,
      saveSlot: null,
      startedAt: `2026-02-${10 + day}T10:00:00Z`,
      endedAt: `2026-02-${10 + day}T11:00:00Z`,
    })),
  });
  await ingestPlaySessions(ctx, told([0]));
  const one = await countOf(() => ingestPlaySessions(ctx, told([1])));
  expect(one).toBeGreaterThan(2);
  expect(await countOf(() => ingestPlaySessions(ctx, told([2, 3, 4, 5, 6, 7, 8, 9])))).toBe(one);
  // Whoever calls is looked up at most once a minute.
  await list();
  const listed = await countOf(() => list("?limit=1"));
  expect(await countOf(() => list("?limit=50"))).toBe(listed);
  expect(await list("?limit=50")).toHaveLength(10);
  Object.assign(sql, { unsafe: send });
});
