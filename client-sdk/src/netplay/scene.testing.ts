import { createClientIn } from "../client.ts";
import type { Environment } from "../environment.ts";
import type { Client } from "../index.ts";
import { settle } from "../testing/manual-environment.ts";
import { createNetplay } from "./netplay.ts";
import { createTestRelay, type TestRelay } from "./relay.testing.ts";
import { createFakeNetwork, type FakeNetwork } from "./rtc.testing.ts";
import type { Netplay, NetplayOptions, Room, RoomEvents } from "./types.ts";

/** A clock that stands still. */
export interface SceneEnvironment extends Environment {
  /** Runs each timer at its own moment, and all promises in between. */
  advance(ms: number): Promise<void>;
  pending(): readonly number[];
}

/** Promises that wait for each other behind one timer. */
const TURNS = 40;

async function takeTurns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
}

/**
 * As `createManualEnvironment`, but between two timers only promises have their turn: rooms have many timers a second,
 * and nothing here waits for the program's own.
 */
function createSceneEnvironment(): SceneEnvironment {
  let nowMs = Date.UTC(2030, 0, 1);
  const timers = new Map<symbol, { readonly atMs: number; run(): void }>();
  const soonest = () => [...timers].sort((a, b) => a[1].atMs - b[1].atMs)[0];
  return {
    now: () => nowMs,
    random: () => 0.5,
    startTimer(run, delayMs) {
      const key = Symbol();
      timers.set(key, { atMs: nowMs + delayMs, run });
      return () => void timers.delete(key);
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      await takeTurns();
      for (let next = soonest(); next !== undefined && next[1].atMs <= endMs; next = soonest()) {
        const [key, timer] = next;
        timers.delete(key);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.run();
        await takeTurns();
      }
      nowMs = endMs;
    },
    pending: () => [...timers.values()].map(({ atMs }) => atMs - nowMs).sort((a, b) => a - b),
  };
}

/** A room's server and its network in memory, with a clock that stands still. */
export interface Scene {
  readonly environment: SceneEnvironment;
  readonly relay: TestRelay;
  readonly network: FakeNetwork;
  client(): Client;
  netplay(options?: NetplayOptions): Netplay;
  /** Two players in one room, by the relay alone unless said. */
  pair(options?: NetplayOptions): Promise<readonly [Room, Room]>;
  /** Options of a player who has peer connections. */
  readonly withPeers: NetplayOptions;
}

/** What opens a room in these tests. */
export const OPEN = { romId: 42, name: "Sunday", playersMax: 4, inputBytes: 2 } as const;

/** Two bytes that tell of which frame they are. */
export const inputOf = (frame: number): Uint8Array => new Uint8Array([frame & 0xff, (frame >> 8) & 0xff]);

/** Notes events of a room as they come. */
export function listen<K extends keyof RoomEvents>(room: Room, type: K): RoomEvents[K][] {
  const heard: RoomEvents[K][] = [];
  room.on(type, (event) => void heard.push(event));
  return heard;
}

/** Builds the scene; each input has so many bytes. */
export function createScene(inputBytes = 2): Scene {
  const environment = createSceneEnvironment();
  const relay = createTestRelay(inputBytes);
  const network = createFakeNetwork(environment);
  const client = () =>
    createClientIn(environment, {
      url: "https://nas.example/games",
      auth: "token",
      fetch: relay.fetch,
      retry: false,
    });
  // The relay stands where the path of a proxy leads.
  const netplay = (options: NetplayOptions = {}) =>
    createNetplay(client(), { WebSocket: relay.WebSocket, ...options });
  return {
    environment,
    relay,
    network,
    client,
    netplay,
    withPeers: { RTCPeerConnection: network.PeerConnection, iceServers: [] },
    async pair(options) {
      const ana = await netplay(options).open(OPEN);
      const ben = await netplay(options).join(ana.invite);
      await settle();
      return [ana, ben];
    },
  };
}
