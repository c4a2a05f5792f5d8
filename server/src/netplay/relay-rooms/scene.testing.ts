/** Apps with a rom, and players in rooms of the raw relay. */
import { createTestApp, type TestApp, type TestAppOptions } from "../../app/testing.ts";
import { ADMIN, callApp } from "../../auth/calls.testing.ts";
import { openLibrary } from "../../roms/library.testing.ts";
import { hello, openRelayClient, type RelayClient } from "./client.testing.ts";
import type { OpenRoomInput, RoomInfo, RoomTicket } from "./contract.ts";

/** Somebody who was let in. */
export interface Joined {
  readonly client: RelayClient;
  readonly number: number;
  readonly welcome: {
    readonly seat: number | null;
    readonly invite: string;
    readonly rejoin: string;
    readonly roomId: string;
  };
}

export interface RelayScene {
  readonly app: TestApp;
  readonly romId: number;
  /** Calls a procedure; the answer is its data, or its error's code. */
  call<T>(name: string, input: unknown, authorization?: string): Promise<T>;
  open(input?: Partial<OpenRoomInput>): Promise<RoomTicket>;
  list(authorization?: string): Promise<readonly RoomInfo[]>;
  /** Connects and says HELLO; waits for nothing. */
  greet(url: string, credential: string, resumeFrame?: number | null): Promise<RelayClient>;
  /** Comes in with a ticket. */
  enter(ticket: RoomTicket): Promise<Joined>;
  /** Opens a room and comes in; then others, one after the other. */
  fill(players: number, input?: Partial<OpenRoomInput>): Promise<readonly Joined[]>;
  beside(): Promise<RelayScene>;
  close(): Promise<void>;
}

/** Opens an app with an administrator, a viewer and a rom. */
export async function openRelayScene(options: TestAppOptions = {}): Promise<RelayScene> {
  const library = await openLibrary(options);
  const romId = await library.addRom("nes", "Two Tapes.nes", "x");
  return await toScene(library.app, romId, { options, close: library.close });
}

interface SceneOptions {
  readonly options: TestAppOptions;
  close(): Promise<void>;
}

async function enter(scene: RelayScene, { url, ticket }: RoomTicket): Promise<Joined> {
  const client = await scene.greet(url, ticket);
  const got = await client.next(0x02);
  return { client, number: got.short, welcome: got.json<Joined["welcome"]>() };
}

async function toScene(app: TestApp, romId: number, { options, close }: SceneOptions): Promise<RelayScene> {
  const base = await app.listen();
  const clients: RelayClient[] = [];
  const others: RelayScene[] = [];
  let closing: Promise<void> | null = null;
  const closeAll = async () => {
    for (const client of clients) client.close();
    for (const other of others) await other.close();
    await close();
  };
  const scene: RelayScene = {
    app,
    romId,
    async call<T>(name: string, input: unknown, authorization = ADMIN) {
      const { json } = await callApp(app, `/trpc/${name}`, { authorization, json: input });
      const { result, error } = json as { result?: { data: T }; error?: { data: { code: string } } };
      return (result === undefined ? error?.data : result.data) as T;
    },
    open: (input = {}) =>
      scene.call("netplay.open", { romId, name: "Sunday", playersMax: 4, inputBytes: 2, ...input }),
    async list(authorization = ADMIN) {
      const { json } = await callApp(app, "/trpc/netplay.list", { authorization });
      return (json as { result: { data: readonly RoomInfo[] } }).result.data;
    },
    async greet(url, credential, resumeFrame) {
      const client = await openRelayClient(base + url);
      clients.push(client);
      client.send(hello(credential, resumeFrame));
      return client;
    },
    enter: (ticket) => enter(scene, ticket),
    async fill(players, input = {}) {
      const first = await enter(scene, await scene.open(input));
      const joined = [first];
      const { invite } = first.welcome;
      while (joined.length < players)
        joined.push(await enter(scene, await scene.call("netplay.join", { invite })));
      return joined;
    },
    async beside() {
      const second = await createTestApp({ ...options, database: app.database });
      const other = await toScene(second, romId, { options, close: second.close });
      others.push(other);
      return other;
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
  return scene;
}
