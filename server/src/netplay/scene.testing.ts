/** Players of EmulatorJS, as their unmodified Socket.IO client sees the server. */

import { createTestApp, type TestApp, type TestAppOptions } from "../app/testing.ts";
import { addAccounts } from "../auth/calls.testing.ts";
import { type ClientOptions, openClient, type TestClient } from "../socket/client.testing.ts";

/** The ways in which a client can be connected. */
export const WAYS: readonly (readonly [name: string, transports: readonly string[]])[] = [
  ["a websocket", ["websocket"]],
  ["polling", ["polling"]],
  ["polling, then a websocket", ["polling", "websocket"]],
];

export const NETPLAY_PATH = "/netplay/socket.io/";
export const ROOT_PATH = "/socket.io/";

/** A player as others are told of it. */
export interface PlayerWire {
  readonly socketId: string;
  readonly player_name: string;
  readonly userid: string | null;
  readonly playerId: string | null;
}
export type PlayersWire = Readonly<Record<string, PlayerWire>>;

/** Apps and players of one test. */
export interface NetplayScene {
  open(options?: TestAppOptions): Promise<TestApp>;
  connect(app: TestApp, options?: ClientOptions): Promise<TestClient>;
  /** Closes players; apps stay. */
  disconnectAll(): void;
  close(): Promise<void>;
}

/** Makes a scene. */
export function createNetplayScene(): NetplayScene {
  const apps: TestApp[] = [];
  const clients: TestClient[] = [];
  const disconnectAll = () => {
    for (const client of clients.splice(0)) client.close();
  };
  return {
    async open(options = {}) {
      const app = await createTestApp(options);
      apps.push(app);
      if (options.database === undefined) await addAccounts(app);
      return app;
    },
    async connect(app, options = {}) {
      const client = await openClient(await app.listen(), { path: NETPLAY_PATH, ...options });
      clients.push(client);
      return client;
    },
    disconnectAll,
    async close() {
      disconnectAll();
      for (const app of apps.splice(0).reverse()) await app.close();
    },
  };
}

/** What a client sends to open or join a room. */
export function toAsk(sessionId: string, userid: string, more: Readonly<Record<string, unknown>> = {}) {
  const { password = "", maxPlayers = "4", ...extra } = more;
  return {
    extra: {
      domain: "nas",
      game_id: 24,
      room_name: "The room",
      player_name: userid.toUpperCase(),
      sessionid: sessionId,
      userid,
      ...extra,
    },
    maxPlayers,
    password,
  };
}

/** An id as EmulatorJS makes them: of the form of a UUID, and none. */
export function makeId(): string {
  const hex = () =>
    Math.floor(Math.random() * 0x10000)
      .toString(16)
      .padStart(4, "0");
  return `f${hex()}${hex().slice(1)}-${hex()}-${hex()}-${hex()}-${hex()}${hex()}${hex()}`;
}

/** Waits for something that is bound to happen; fails after ten seconds. */
export async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 1_000; turn += 1) {
    if (await look()) return;
    await Bun.sleep(10);
  }
  throw new RangeError(`waited in vain for ${what}`);
}
