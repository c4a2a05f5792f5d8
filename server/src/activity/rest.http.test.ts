// Who plays what now, through both doors, with a clock that obeys.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Context } from "../base/context.ts";
import type { ActivityEvent } from "../base/events.ts";
import type { Identity } from "../base/identity.ts";
import { callOperation } from "../base/operation.ts";
import { FULL_SCOPES } from "../base/scopes.ts";
import { ADMIN, EDITOR, openRomScene, type RomScene, VIEWER } from "../roms/access/scene.testing.ts";
import type { Activity } from "./contract.ts";
import { ENTRIES_PER_USER_MAX, ENTRY_TTL_MS } from "./limits.ts";
import { BOARD_KEY, entryKey, parseEntry, romKey } from "./rules.ts";
import {
  heartbeatActivity,
  heartbeatFromSocket,
  listActivity,
  stopActivity,
  sweepActivity,
} from "./service.ts";

const OPEN_MS = 30_000;
const MISSING = 99_999;

interface WireActivity {
  readonly user_id: number;
  readonly rom_id: number;
  readonly device_id: string;
  readonly device_type: string;
  readonly started_at: string;
  readonly screenshot_path: string;
}

let scene: RomScene;
beforeAll(async () => {
  scene = await openRomScene();
}, OPEN_MS);
afterAll(() => scene.close());
beforeEach(async () => {
  for (const table of ["devices", "saves", "screenshots"]) await scene.library.change(`delete from ${table}`);
  await clearBoard();
  await scene.library.change("update users set ui_settings = null, enabled = true");
  await scene.library.change("update roms set path_screenshots = '{}', path_cover_s = ''");
  await scene.library.change(`insert into devices (id, user_id, client) values
    ('deck', ${scene.userIds.admin}, 'app'), ('pad', ${scene.userIds.admin}, null),
    ('phone', ${scene.userIds.ana}, 'other')`);
});

/** Nobody plays anything. */
async function clearBoard(): Promise<void> {
  const { kv } = scene.library.app.ports;
  const members = await kv.members(BOARD_KEY);
  const entries = members.flatMap((member) => parseEntry(member) ?? []);
  await kv.remove(entries.map(entryKey));
  for (const { romId } of entries) await kv.removeMembers(romKey(romId), members);
  await kv.removeMembers(BOARD_KEY, members);
}

const beat = (rom_id: unknown, device_id: unknown = "deck", authorization = ADMIN) =>
  scene.call("/api/activity/heartbeat", { json: { rom_id, device_id }, authorization });
const stop = (deviceId: string, authorization = ADMIN) =>
  scene.call(`/api/activity/heartbeat?device_id=${deviceId}`, { method: "DELETE", authorization });
const list = async (path = "", authorization = ADMIN) =>
  (await scene.call(`/api/activity${path}`, { authorization })).json as WireActivity[];
const seen = (activities: readonly WireActivity[]) =>
  activities.map(({ rom_id, device_id }) => [rom_id, device_id]);
/** What was told about activities while `work` ran. */
const listNews = async (work: () => Promise<unknown>) => {
  const events = await scene.listEvents(work);
  return events.flatMap((event) =>
    event.topic === "activity"
      ? [[event.data.change, event.data.romId, event.data.deviceId, event.userId]]
      : [],
  );
};

/** A call as its operation sees it, at a later moment. */
function later(ms: number, name = "admin"): Context {
  const { app } = scene.library;
  const identity: Identity = {
    kind: "user",
    userId: scene.userIds[name] ?? 0,
    username: name,
    isAdmin: name === "admin",
    scopes: new Set(FULL_SCOPES),
    proof: "access_token",
    deviceId: null,
    sessionId: null,
  };
  const clock = { now: () => new Date(Date.now() + ms) };
  return { ...app.createContext(identity), ports: { ...app.ports, clock } };
}

describe("an activity", () => {
  test("goes from its first sign to its end", async () => {
    const first = await beat(scene.a);
    expect(first.status).toBe(200);
    const { started_at, ...rest } = first.json as WireActivity;
    expect(started_at).toMatch(/\+00:00$/);
    expect(rest as object).toEqual({
      user_id: scene.userIds.admin ?? 0,
      username: "admin",
      avatar_path: "",
      rom_id: scene.a,
      rom_name: "A",
      rom_cover_path: "",
      screenshot_path: "",
      platform_slug: "gba",
      platform_name: "Game Boy Advance",
      device_id: "deck",
      device_type: "app",
    });
    const again = await beat(scene.a);
    expect(again.json).toEqual(first.json as never);
    expect(await list()).toEqual([first.json as WireActivity]);
    expect(await list(`/rom/${scene.a}`)).toEqual([first.json as WireActivity]);
    expect(await list(`/rom/${scene.b}`)).toEqual([]);
    expect([(await stop("deck")).status, (await stop("deck")).status]).toEqual([204, 204]);
    expect([await list(), await list(`/rom/${scene.a}`)]).toEqual([[], []]);
  });

  test("is the same behind the typed door", async () => {
    const { data } = await scene.tell("activity.heartbeat", { romId: scene.a, deviceId: "deck" });
    expect(data).toMatchObject({ romId: scene.a, deviceId: "deck", deviceType: "app" });
    for (const input of [undefined, {}, { romId: scene.a }]) {
      expect((await scene.ask("activity.list", input ?? {})).data).toEqual([data]);
    }
    expect((await scene.ask("activity.list", { romId: scene.b })).data).toEqual([]);
    expect((await scene.tell("activity.stop", { deviceId: "deck" })).data).toBeNull();
    expect((await scene.ask("activity.list", {})).data).toEqual([]);
  });

  test("begins anew with another rom, and leaves the one before", async () => {
    await beat(scene.a);
    const before = ((await list())[0]?.started_at ?? "").replace("+00:00", "Z");
    await Bun.sleep(5);
    const news = await listNews(() => beat(scene.b));
    expect(news).toEqual([
      ["cleared", scene.a, "deck", null],
      ["updated", scene.b, "deck", null],
    ]);
    const [entry] = await list();
    expect([entry?.rom_id, Date.parse(entry?.started_at ?? "") > Date.parse(before)]).toEqual([
      scene.b,
      true,
    ]);
    expect(await list(`/rom/${scene.a}`)).toEqual([]);
    expect(await list(`/rom/${scene.b}`)).toHaveLength(1);
  });

  test("is one per device", async () => {
    await beat(scene.a);
    await beat(scene.a, "pad");
    expect((await list()).map(({ device_type }) => device_type).toSorted()).toEqual(["app", "unknown"]);
    expect(await list(`/rom/${scene.a}`)).toHaveLength(2);
  });

  test("is one of a device whose signs come at the same moment", async () => {
    await Promise.all([1, 2, 3, 4, 5].map((_, at) => beat(at % 2 ? scene.a : scene.b)));
    expect(await list()).toHaveLength(1);
    await stop("deck");
    expect(await list()).toEqual([]);
  });

  test("is a sign of life of its device", async () => {
    // One whose signs of life were not noted a moment ago.
    await scene.library.change(`insert into devices (id, user_id) values ('fresh', ${scene.userIds.admin})`);
    await beat(scene.a, "fresh");
    const sql = scene.library.app.database.handle.sql;
    const [row] = await sql<
      { seen: Date | null }[]
    >`select last_seen as seen from devices where id = 'fresh'`;
    expect(row?.seen).not.toBeNull();
  });

  test("ends a minute and a half after its last sign, and that is told once", async () => {
    const begun = await heartbeatActivity.run(later(0), { romId: scene.a, deviceId: "deck" });
    const still = await heartbeatActivity.run(later(60_000), { romId: scene.a, deviceId: "deck" });
    expect(still.startedAt).toBe(begun.startedAt);
    const end = 60_000 + ENTRY_TTL_MS;
    expect(await listActivity.run(later(end - 1_000), {})).toEqual([still]);
    expect(await listActivity.run(later(end + 1_000), {})).toEqual([]);
    expect(await listActivity.run(later(end + 1_000), { romId: scene.a })).toEqual([]);
    expect(await listNews(() => sweepActivity(later(end - 1_000)))).toEqual([]);
    const told = await listNews(() => Promise.all([1, 2, 3].map(() => sweepActivity(later(end + 1_000)))));
    expect(told).toEqual([["cleared", scene.a, "deck", null]]);
    expect(await listNews(() => sweepActivity(later(end + 2_000)))).toEqual([]);
    const anew = await heartbeatActivity.run(later(end + 3_000), { romId: scene.a, deviceId: "deck" });
    expect(Date.parse(anew.startedAt)).toBeGreaterThan(Date.parse(begun.startedAt));
  });

  test("of an account is one of so many", async () => {
    await scene.library.change(`insert into devices (id, user_id) select 'd' || i, ${scene.userIds.admin}
      from generate_series(0, ${ENTRIES_PER_USER_MAX}) i`);
    await beat(scene.a, "phone", VIEWER);
    for (let at = 0; at <= ENTRIES_PER_USER_MAX; at++) {
      await heartbeatActivity.run(later(at), { romId: scene.b, deviceId: `d${at}` });
    }
    const devices = (await list(`/rom/${scene.b}`)).map(({ device_id }) => device_id);
    expect([devices.length, devices.includes("d0"), devices.at(0)]).toEqual([
      ENTRIES_PER_USER_MAX,
      false,
      `d${ENTRIES_PER_USER_MAX}`,
    ]);
    expect(await list(`/rom/${scene.a}`)).toHaveLength(1);
  });

  test("from a socket needs no registered device, and may begin anew", async () => {
    const input = { romId: scene.a, deviceId: "tab 1", isStart: false };
    const begun = await heartbeatFromSocket.run(later(0), input);
    expect([begun.deviceId, begun.deviceType]).toEqual(["tab 1", "web"]);
    expect((await heartbeatFromSocket.run(later(1_000), input)).startedAt).toBe(begun.startedAt);
    const anew = await heartbeatFromSocket.run(later(2_000), { ...input, isStart: true });
    expect(anew.startedAt).not.toBe(begun.startedAt);
    await stopActivity.run(later(3_000), { deviceId: "tab 1" });
    expect(await list()).toEqual([]);
  });
});

describe("who sees what", () => {
  test("are all users, but not of roms that are hidden from them", async () => {
    await beat(scene.secret);
    await beat(scene.a, "phone", VIEWER);
    const everything = [
      [scene.a, "phone"],
      [scene.secret, "deck"],
    ];
    expect(seen(await list())).toEqual(everything);
    expect(seen(await list("", EDITOR))).toEqual(everything);
    expect(seen(await list("", VIEWER))).toEqual([[scene.a, "phone"]]);
    expect(await list(`/rom/${scene.secret}`, VIEWER)).toEqual([]);
    const typed = (await scene.ask("activity.list", {}, VIEWER)).data as Activity[];
    expect(typed.map(({ romId }) => romId)).toEqual([scene.a]);
  });

  test("is nobody but oneself of an account that keeps off the board", async () => {
    const settings = (json: string) =>
      scene.library.change(`update users set ui_settings = '${json}' where username = 'ana'`);
    await settings('{"activityHidden": true}');
    const news = await listNews(() => beat(scene.a, "phone", VIEWER));
    expect(news).toEqual([["updated", scene.a, "phone", scene.userIds.ana ?? 0]]);
    expect([await list(), seen(await list("", VIEWER))]).toEqual([[], [[scene.a, "phone"]]]);
    for (const json of ['{"activityHidden": "true"}', '{"activityHidden": false}', "{}"]) {
      await settings(json);
      expect(seen(await list())).toEqual([[scene.a, "phone"]]);
    }
  });

  test("is told when an account leaves the board", async () => {
    await beat(scene.a, "phone", VIEWER);
    await scene.library.change(
      `update users set ui_settings = '{"activityHidden": true}' where username = 'ana'`,
    );
    expect(await listNews(() => beat(scene.a, "phone", VIEWER))).toEqual([
      ["cleared", scene.a, "phone", null],
      ["updated", scene.a, "phone", scene.userIds.ana ?? 0],
    ]);
    expect(await listNews(() => stop("phone", VIEWER))).toEqual([
      ["cleared", scene.a, "phone", scene.userIds.ana ?? 0],
    ]);
  });

  test("are no accounts that are disabled, and no roms that are gone", async () => {
    await beat(scene.a, "phone", VIEWER);
    await scene.library.change("update users set enabled = false where username = 'ana'");
    expect(await list()).toEqual([]);
    const gone = await scene.library.addRom("gba", "Gone.gba", "x");
    expect((await beat(gone)).status).toBe(200);
    await scene.library.change(`delete from roms where id = ${gone}`);
    expect([await list(), await list(`/rom/${gone}`)]).toEqual([[], []]);
  });
});

describe("the picture of an activity", () => {
  const shotOf = async (authorization = ADMIN) => (await list("", authorization))[0]?.screenshot_path;
  const addSave = async (isPublic: boolean) => {
    const { sql } = scene.library.app.database.handle;
    const [shot] = await sql<
      { id: number }[]
    >`insert into screenshots (user_id, rom_id, file_name, file_name_no_tags,
      file_name_no_ext, file_extension, file_path, stored_path, md5_hash, sha1_hash, is_public)
      values (${scene.userIds.admin ?? 0}, ${scene.a}, 's.png', 's', 's', 'png', 'p', 'p/s.png', '', '', ${isPublic}) returning id`;
    await sql`insert into saves (user_id, rom_id, file_name, file_name_no_tags, file_name_no_ext, file_extension,
      file_path, stored_path, canonical_name, md5_hash, sha1_hash, content_updated_at, screenshot_id)
      values (${scene.userIds.admin ?? 0}, ${scene.a}, 'a.srm', 'a', 'a', 'srm', 'p', 'p/a.srm', 'a.srm', '', '', now(), ${shot?.id ?? 0})`;
    return shot?.id ?? 0;
  };

  test("is that of the newest save, for those who may open it", async () => {
    await scene.library.change(
      `update roms set path_screenshots = '{roms/1/1/screenshots/0.jpg}' where id = ${scene.a}`,
    );
    await beat(scene.a);
    const ofRom = "/assets/romm/resources/roms/1/1/screenshots/0.jpg";
    expect(await shotOf()).toBe(ofRom);
    const secret = await addSave(false);
    expect(await shotOf()).toStartWith(`/api/screenshots/${secret}/content?timestamp=`);
    expect(await shotOf(VIEWER)).toBe(ofRom);
    await scene.library.change("update screenshots set is_public = true");
    expect(await shotOf(VIEWER)).toStartWith(`/api/screenshots/${secret}/`);
  });

  test("is the title screen before other pictures of the game", async () => {
    await scene.library.change(`insert into rom_provider_metadata (rom_id, provider, data)
      values (${scene.b}, 'ss', '{"title_screen_path": "roms/1/2/title.png"}')`);
    await scene.library.change(
      `update roms set path_cover_s = 'roms/1/2/cover/small.png' where id = ${scene.b}`,
    );
    const { json } = await beat(scene.b);
    expect(json).toMatchObject({ screenshot_path: "/assets/romm/resources/roms/1/2/title.png" });
    expect((json as { rom_cover_path: string }).rom_cover_path).toMatch(
      /^\/assets\/romm\/resources\/roms\/1\/2\/cover\/small\.png\?ts=\d+$/,
    );
    await scene.library.change("delete from rom_provider_metadata");
  });
});

describe("refused signs", () => {
  test("are about what is not there, or of others, in the same words", async () => {
    const refusals: [() => ReturnType<typeof beat>, string][] = [
      [() => beat(MISSING), `ROM ${MISSING} not found`],
      [() => beat(scene.secret, "phone", VIEWER), `ROM ${scene.secret} not found`],
      [() => beat(MISSING, "none"), `ROM ${MISSING} not found`],
      [() => beat(scene.a, "none"), "Device none not found for this user"],
      [() => beat(scene.a, "deck", VIEWER), "Device deck not found for this user"],
    ];
    const news = await listNews(async () => {
      for (const [call, detail] of refusals) {
        const { status, json } = await call();
        expect([status, json]).toEqual([404, { detail }]);
      }
      const typed = await scene.tell("activity.heartbeat", { romId: scene.a, deviceId: "deck" }, VIEWER);
      expect(typed.code).toBe("DEVICES_NOT_FOUND");
      await stop("deck", VIEWER);
    });
    expect([news, await list()]).toEqual([[], []]);
  });

  test.each([
    [{ rom_id: 0, device_id: "deck" }, "rom_id"],
    [{ rom_id: "1", device_id: "deck" }, "rom_id"],
    [{ device_id: "deck" }, "rom_id"],
    [{ rom_id: 1, device_id: "" }, "device_id"],
    [{ rom_id: 1, device_id: "x".repeat(256) }, "device_id"],
    [{ rom_id: 1, device_id: "a\0" }, "device_id"],
    [{ rom_id: 1 }, "device_id"],
  ] as const)("do not fit: %p", async (json, name) => {
    const answer = await scene.call("/api/activity/heartbeat", { json });
    const [issue] = (answer.json as { detail: { loc: readonly string[] }[] }).detail;
    expect([answer.status, issue?.loc.at(-1)]).toEqual([422, name]);
  });

  test("to end need a device", async () => {
    const answer = await scene.call("/api/activity/heartbeat", { method: "DELETE" });
    expect(answer.status).toBe(422);
  });

  test("to end somebody else's change nothing", async () => {
    await beat(scene.a);
    expect(await listNews(() => stop("deck", VIEWER))).toEqual([]);
    expect(await list()).toHaveLength(1);
  });
});

test("signs leave answers that are kept alone", async () => {
  let writes = 0;
  const ctx = {
    ...later(0),
    noteWrite: () => {
      writes += 1;
    },
  };
  await callOperation(heartbeatActivity, ctx, () => ({ romId: scene.a, deviceId: "deck" }));
  await callOperation(stopActivity, ctx, () => ({ deviceId: "deck" }));
  expect(writes).toBe(0);
});

test("the event says what an app needs to ask no further", async () => {
  const events = await scene.listEvents(() => beat(scene.a));
  const [event] = events;
  const [entry] = await list();
  const data: ActivityEvent = {
    change: "updated",
    romId: scene.a,
    userId: scene.userIds.admin ?? 0,
    deviceId: "deck",
    via: "rest",
    startedAt: (entry?.started_at ?? "").replace("+00:00", "Z"),
  };
  expect(event).toEqual({ topic: "activity", userId: null, data });
});

test("a list is as many statements for one as for many", async () => {
  await scene.library.change(
    `insert into devices (id, user_id) select 'd' || i, ${scene.userIds.admin} from generate_series(0, 9) i`,
  );
  const { sql } = scene.library.app.database.handle;
  const send = sql.unsafe;
  let count = 0;
  sql.unsafe = (text, ...rest) => {
    count += 1;
    return send(text, ...rest);
  };
  const { kv } = scene.library.app.ports;
  const { members, get } = kv;
  let kvCount = 0;
  kv.members = (key) => {
    kvCount += 1;
    return members(key);
  };
  kv.get = (key) => {
    kvCount += 1;
    return get(key);
  };
  const countOf = async () => {
    [count, kvCount] = [0, 0];
    await listActivity.run(later(0), {});
    return [count, kvCount];
  };
  await beat(scene.a);
  const one = await countOf();
  for (let at = 0; at < 10; at++) await beat(scene.b, `d${at}`);
  expect(await countOf()).toEqual(one);
  expect(one[1]).toBe(1);
  Object.assign(sql, { unsafe: send });
  Object.assign(kv, { members, get });
});
