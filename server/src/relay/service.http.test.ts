// Who sees which sessions, who may do what to them, and the lobby, over both doors.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { openRelay } from "../app/relay.ts";
import { ADMIN, callApp, VIEWER } from "../auth/calls.testing.ts";
import { ensurePlatform } from "../platforms/service.ts";
import { addDiscoveredRoms } from "../roms/discovery/service.ts";
import { openGame, openHost, type TestHost } from "./client.testing.ts";
import type { RelayBan, RelaySession } from "./contract.ts";
import { createRelayScene, type RelayApp } from "./scene.testing.ts";

const OPEN_MS = 30_000;
const scenes = createRelayScene();
let scene: RelayApp;
let romId = 0;
let secretId = 0;
const SECRET_CRC32 = "0badc0de";
const hosts: TestHost[] = [];

beforeAll(async () => {
  scene = await scenes.open({ environment: { MULTITAP_RELAY_ADDRESS: "games.example:4000" } });
  const { database, ports } = scene.app;
  const bindings = { platformsBinding: new Map(), platformsVersions: new Map() };
  const { id: platformId } = await ensurePlatform(ports.database, "nes", bindings);
  const found = ["Counting.nes", "Secret.nes"].map((fsName) => {
    const file = { fileName: fsName, filePath: "roms/nes", category: null, sizeBytes: 1, modifiedAtMs: 0 };
    return { fsName, fsPath: "roms/nes", isFolder: false, sizeBytes: 1, files: [file] };
  });
  await addDiscoveredRoms(ports.database, found, { platformId, isHashed: false });
  const { sql } = database.handle;
  const rows = await sql<{ id: number }[]>`select id from roms order by fs_name`;
  [romId = 0, secretId = 0] = rows.map(({ id }) => id);
  // Of the file inside; the rom itself may be an archive.
  await sql`update rom_files set crc_hash = '38c2acf4' where rom_id = ${romId}`;
  await sql`update roms set crc_hash = ${SECRET_CRC32} where id = ${secretId}`;
}, OPEN_MS);
afterAll(() => scenes.close());

beforeEach(async () => {
  for (const host of hosts.splice(0)) host.close();
  await scene.waitForList((sessions) => sessions.length === 0);
});

async function host(): Promise<TestHost> {
  const opened = await openHost(scene.port);
  hosts.push(opened);
  await scene.waitForList((sessions) => sessions.some(({ id }) => id === opened.sessionText));
  return opened;
}

/** A host with a player whose names are known. */
async function play(crc32 = "38c2acf4") {
  const opened = await openHost(scene.port);
  hosts.push(opened);
  const game = await openGame(scene.port, opened, crc32);
  const [session] = await scene.waitForList(
    ([first]) => first?.crc32 != null && first.players[0]?.nick === "bob" && first.players[0].isLinked,
  );
  return { ...game, session: session as RelaySession };
}

/** Whether the relay takes a host from here. */
async function canHost(port = scene.port): Promise<boolean> {
  const opened = await openHost(port).catch(() => null);
  opened?.close();
  await Bun.sleep(20);
  return opened !== null;
}

async function call<T = unknown>(procedure: string, json: unknown, authorization = ADMIN) {
  const { status, json: body } = await callApp(scene.app, `/trpc/relay.${procedure}`, {
    authorization,
    json,
  });
  const { result, error } = body as {
    result?: { data: T };
    error?: { data: { code: string } };
  };
  return { status, data: result?.data, code: error?.data.code };
}

describe("relay.list", () => {
  test("shows a session with its game, from the library by the checksum, and how to join", async () => {
    const { host: opened, session } = await play();
    const joinLine = `games.example|4000|${opened.sessionText}`;
    expect(session).toMatchObject({
      id: opened.sessionText,
      joinLine,
      command: `retroarch --connect "${joinLine}"`,
      title: "Counting",
      rom: { id: romId, platformSlug: "nes" },
      crc32: "38c2acf4",
      coreName: "Nestopia",
      coreVersion: "1.52.0",
      hostNick: "alice",
      hasPassword: false,
      claimedBy: null,
      players: [{ playerId: 1, nick: "bob", isLinked: true }],
    });
    expect(JSON.stringify(session)).not.toContain("127.0.0.1");
    const asked = await callApp(scene.app, `/trpc/relay.list?input=${JSON.stringify({ romId: romId + 1 })}`, {
      authorization: ADMIN,
    });
    expect(asked.json).toEqual({ result: { data: [] } });
  });

  test("is part of the list of rooms of every sort", async () => {
    const { session } = await play();
    const kinds = encodeURIComponent(JSON.stringify({ kinds: ["retroarch"], romId }));
    const { json } = await callApp(scene.app, `/trpc/netplay.list?input=${kinds}`, { authorization: ADMIN });
    expect(json).toMatchObject({
      result: {
        data: [
          {
            kind: "retroarch",
            id: session.id,
            name: "Counting",
            rom: { id: romId },
            ownerName: "alice",
            joinLine: session.joinLine,
            players: [{ playerId: "1", name: "bob", isConnected: true, delay: null }],
          },
        ],
      },
    });
  });

  test("leaves out sessions of roms that are hidden from the caller, who cannot do anything to them either", async () => {
    const { session } = await play(SECRET_CRC32);
    const json = { entity: "roms", entity_id: secretId, user_id: 2 };
    await callApp(scene.app, "/api/permissions/hidden", { authorization: ADMIN, json });
    expect([await scene.list(VIEWER), (await scene.list(ADMIN)).length]).toEqual([[], 1]);
    const refused = { status: 404, code: "RELAY_SESSION_NOT_FOUND" };
    expect(await call("claim", { sessionId: session.id }, VIEWER)).toMatchObject(refused);
    expect(await call("kick", { sessionId: session.id, playerId: 1 }, VIEWER)).toMatchObject(refused);
  });

  test("forgets what is over", async () => {
    const opened = await host();
    opened.close();
    expect(await scene.waitForList((sessions) => sessions.length === 0)).toEqual([]);
  });
});

describe("relay.claim", () => {
  test("gives a session to who comes from the host's address first", async () => {
    const { sessionText: sessionId } = await host();
    expect(await call("claim", { sessionId }, VIEWER)).toMatchObject({
      status: 200,
      data: { claimedBy: { username: "ana" } },
    });
    expect(await call("claim", { sessionId }, VIEWER)).toMatchObject({ status: 200 });
    expect(await call("claim", { sessionId })).toMatchObject({ status: 409, code: "RELAY_CLAIMED" });
    await scene.waitForList(([session]) => session?.claimedBy?.username === "ana");
  });

  test("refuses others, except who manages accounts", async () => {
    const { sessionText: sessionId } = await host();
    const { kv } = scene.app.ports;
    const [key = ""] = await kv.members("relay:pages");
    const page = (await kv.get(key)) ?? "";
    await kv.set(key, page.replaceAll("127.0.0.1", "192.0.2.1"), { ttlMs: 10_000 });
    expect(await call("claim", { sessionId }, VIEWER)).toMatchObject({
      status: 403,
      code: "RELAY_CLAIM_REFUSED",
    });
    expect((await call("claim", { sessionId })).status).toBe(200);
  });

  test.each([[""], ["AAAA"], [`${"x".repeat(16)}=`], [`${"A".repeat(15)}|`]])(
    "refuses %p as no session",
    async (sessionId) => {
      expect(await call("claim", { sessionId })).toMatchObject({ status: 400, code: "INPUT_INVALID" });
    },
  );
});

describe("relay.kick and relay.ban", () => {
  test("are for those who claimed the session, and who manages accounts", async () => {
    const { session, user } = await play();
    const input = { sessionId: session.id, playerId: 1 };
    expect(await call("kick", input, VIEWER)).toMatchObject({ status: 403, code: "RELAY_NOT_YOURS" });
    expect(await call("ban", { ...input, from: "session" }, VIEWER)).toMatchObject({
      code: "RELAY_NOT_YOURS",
    });
    expect(user.isOpen()).toBe(true);
    await call("claim", { sessionId: session.id }, VIEWER);
    await scene.waitForList(([first]) => first?.claimedBy !== null);
    expect(await call("kick", { ...input, playerId: 7 }, VIEWER)).toMatchObject({
      code: "RELAY_PLAYER_NOT_FOUND",
    });
    expect(await call("ban", { ...input, from: "relay" }, VIEWER)).toMatchObject({
      code: "AUTH_SCOPE_MISSING",
    });
    expect((await call("kick", input, VIEWER)).status).toBe(200);
    await user.ended();
    expect(await scene.waitForList(([first]) => first?.players.length === 0)).toHaveLength(1);
  });

  test("keep an address out until the ban is lifted", async () => {
    const { session, user, host: opened } = await play();
    const ban = { sessionId: session.id, playerId: 1, from: "relay", durationMs: 60_000 };
    expect((await call("ban", ban)).status).toBe(200);
    await Promise.all([user.ended(), opened.owner.ended()]);
    const { json } = await callApp(scene.app, "/trpc/relay.bans", { authorization: ADMIN });
    const [entry] = (json as { result: { data: readonly RelayBan[] } }).result.data;
    expect(entry?.network).toBe("127.0.0.1");
    expect(Date.parse(entry?.endsAt ?? "")).toBeGreaterThan(Date.now() + 50_000);
    expect(await canHost()).toBe(false);
    expect(await call("liftBan", { network: "127.0.0.1" }, VIEWER)).toMatchObject({ status: 403 });
    expect((await call("liftBan", { network: "127.0.0.1" })).status).toBe(200);
    expect(await call("liftBan", { network: "127.0.0.1" })).toMatchObject({ code: "RELAY_BAN_NOT_FOUND" });
    let isIn = false;
    for (let tries = 0; tries < 100 && !isIn; tries++) isIn = await canHost();
    expect(isIn).toBe(true);
  });
});

describe("several processes", () => {
  test("list each other's sessions, and do what is wanted of them", async () => {
    const beside = await scenes.open({ database: scene.app.database });
    const { session, user } = await play();
    expect(await beside.waitForList((sessions) => sessions.length === 1)).toMatchObject([
      { id: session.id, address: "games.example", port: 4_000 },
    ]);
    const kick = { sessionId: session.id, playerId: 1 };
    const answer = await callApp(beside.app, "/trpc/relay.kick", { authorization: ADMIN, json: kick });
    expect(answer.status).toBe(200);
    await user.ended();
    const other = await openHost(beside.port);
    hosts.push(other);
    expect(await scene.waitForList((sessions) => sessions.length === 2)).toHaveLength(2);
    await beside.relay.stop();
    await other.owner.ended();
    expect(await scene.waitForList((sessions) => sessions.length === 1)).toHaveLength(1);
  });
});

describe("the lobby", () => {
  const form = {
    username: "alice",
    core_name: "Nestopia",
    core_version: "1.52.0 ",
    game_name: "t",
    game_crc: "38C2ACF4",
    port: "55600",
    mitm_server: "custom",
    has_password: "0",
    has_spectate_password: "0",
    force_mitm: "1",
    retroarch_version: "1.14.0",
    frontend: "unix x64",
    subsystem_name: "N/A",
    mitm_session: "aeeNTGPaC7uJ9qJL",
    mitm_custom_addr: "127.0.0.1",
    mitm_custom_port: "55600",
  };
  const list = async () => {
    const { json } = await callApp(scene.app, "/api/relay/list");
    return (json as readonly { fields: Record<string, unknown> }[]).map(({ fields }) => fields);
  };

  test("takes what RetroArch sends, without a cookie, and lists it", async () => {
    const answer = await callApp(scene.app, "/api/relay/add", { form });
    expect([answer.status, answer.headers.get("content-type")?.split(";")[0]]).toEqual([200, "text/plain"]);
    const lines = answer.text.trimEnd().split("\n");
    expect(lines[0]).toBe("status=OK");
    expect(lines).toContain("host_method=3");
    expect(lines).toContain("connectable=0");
    const room = (await list()).find(({ username }) => username === "alice");
    expect(room).toMatchObject({
      game_crc: "38C2ACF4",
      core_version: "1.52.0 ",
      mitm_ip: "127.0.0.1",
      mitm_port: 55_600,
      mitm_session: "aeeNTGPaC7uJ9qJL",
      host_method: 3,
      has_password: false,
      is_retroarch: true,
      player_count: -1,
    });
    const again = await callApp(scene.app, "/api/relay/add", { form });
    expect([again.status, again.headers.get("retry-after")]).toEqual([429, expect.stringMatching(/^[1-5]$/)]);
  });

  test("lists what is on the relay, announced or not, once, and names the game before anybody joined", async () => {
    const { sessionText } = await host();
    const wire = async () => (await list()).filter((room) => room.mitm_session === sessionText);
    expect(await wire()).toMatchObject([
      { mitm_ip: "games.example", mitm_port: 4_000, connectable: true, game_name: "" },
    ]);
    const said = { ...form, username: "erna", mitm_session: sessionText, game_name: "Counting (World)" };
    await callApp(scene.app, "/api/relay/add", { form: said });
    expect(await wire()).toMatchObject([
      { username: "erna", game_name: "Counting (World)", connectable: true, player_count: 1 },
    ]);
    expect(await scene.list()).toMatchObject([{ title: "Counting", hostNick: "erna", rom: { id: romId } }]);
  });

  test.each([
    ["no name", { username: "" }],
    ["a long name", { username: "x".repeat(33) }],
    ["letters beyond ASCII", { game_name: "Pokémon" }],
    ["another line", { game_name: "a\nstatus=OK" }],
    ["no checksum", { game_crc: "38C2ACF" }],
    ["no port", { port: "port" }],
  ])("answers 400 to %s", async (_name, change) => {
    expect((await callApp(scene.app, "/api/relay/add", { form: { ...form, ...change } })).status).toBe(400);
  });

  test("tells where the relay is", async () => {
    const answer = await callApp(scene.app, "/api/relay/tunnel?name=nyc");
    expect(answer.text).toBe("status=OK\ntunnel_addr=games.example\ntunnel_port=4000\n");
    expect((await callApp(scene.app, "/api/relay/tunnel")).status).toBe(400);
  });

  test("is for those who may use the relay, and for those who are signed in", async () => {
    const closed = await scenes.open({
      database: scene.app.database,
      environment: { MULTITAP_RELAY_ALLOW: "none" },
    });
    for (const path of ["list", "tunnel?name=x"]) {
      expect((await callApp(closed.app, `/api/relay/${path}`)).status).toBe(403);
      expect((await callApp(closed.app, `/api/relay/${path}`, { authorization: VIEWER })).status).toBe(200);
    }
    expect((await callApp(closed.app, "/api/relay/add", { form })).status).toBe(403);
    expect(await canHost(closed.port)).toBe(false);
  });
});

describe("a port that is taken", () => {
  test("stops nothing else, and is tried again", async () => {
    const holder = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (): void => undefined } });
    const { ports, facts } = scene.app;
    const place = { host: "127.0.0.1", port: holder.port };
    const relay = await openRelay({ ports, facts, ...place, retryMs: 50 });
    const stopped = await openRelay({ ports, facts, ...place, retryMs: 50 });
    expect([relay.port, stopped.port]).toEqual([null, null]);
    await stopped.stop();
    holder.stop(true);
    for (let waited = 0; waited < 5_000 && relay.port === null; waited += 10) await Bun.sleep(10);
    expect([relay.port, stopped.port]).toEqual([holder.port, null]);
    await relay.stop();
  });
});
