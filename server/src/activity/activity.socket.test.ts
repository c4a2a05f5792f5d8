// Unmodified Socket.IO clients play, and hear of others.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { TestApp } from "../app/testing.ts";
import { ADMIN, callApp, VIEWER } from "../auth/calls.testing.ts";
import { ensurePlatform } from "../platforms/service.ts";
import { addDiscoveredRoms } from "../roms/discovery/service.ts";
import type { TestClient } from "../socket/client.testing.ts";
import { asAdmin, asViewer, createSocketScene } from "../socket/scene.testing.ts";
import { ENTRIES_PER_SOCKET_MAX, ENTRY_TTL_MS } from "./limits.ts";
import { sweepActivity } from "./service.ts";

const OPEN_MS = 30_000;
const sockets = createSocketScene();
let app: TestApp;
let romIds: readonly number[] = [];
afterEach(() => sockets.close());
beforeEach(async () => {
  app = await sockets.open();
  romIds = await addRoms();
}, OPEN_MS);

async function addRoms(): Promise<readonly number[]> {
  const bindings = { platformsBinding: new Map(), platformsVersions: new Map() };
  const { id: platformId } = await ensurePlatform(app.ports.database, "gba", bindings);
  const found = ["A.gba", "B.gba", "Secret.gba"].map((fsName) => {
    const file = { fileName: fsName, filePath: "roms/gba", category: null, sizeBytes: 1, modifiedAtMs: 0 };
    return { fsName, fsPath: "roms/gba", isFolder: false, sizeBytes: 1, files: [file] };
  });
  await addDiscoveredRoms(app.ports.database, found, { platformId, isHashed: false });
  const rows = await app.database.handle.sql<{ id: number }[]>`select id from roms order by fs_name`;
  return rows.map(({ id }) => id);
}

const [A, B, SECRET] = [0, 1, 2];
const rom = (at: number) => romIds[at] ?? 0;

interface Update {
  readonly user_id: number;
  readonly rom_id: number;
  readonly device_id: string;
  readonly device_type: string;
  readonly started_at: string;
}
const listOver = async (authorization = ADMIN) =>
  (await callApp(app, "/api/activity", { authorization })).json as Update[];
const start = (client: TestClient, at: number, device = "tab") =>
  client.ask("activity:start", { rom_id: rom(at), device_id: device });

describe("activities over sockets", () => {
  test("begin, go on and end, for everybody", async () => {
    const [player, watcher] = [await sockets.connect(app, asAdmin), await sockets.connect(app, asViewer)];
    expect(
      await player.ask("activity:start", { rom_id: String(rom(A)), device_id: "tab", user_id: 99 }),
    ).toEqual([]);
    const update = await watcher.waitFor<Update>("activity:update");
    expect(update).toMatchObject({ username: "admin", rom_id: rom(A), device_id: "tab", device_type: "web" });
    expect(await player.waitFor<Update>("activity:update")).toEqual(update);
    expect(await listOver(VIEWER)).toEqual([update]);
    await player.ask("activity:heartbeat", { rom_id: rom(A), device_id: "tab" });
    expect(await watcher.waitFor<Update>("activity:update", 2)).toEqual(update);
    await player.ask("activity:stop");
    const clear = { user_id: update.user_id, device_id: "tab", rom_id: rom(A) };
    expect(await watcher.waitFor("activity:clear")).toEqual(clear);
    expect(await listOver()).toEqual([]);
  });

  test("over HTTP are told to sockets", async () => {
    const watcher = await sockets.connect(app, asViewer);
    await app.database.handle.sql`insert into devices (id, user_id, client)
      select 'deck', id, 'app' from users where username = 'admin'`;
    const json = { rom_id: rom(A), device_id: "deck" };
    const { json: entry } = await callApp(app, "/api/activity/heartbeat", { authorization: ADMIN, json });
    expect(await watcher.waitFor<unknown>("activity:update")).toEqual(entry);
    const path = "/api/activity/heartbeat?device_id=deck";
    await callApp(app, path, { authorization: ADMIN, method: "DELETE" });
    expect(await watcher.waitFor("activity:clear")).toMatchObject({ device_id: "deck" });
  });

  test("end with the connection", async () => {
    const [player, watcher] = [await sockets.connect(app, asAdmin), await sockets.connect(app, asViewer)];
    await start(player, A);
    player.close();
    expect(await watcher.waitFor("activity:clear")).toMatchObject({ device_id: "tab", rom_id: rom(A) });
    expect(await listOver()).toEqual([]);
  });

  test("end with the last of two tabs", async () => {
    const [first, second] = [await sockets.connect(app, asAdmin), await sockets.connect(app, asAdmin)];
    const watcher = await sockets.connect(app, asViewer);
    await start(first, A);
    await second.ask("activity:heartbeat", { rom_id: rom(A), device_id: "tab" });
    first.close();
    await second.ask("activity:heartbeat", { rom_id: rom(A), device_id: "tab" });
    await watcher.waitFor("activity:update", 3);
    expect([watcher.payloadsOf("activity:clear"), (await listOver()).length]).toEqual([[], 1]);
    second.close();
    await watcher.waitFor("activity:clear");
    expect(watcher.payloadsOf("activity:clear")).toHaveLength(1);
  });

  test("of one socket end one by one, or all at once", async () => {
    const player = await sockets.connect(app, asAdmin);
    const watcher = await sockets.connect(app, asViewer);
    await start(player, A, "one");
    await start(player, B, "two");
    await start(player, B, "three");
    await player.ask("activity:stop", { device_id: "two" });
    expect((await listOver()).map(({ device_id }) => device_id)).toEqual(["three", "one"]);
    await player.ask("activity:stop");
    expect(await listOver()).toEqual([]);
    await watcher.waitFor("activity:clear", 3);
  });

  test("of one socket are so many", async () => {
    const player = await sockets.connect(app, asAdmin);
    for (let at = 0; at <= ENTRIES_PER_SOCKET_MAX; at++) await start(player, A, `tab ${at}`);
    const devices = (await listOver()).map(({ device_id }) => device_id);
    expect([devices.length, devices.includes("tab 0")]).toEqual([ENTRIES_PER_SOCKET_MAX, false]);
  });

  test("that run out are told", async () => {
    const [player, watcher] = [await sockets.connect(app, asAdmin), await sockets.connect(app, asViewer)];
    await start(player, A);
    const clock = { now: () => new Date(Date.now() + ENTRY_TTL_MS + 1_000) };
    await sweepActivity({ ...app.createContext(), ports: { ...app.ports, clock } });
    expect(await watcher.waitFor("activity:clear")).toMatchObject({ device_id: "tab" });
  });

  test("reach the sockets of other processes", async () => {
    const beside = await sockets.openBeside(app);
    const [player, watcher] = [await sockets.connect(app, asAdmin), await sockets.connect(beside, asViewer)];
    await start(player, A);
    expect(await watcher.waitFor("activity:update")).toMatchObject({ rom_id: rom(A) });
    player.close();
    expect(await watcher.waitFor("activity:clear")).toMatchObject({ rom_id: rom(A) });
  });

  test("outlive a restart of the server", async () => {
    const beside = await sockets.openBeside(app);
    const watcher = await sockets.connect(app, asViewer);
    const player = await sockets.connect(beside, asAdmin);
    await start(player, A);
    await watcher.waitFor("activity:update");
    await beside.close();
    await player.waitForEnd();
    expect([(await listOver()).length, watcher.payloadsOf("activity:clear")]).toEqual([1, []]);
  });
});

describe("who is not told", () => {
  test("are nobodies, and those from whom the rom is hidden", async () => {
    const json = { entity: "roms", entity_id: rom(SECRET), user_id: 2 };
    await callApp(app, "/api/permissions/hidden", { authorization: ADMIN, json });
    const player = await sockets.connect(app, asAdmin);
    const [viewer, guest] = [await sockets.connect(app, asViewer), await sockets.connect(app)];
    await start(player, SECRET);
    await player.ask("activity:stop");
    await player.waitFor("activity:clear");
    await start(player, A);
    expect(await viewer.waitFor("activity:update")).toMatchObject({ rom_id: rom(A) });
    expect([viewer.payloadsOf("activity:clear"), guest.names()]).toEqual([[], []]);
  });

  test("are others of an account that keeps off the board", async () => {
    await app.database.handle
      .sql`update users set ui_settings = '{"activityHidden": true}' where username = 'admin'`;
    const [player, other] = [await sockets.connect(app, asAdmin), await sockets.connect(app, asAdmin)];
    const viewer = await sockets.connect(app, asViewer);
    await start(player, A);
    await other.waitFor("activity:update");
    await start(viewer, B, "phone");
    expect(await viewer.waitFor("activity:update")).toMatchObject({ device_id: "phone" });
    expect(viewer.payloadsOf("activity:update")).toHaveLength(1);
  });
});

describe("signs that do not count", () => {
  test.each([
    ["without a payload", undefined],
    ["without a rom", { device_id: "tab" }],
    ["without a device", { rom_id: 1 }],
    ["of an unknown rom", { rom_id: 99_999, device_id: "tab" }],
    ["of a rom that is no number", { rom_id: "one", device_id: "tab" }],
    ["that are a text", "tab"],
    ["that are a list", [1, "tab"]],
  ])("%s change nothing", async (_name, payload) => {
    const player = await sockets.connect(app, asAdmin);
    for (const event of ["activity:start", "activity:heartbeat"]) {
      const [message] = await player.ask(event, ...(payload === undefined ? [] : [payload]));
      expect(message).toBeString();
    }
    expect([await player.ask("activity:stop", { device_id: 5 }), await listOver(), player.names()]).toEqual([
      [],
      [],
      [],
    ]);
  });

  test("are those of nobodies", async () => {
    const guest = await sockets.connect(app);
    expect(await start(guest, A)).toEqual(["Not authenticated"]);
    expect(await guest.ask("activity:stop", { device_id: "tab" })).toEqual(["Not authenticated"]);
    expect(await listOver()).toEqual([]);
  });
});
