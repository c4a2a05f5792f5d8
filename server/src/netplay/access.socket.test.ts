// Who may open, join, list and hear of rooms, and whom others see.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { TestApp } from "../app/testing.ts";
import { ADMIN, basic, callApp, VIEWER } from "../auth/calls.testing.ts";
import { ensurePlatform } from "../platforms/service.ts";
import { addDiscoveredRoms } from "../roms/discovery/service.ts";
import type { TestClient } from "../socket/client.testing.ts";
import { hello, openStream } from "../socket/stream-client.testing.ts";
import type { NetplayRoom } from "./contract.ts";
import { NEWS_MS } from "./limits.ts";
import { createNetplayScene, makeId, type PlayersWire, toAsk, until } from "./scene.testing.ts";

const SLOW_MS = 60_000;
const scene = createNetplayScene();
let app: TestApp;
let closed: TestApp;
let romIds: readonly number[] = [];

beforeAll(async () => {
  app = await scene.open({
    environment: {
      MULTITAP_TURN_URLS: "turn:turn.example:3478?transport=udp, stun:turn.example",
      MULTITAP_TURN_SECRET: "north",
      MULTITAP_TURN_TTL_SECONDS: "3600",
    },
  });
  await app.listen();
  closed = await scene.open({ environment: { MULTITAP_NETPLAY_REQUIRE_AUTH: "true" } });
  const { database, ports } = app;
  const bindings = { platformsBinding: new Map(), platformsVersions: new Map() };
  const { id: platformId } = await ensurePlatform(ports.database, "nes", bindings);
  const found = ["Counting.nes", "Secret.nes"].map((fsName) => {
    const file = { fileName: fsName, filePath: "roms/nes", category: null, sizeBytes: 1, modifiedAtMs: 0 };
    return { fsName, fsPath: "roms/nes", isFolder: false, sizeBytes: 1, files: [file] };
  });
  await addDiscoveredRoms(ports.database, found, { platformId, isHashed: false });
  const rows = await database.handle.sql<{ id: number }[]>`select id from roms order by fs_name`;
  romIds = rows.map(({ id }) => id);
}, SLOW_MS);
afterEach(() => scene.disconnectAll());
afterAll(() => scene.close());

const webSocket = ["websocket"];
const asViewer = { transports: webSocket, headers: { authorization: VIEWER } };
const ask = async <T>(path: string, authorization?: string, on = app) => {
  const { status, json } = await callApp(on, path, { authorization });
  return { status, json: json as T };
};
const rooms = async (authorization: string, input: object = {}) =>
  (
    await ask<{ result: { data: readonly NetplayRoom[] } }>(
      `/trpc/netplay.rooms?input=${encodeURIComponent(JSON.stringify(input))}`,
      authorization,
    )
  ).json.result.data;
const noRooms = () => until("no rooms", async () => (await rooms(ADMIN)).length === 0);
const { player_name: _name, ...nameless } = toAsk("", "").extra;
const namelessAsk = (room: string, userid: string) => ({
  extra: { ...nameless, sessionid: room, userid },
  maxPlayers: 4,
});
const nameOf = ([, players]: readonly unknown[], id: string) => (players as PlayersWire)[id]?.player_name;

describe("a player without a name", () => {
  test(
    "has the account's, by cookie or token as well, and else one made of the id",
    async () => {
      const room = makeId();
      const host = await scene.connect(app, asViewer);
      await host.ask("open-room", namelessAsk(room, "host"));
      expect((await host.waitFor<PlayersWire>("users-updated")).host?.player_name).toBe("ana");
      const form = { username: "admin", password: "adminpass", scope: "me.read" };
      const { access_token } = (await callApp(app, "/api/token", { form })).json as { access_token: string };
      const byToken = await scene.connect(app, { transports: webSocket, auth: { token: access_token } });
      expect(nameOf(await byToken.ask("join-room", namelessAsk(room, "token")), "token")).toBe("admin");
      const login = await callApp(app, "/api/login", { method: "POST", authorization: VIEWER });
      const cookie = login.headers
        .getSetCookie()
        .map((line) => line.split(";")[0])
        .join("; ");
      const byCookie = await scene.connect(app, { transports: webSocket, headers: { cookie } });
      expect(nameOf(await byCookie.ask("join-room", namelessAsk(room, "cookie")), "cookie")).toBe("ana");
      const nobody = await scene.connect(app, { transports: webSocket });
      expect(nameOf(await nobody.ask("join-room", namelessAsk(room, "id")), "id")).toBe("Player id");
    },
    SLOW_MS,
  );
});

test.each(["/netplay/socket.io", "/netplay/socket.io/", "/socket.io", "/socket.io/"])(
  "the endpoint answers at %s",
  async (path) => {
    const answer = await fetch(`${await app.listen()}${path}?EIO=4&transport=polling`);
    expect(JSON.parse((await answer.text()).slice(1))).toMatchObject({
      upgrades: ["websocket"],
      pingInterval: 25_000,
      pingTimeout: 60_000,
      maxPayload: 16 * 1024 * 1024,
    });
  },
);

describe("with MULTITAP_NETPLAY_REQUIRE_AUTH", () => {
  test(
    "rooms are for accounts alone",
    async () => {
      const room = makeId();
      const nobody = await scene.connect(closed, { transports: webSocket });
      for (const name of ["open-room", "join-room"]) {
        expect(await nobody.ask(name, toAsk(room, "nobody"))).toEqual(["Sign in to play together"]);
      }
      const liar = await scene.connect(closed, {
        transports: webSocket,
        headers: { authorization: basic("ana", "wrong") },
      });
      expect(await liar.ask("open-room", toAsk(room, "liar"))).toEqual(["Sign in to play together"]);
      const member = await scene.connect(closed, asViewer);
      expect(await member.ask("open-room", toAsk(room, "member"))).toEqual([]);
      const url = await closed.listen();
      expect((await fetch(`${url}/list?game_id=24`)).status).toBe(401);
      const seen = await fetch(`${url}/list?game_id=24`, { headers: { authorization: VIEWER } });
      expect(Object.keys((await seen.json()) as object)).toEqual([room]);
    },
    SLOW_MS,
  );
});

describe("the lists", () => {
  test("are asked for with a game, and the compatible one by those who may read", async () => {
    expect((await ask("/api/netplay/list?game_id=1")).status).toBe(401);
    expect(await ask("/api/netplay/list", ADMIN)).toEqual({
      status: 422,
      json: {
        detail: [{ type: "missing", loc: ["query", "game_id"], msg: "Field required", input: null }],
      },
    });
    const url = await app.listen();
    expect(await (await fetch(`${url}/list`)).json()).toEqual({});
    expect(await (await fetch(`${url}/list/?game_id=1&domain=x`)).json()).toEqual({});
    expect((await fetch(`${url}/list?game_id=1`, { method: "POST" })).status).toBe(405);
  });

  test(
    "name the rom of a room, and leave out what is hidden from the caller",
    async () => {
      const [romId = 0, secretId = 0] = romIds;
      await callApp(app, "/api/permissions/hidden", {
        authorization: ADMIN,
        json: { entity: "roms", entity_id: secretId, user_id: 2 },
      });
      const open = async (gameId: unknown, more: object = {}) => {
        const client = await scene.connect(app, { transports: webSocket });
        const room = makeId();
        await client.ask("open-room", toAsk(room, "host", { game_id: gameId, maxPlayers: 1, ...more }));
        return room;
      };
      const known = await open(romId, { password: "pw" });
      const secret = await open(String(secretId), { maxPlayers: 2 });
      const other = await open("https://example/game");
      const all = await rooms(ADMIN);
      expect(all.map(({ id, romId: rom, title }) => [id, rom, title])).toEqual([
        [known, romId, "Counting"],
        [secret, secretId, "Secret"],
        [other, null, null],
      ]);
      expect(all[0]).toMatchObject({
        kind: "emulatorjs",
        name: "The room",
        gameId: String(romId),
        hostName: "HOST",
        playerCount: 1,
        playersMax: 1,
        hasPassword: true,
      });
      expect((await rooms(ADMIN, { romId })).map(({ id }) => id)).toEqual([known]);
      expect((await rooms(VIEWER)).map(({ id }) => id)).toEqual([known, other]);
      const { json: everything } = await ask<{ result: { data: readonly { id: string; kind: string }[] } }>(
        "/trpc/netplay.list",
        VIEWER,
      );
      expect(everything.result.data).toMatchObject([
        { id: other, kind: "emulatorjs", rom: null },
        { id: known, rom: { id: romId, platformSlug: "nes" }, players: [{ name: "HOST", seat: 0 }] },
      ]);
      const list = (authorization: string) =>
        ask<object>(`/api/netplay/list?game_id=${secretId}`, authorization);
      expect(Object.keys((await list(ADMIN)).json)).toEqual([secret]);
      expect((await list(VIEWER)).json).toEqual({});
    },
    SLOW_MS,
  );

  test(
    "are followed by a listener of the topic, who is told of many changes once or twice",
    async () => {
      scene.disconnectAll();
      await noRooms();
      const stream = openStream(`${await app.listen()}/ws/events`, { authorization: VIEWER });
      stream.send(hello({ topics: ["netplay"] }));
      await stream.next();
      await stream.next();
      const host: TestClient = await scene.connect(app, { transports: webSocket });
      const startedAtMs = performance.now();
      for (let turn = 0; turn < 30; turn += 1) {
        await host.ask("open-room", toAsk(makeId(), "host"));
        await host.ask("leave-room");
      }
      const last = makeId();
      await host.ask("open-room", toAsk(last, "host"));
      let told = 0;
      const seen = async () => {
        const frame = await stream.next();
        expect(frame).toMatchObject({
          type: "message",
          data: { topic: "netplay", data: { kind: "emulatorjs" } },
        });
        told += 1;
        return (await rooms(VIEWER)).some(({ id }) => id === last);
      };
      while (!(await seen()));
      // However slow the machine is: one at once, then one for each pause that has passed.
      expect(told).toBeLessThanOrEqual(2 + (performance.now() - startedAtMs) / NEWS_MS);
      stream.close();
    },
    SLOW_MS,
  );
});

describe("ICE servers", () => {
  test("come with credentials of the caller's own that run out, for those who are signed in", async () => {
    const before = Math.floor(Date.now() / 1_000);
    type Servers = readonly { urls: string; username?: string; credential?: string }[];
    const config = async (authorization?: string) =>
      (await ask<{ EJS_NETPLAY_ICE_SERVERS: Servers }>("/api/config", authorization)).json
        .EJS_NETPLAY_ICE_SERVERS;
    expect(await config()).toEqual([]);
    const [turn, stun] = await config(VIEWER);
    expect(stun).toEqual({ urls: "stun:turn.example" });
    expect(turn?.urls).toBe("turn:turn.example:3478?transport=udp");
    const [expiry, user] = (turn?.username ?? "").split(":");
    expect(user).toBe("2");
    expect(Number(expiry) - before).toBeGreaterThanOrEqual(3_600);
    expect(Number(expiry) - before).toBeLessThan(3_700);
    const expected = new Bun.CryptoHasher("sha1", "north").update(turn?.username ?? "").digest("base64");
    expect(turn?.credential).toBe(expected);
    const { json } = await ask<{ result: { data: Servers } }>("/trpc/netplay.iceServers", ADMIN);
    expect(json.result.data).toHaveLength(2);
    expect((await ask("/trpc/netplay.iceServers")).status).toBe(401);
  });
});
