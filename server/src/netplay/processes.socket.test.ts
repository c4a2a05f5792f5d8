// Players of one room who are connected to different processes of one installation.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { TestApp } from "../app/testing.ts";
import type { TestClient } from "../socket/client.testing.ts";
import { createNetplayScene, makeId, type PlayersWire, toAsk, until, WAYS } from "./scene.testing.ts";

const SLOW_MS = 60_000;
/** Read by the configuration alone: with an external database there may be other processes. */
const environment = { DATABASE_URL: "postgresql://db.example/multitap" };
const scene = createNetplayScene();
let here: TestApp;
let there: TestApp;

beforeAll(async () => {
  here = await scene.open({ environment });
  there = await scene.open({ environment, database: here.database });
  await here.listen();
  await there.listen();
}, SLOW_MS);
afterEach(() => scene.disconnectAll());
afterAll(() => scene.close());

const [webSocket, polling] = [WAYS[0]?.[1], WAYS[1]?.[1]];
const connect = (app: TestApp, transports = webSocket) => scene.connect(app, { transports });
const lastPlayers = (client: TestClient) =>
  Object.keys(client.payloadsOf<PlayersWire>("users-updated").at(-1) ?? {});
const listAt = async (app: TestApp) =>
  (await (await fetch(`${await app.listen()}/list?game_id=24`)).json()) as Record<
    string,
    { current: number }
  >;

async function openRoom(app: TestApp, more: Readonly<Record<string, unknown>> = {}) {
  const [room, host] = [makeId(), await connect(app)];
  expect(await host.ask("open-room", toAsk(room, "host", more))).toEqual([]);
  return { room, host };
}

/** Joins by a websocket, or as the players `polled` do. */
async function joinRoom(app: TestApp, room: string, id: string) {
  const guest = await connect(app, id === "polled" ? polling : webSocket);
  expect((await guest.ask("join-room", toAsk(room, id)))[0]).toBeNull();
  return guest;
}

describe("a room of another process", () => {
  test(
    "is listed, guarded by its password and its limits, and joined once",
    async () => {
      const { room, host } = await openRoom(here, { password: "pw", maxPlayers: 2, rom_hash: "aa" });
      await until("the list", async () => room in (await listAt(there)));
      const guest = await connect(there);
      expect(await guest.ask("open-room", toAsk(room, "guest"))).toEqual(["Room already exists"]);
      const attempt = (more: object) => guest.ask("join-room", toAsk(room, "guest", { ...more }));
      expect(await attempt({ password: null })).toEqual(["Incorrect password"]);
      expect(await attempt({ password: "no" })).toEqual(["Incorrect password"]);
      expect(await attempt({ password: "pw", rom_hash: "bb" })).toEqual(["ROM mismatch"]);
      const joined = await attempt({ password: "pw" });
      expect(joined).toMatchObject([
        null,
        { host: { socketId: host.socket.id ?? "" }, guest: { socketId: guest.socket.id ?? "" } },
      ]);
      expect(Object.keys(joined[1] as object)).toEqual(["host", "guest"]);
      const late = await connect(there);
      expect(await late.ask("join-room", toAsk(room, "late", { password: "pw" }))).toEqual(["Room is full"]);
      await until("the full room to leave the list", async () => !(room in (await listAt(there))));
      expect(await guest.ask("leave-room")).toEqual([]);
      await until("one player", () => lastPlayers(host).length === 1);
      expect((await late.ask("join-room", toAsk(room, "late", { password: "pw" })))[0]).toBeNull();
      late.close();
      await until("none but the host", () => lastPlayers(host).join() === "host");
      expect(guest.payloadsOf<object>("users-updated")).toHaveLength(1);
    },
    SLOW_MS,
  );

  test(
    "carries signals to their target, and messages to everybody once and in order",
    async () => {
      const { room, host } = await openRoom(here);
      const near = await joinRoom(there, room, "near");
      const polled = await joinRoom(there, room, "polled");
      const beside = await joinRoom(here, room, "beside");
      const all = [host, near, polled, beside];
      for (const each of all) await until("four", () => lastPlayers(each).length === 4);
      expect(lastPlayers(polled)).toEqual(["host", "near", "polled", "beside"]);
      near.emit("webrtc-signal", { target: host.socket.id, answer: 1 });
      host.emit("webrtc-signal", { target: polled.socket.id, offer: 2 });
      polled.emit("webrtc-signal", { target: near.socket.id, candidate: 3 });
      expect(await host.waitFor("webrtc-signal")).toMatchObject({ sender: near.socket.id, answer: 1 });
      expect(await polled.waitFor("webrtc-signal")).toMatchObject({ sender: host.socket.id, offer: 2 });
      expect(await near.waitFor("webrtc-signal")).toMatchObject({ sender: polled.socket.id, candidate: 3 });
      const big = Buffer.alloc(1_500_000, 7);
      for (let frame = 0; frame < 60; frame += 1) {
        for (const [at, each] of all.entries()) {
          const state = frame === 30 && at < 2 ? { state: big } : {};
          each.emit("data-message", { at, frame, text: "ß\0🎮", ...state });
        }
      }
      for (const [at, each] of all.entries()) {
        await each.waitFor("data-message", 3 * 60);
        const got = each.payloadsOf<{ at: number; frame: number; text: string; state?: Uint8Array }>(
          "data-message",
        );
        expect(got.filter(({ text }) => text !== "ß\0🎮")).toEqual([]);
        for (const other of all.keys()) {
          const frames = got.filter((message) => message.at === other).map(({ frame }) => frame);
          expect(frames).toEqual(at === other ? [] : Array.from({ length: 60 }, (_, frame) => frame));
        }
        const states = got.flatMap(({ state }) =>
          state === undefined ? [] : [Buffer.compare(Buffer.from(state), big)],
        );
        expect(states).toEqual(at < 2 ? [0] : [0, 0]);
      }
    },
    SLOW_MS,
  );

  test(
    "gives its places away one by one, wherever they are asked for",
    async () => {
      const { room, host } = await openRoom(here, { maxPlayers: 4 });
      const clients = await Promise.all([here, there, there, here, there, there].map((app) => connect(app)));
      const acks = await Promise.all(
        clients.map((client, at) => client.ask("join-room", toAsk(room, `player ${at}`))),
      );
      expect(acks.filter(([error]) => error === null)).toHaveLength(3);
      expect(acks.filter(([error]) => error === "Room is full")).toHaveLength(3);
      await until("four", () => lastPlayers(host).length === 4);
    },
    SLOW_MS,
  );

  test(
    "goes to a player of the other process when its owner leaves, and is left for another room",
    async () => {
      const { room, host } = await openRoom(here);
      const [first, second] = [await joinRoom(there, room, "first"), await joinRoom(there, room, "second")];
      host.close();
      expect(await first.waitFor("webrtc-signal")).toEqual({
        sender: second.socket.id,
        requestRenegotiate: true,
      });
      expect(first.payloadsOf<object>("data-message")).toEqual([{ type: "host-left" }]);
      await until("two", () => lastPlayers(second).join() === "first,second");
      const own = makeId();
      expect(await first.ask("open-room", toAsk(own, "first"))).toEqual([]);
      await until("one", () => lastPlayers(second).join() === "second");
      first.emit("data-message", { to: "nobody" });
      expect((await second.ask("join-room", toAsk(own, "second")))[0]).toBeNull();
      first.emit("data-message", { to: "second" });
      expect(await second.waitFor<object>("data-message", 3)).toEqual({ to: "second" });
      await until("the end of the first room", async () => !(room in (await listAt(here))));
      expect(await first.ask("open-room", toAsk(room, "first"))).toEqual([]);
    },
    SLOW_MS,
  );
});

test(
  "players whose process ends are gone from rooms elsewhere, and those who are left without a room are let go",
  async () => {
    const third = await scene.open({ environment, database: here.database });
    await third.listen();
    // A player in each of three processes, so that what one says reaches the third by way of the room's own.
    const shared = await openRoom(here);
    const [far, farther] = [
      await joinRoom(there, shared.room, "far"),
      await joinRoom(third, shared.room, "farther"),
    ];
    for (let frame = 0; frame < 30; frame += 1) far.emit("input", { frame });
    for (const each of [shared.host, farther]) {
      await each.waitFor("input", 30);
      const frames = each.payloadsOf<{ frame: number }>("input").map(({ frame }) => frame);
      expect(frames).toEqual(Array.from({ length: 30 }, (_, frame) => frame));
    }
    far.emit("webrtc-signal", { target: farther.socket.id, offer: 1 });
    expect(await farther.waitFor("webrtc-signal")).toMatchObject({ sender: far.socket.id, offer: 1 });
    expect(far.payloadsOf("input")).toEqual([]);
    const ours = await openRoom(here);
    const theirs = await openRoom(third);
    const stranded = await joinRoom(here, theirs.room, "stranded");
    const lost = await joinRoom(third, ours.room, "lost");
    await until("two", () => lastPlayers(ours.host).length === 2);
    await third.close();
    expect(await lost.waitForEnd()).toBe("transport close");
    expect(await stranded.waitForEnd()).toBe("io server disconnect");
    await until("the host alone", () => lastPlayers(ours.host).join() === "host");
    expect(await listAt(there)).not.toHaveProperty([theirs.room]);
    // Nobody has the id any more.
    const again = await connect(here);
    expect(await again.ask("open-room", toAsk(theirs.room, "again"))).toEqual([]);
  },
  SLOW_MS,
);
