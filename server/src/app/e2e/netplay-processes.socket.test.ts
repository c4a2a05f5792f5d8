// Rooms of EmulatorJS between two servers of one installation, and what is left when one of them is killed.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { TestDatabase } from "@multitap/db/testing";
import { makeId, NETPLAY_PATH, type PlayersWire, toAsk } from "../../netplay/scene.testing.ts";
import { openClient, type TestClient } from "../../socket/client.testing.ts";
import { DRIVERS, openExternal } from "./identity.testing.ts";
import { endScenes, makeFolder } from "./scene.testing.ts";
import { endServers, type RunningServer, startServer, waitFor } from "./server-process.testing.ts";

const TEST_MAX_MS = 180_000;
/** A process that was killed is missed after its list has run out: 15 s, two looks, and what a busy machine adds. */
const MISSED_MAX_MS = 90_000;
const SOON_MS = 10_000;

afterAll(endServers);
afterAll(endScenes);

describe.each(DRIVERS)("two servers with %s", (_driver, environment) => {
  let database: TestDatabase;
  let start: () => Promise<RunningServer>;
  let here: RunningServer | undefined;
  let there: RunningServer | undefined;
  const clients: TestClient[] = [];

  beforeAll(async () => {
    const external = await openExternal();
    ({ database } = external);
    start = () =>
      startServer({
        basePath: makeFolder("netplay"),
        environment: { ...external.environment, ...environment, MULTITAP_RELAY_PORT: "0" },
      });
    here = await start();
    there = await start();
  }, TEST_MAX_MS);
  afterAll(async () => {
    for (const client of clients) client.close();
    await here?.stop();
    await there?.stop();
    await database?.drop();
  }, TEST_MAX_MS);

  const connect = async (server: RunningServer | undefined, transports = ["websocket"]) => {
    const client = await openClient(server?.url ?? "", { path: NETPLAY_PATH, transports });
    clients.push(client);
    return client;
  };
  const list = async (server: RunningServer | undefined) =>
    Object.keys(
      (await (await fetch(`${server?.url}/list?game_id=24`, { keepalive: false })).json()) as object,
    );
  const players = (client: TestClient) =>
    Object.keys(client.payloadsOf<PlayersWire>("users-updated").at(-1) ?? {}).join();

  /** Two rooms, each with a player of the other server. */
  async function playTogether() {
    const [room, doomed] = [makeId(), makeId()];
    const [host, victim] = [await connect(here), await connect(there)];
    expect(await host.ask("open-room", toAsk(room, "host", { password: "pw" }))).toEqual([]);
    expect(await victim.ask("open-room", toAsk(doomed, "victim"))).toEqual([]);
    const guest = await connect(there, ["polling", "websocket"]);
    const attempt = (password: string) => guest.ask("join-room", toAsk(room, "guest", { password }));
    expect(await attempt("no")).toEqual(["Incorrect password"]);
    expect((await attempt("pw"))[0]).toBeNull();
    const stranded = await connect(here);
    expect((await stranded.ask("join-room", toAsk(doomed, "stranded")))[0]).toBeNull();
    for (let frame = 0; frame < 120; frame += 1) {
      for (const each of [host, guest]) each.emit("data-message", { frame });
    }
    for (const each of [host, guest]) {
      await each.waitFor("data-message", 120);
      const frames = each.payloadsOf<{ frame: number }>("data-message").map(({ frame }) => frame);
      expect(frames).toEqual(Array.from({ length: 120 }, (_, frame) => frame));
    }
    expect(await waitFor(async () => (await list(here)).length === 2, SOON_MS)).toBe(true);
    return { room, doomed, host, stranded };
  }

  test(
    "play in one room, and a kill of one leaves neither ghosts nor the other's players behind",
    async () => {
      const { room, doomed, host, stranded } = await playTogether();
      there?.signal("SIGKILL");
      await there?.ended;
      const killedAtMs = performance.now();
      const isOver = async () =>
        players(host) === "host" && !stranded.socket.connected && (await list(here)).join() === room;
      expect(await waitFor(isOver, MISSED_MAX_MS, 100)).toBe(true);
      console.log(`a killed process was missed after ${Math.round(performance.now() - killedAtMs)} ms`);

      there = await start();
      expect(await waitFor(async () => (await list(there)).join() === room, SOON_MS)).toBe(true);
      const again = await connect(there);
      expect(await again.ask("open-room", toAsk(doomed, "again"))).toEqual([]);
      expect((await again.ask("join-room", toAsk(room, "again", { password: "pw" })))[0]).toBeNull();
      expect(await waitFor(() => players(host) === "host,again", SOON_MS)).toBe(true);
    },
    TEST_MAX_MS,
  );
});
