// Rooms of the raw relay between two servers of one installation: seen by both, entered where they are.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { TestDatabase } from "@multitap/db/testing";
import { hello, openRelayClient, type RelayClient } from "../../netplay/relay-rooms/client.testing.ts";
import type { RoomInfo, RoomTicket } from "../../netplay/relay-rooms/contract.ts";
import { DRIVERS, get, openExternal, reach, setUp } from "./identity.testing.ts";
import { endScenes, makeFolder } from "./scene.testing.ts";
import { endServers, type RunningServer, startServer, waitFor } from "./server-process.testing.ts";

const TEST_MAX_MS = 180_000;
const SOON_MS = 10_000;
/** WELCOME, and the code of a connection that landed at the wrong process. */
const WELCOME = 0x02;
const ELSEWHERE = 4421;

afterAll(endServers);
afterAll(endScenes);

describe.each(DRIVERS)("two servers with %s", (_driver, environment) => {
  let database: TestDatabase;
  const servers: RunningServer[] = [];
  const clients: RelayClient[] = [];
  let admin = "";
  let romId = 0;

  beforeAll(async () => {
    const external = await openExternal();
    ({ database } = external);
    for (const name of ["here", "there"]) {
      servers.push(
        await startServer({
          basePath: makeFolder(name),
          environment: { ...external.environment, ...environment, MULTITAP_RELAY_PORT: "0" },
        }),
      );
    }
    admin = await setUp(at(0));
    const { sql } = database.handle;
    const [row] = await sql<{ id: number }[]>`
      with p as (insert into platforms (slug, fs_slug, name, name_sort_key) values ('nes', 'nes', 'NES', 'nes') returning id)
      insert into roms (platform_id, fs_name, fs_name_no_tags, fs_name_no_ext, fs_extension, fs_path, name,
        name_sort_key, is_folder)
      select id, 'Two Tapes.nes', 'Two Tapes', 'Two Tapes', 'nes', 'roms/nes', 'Two Tapes', 'two tapes', false from p
      returning id`;
    romId = row?.id ?? 0;
  }, TEST_MAX_MS);
  afterAll(async () => {
    for (const client of clients) client.close();
    for (const server of servers) await server.stop();
    await database?.drop();
  }, TEST_MAX_MS);

  function at(index: number): RunningServer {
    const server = servers[index];
    if (server === undefined) throw new RangeError(`server ${index} is not running`);
    return server;
  }
  const ask = async <T>(index: number, name: string, json?: unknown) => {
    const { result } = await get<{ result: { data: T } }>(
      reach(() => at(index)),
      `/trpc/${name}`,
      {
        authorization: admin,
        ...(json === undefined ? {} : { json }),
      },
    );
    return result.data;
  };
  const knock = async (index: number, { url, ticket }: RoomTicket) => {
    const client = await openRelayClient(at(index).url + url);
    clients.push(client);
    client.send(hello(ticket));
    return client;
  };

  test(
    "list one room, and tell whoever knocks at the wrong one to come again",
    async () => {
      const room = { romId, name: "Sunday", playersMax: 2, inputBytes: 2 };
      const opened = await ask<RoomTicket>(0, "netplay.open", room);
      const host = await knock(0, opened);
      await host.next(WELCOME);
      const ids = async () => (await ask<readonly RoomInfo[]>(1, "netplay.list")).map(({ id }) => id);
      expect(await waitFor(async () => (await ids()).includes(opened.roomId), SOON_MS)).toBe(true);

      const joined = await ask<RoomTicket>(1, "netplay.join", { roomId: opened.roomId });
      const strayed = await knock(1, joined);
      expect((await strayed.closed).code).toBe(ELSEWHERE);
      // The ticket was not used up by that.
      const guest = await knock(0, joined);
      const { seat } = (await guest.next(WELCOME)).json<{ seat: number }>();
      expect(seat).toBe(1);
    },
    TEST_MAX_MS,
  );
});
