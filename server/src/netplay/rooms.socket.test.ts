import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { TestApp } from "../app/testing.ts";
import { ADMIN } from "../auth/calls.testing.ts";
import type { TestClient } from "../socket/client.testing.ts";
import {
  createNetplayScene,
  makeId,
  NETPLAY_PATH,
  type PlayersWire,
  ROOT_PATH,
  toAsk,
  until,
  WAYS,
} from "./scene.testing.ts";

const SLOW_MS = 60_000;
const scene = createNetplayScene();
let app: TestApp;

beforeAll(async () => {
  app = await scene.open();
  await app.listen();
}, SLOW_MS);
afterEach(() => scene.disconnectAll());
afterAll(() => scene.close());

type Listed = Readonly<Record<string, unknown>>;
const read = async (path: string, headers: Readonly<Record<string, string>> = {}) =>
  (await (await fetch((await app.listen()) + path, { headers })).json()) as Listed;
const listPlainly = (gameId: number | string = 24) => read(`/list?domain=elsewhere&game_id=${gameId}`);
/** Both lists, which agree. */
const list = async (gameId: number | string = 24) => {
  const compatible = await read(`/api/netplay/list?game_id=${gameId}`, { authorization: ADMIN });
  expect(await listPlainly(gameId)).toEqual(compatible);
  return compatible;
};
const lastPlayers = (client: TestClient) => client.payloadsOf<PlayersWire>("users-updated").at(-1) ?? {};

describe.each(WAYS)("players who come by %s", (_way, transports) => {
  const connect = (path = NETPLAY_PATH) => scene.connect(app, { transports, path });

  test(
    "open, join and leave a room, in which the order of keys is each one's place",
    async () => {
      const room = makeId();
      const [host, guest, other] = [await connect(), await connect(ROOT_PATH), await connect()];
      const ids = ["zed", "mid", "abc"].map((name) => `${name}-${makeId()}`);
      const [hostId = "", guestId = "", otherId = ""] = ids;
      const opened = await host.ask("open-room", toAsk(room, hostId, { maxPlayers: "3" }));
      expect(opened[0] ?? null).toBeNull();
      expect(await other.ask("open-room", toAsk(room, otherId))).toEqual(["Room already exists"]);
      const joined = await guest.ask("join-room", toAsk(room, guestId, { password: null }));
      expect(joined[0]).toBeNull();
      expect(Object.keys(joined[1] as PlayersWire)).toEqual([hostId, guestId]);
      expect((joined[1] as PlayersWire)[hostId]).toEqual({
        socketId: host.socket.id ?? "",
        player_name: hostId.toUpperCase().slice(0, 64),
        userid: hostId,
        playerId: null,
      });
      expect(await list()).toEqual({
        [room]: {
          room_name: "The room",
          current: 2,
          max: 3,
          player_name: hostId.toUpperCase(),
          hasPassword: false,
        },
      });
      expect(await list("25")).toEqual({});
      await other.ask("join-room", toAsk(room, otherId));
      expect(await list()).toEqual({});
      await until("three", () => Object.keys(lastPlayers(host)).length === 3);
      expect(Object.keys(lastPlayers(host))).toEqual(ids);
      guest.emit("leave-room");
      await until("two", () => Object.keys(lastPlayers(other)).length === 2);
      expect(Object.keys(lastPlayers(other))).toEqual([hostId, otherId]);
      guest.close();
      host.close();
      await until("one", () => Object.keys(lastPlayers(other)).length === 1);
      expect(other.payloadsOf<unknown>("data-message")).toEqual([{ type: "host-left" }]);
      other.close();
      await until("the end of the room", async () => Object.keys(await listPlainly()).length === 0);
      expect(await list()).toEqual({});
    },
    SLOW_MS,
  );

  test(
    "are let in by the password alone, and a failed attempt leaves nothing behind",
    async () => {
      const room = makeId();
      const [host, guest] = [await connect(), await connect()];
      const [hostId, guestId] = [makeId(), makeId()];
      expect(await host.ask("open-room", toAsk(room, hostId, { password: "x" }))).toEqual([]);
      expect(await list()).toMatchObject({ [room]: { hasPassword: true } });
      const attempt = (more: object) => guest.ask("join-room", toAsk(room, makeId(), { ...more }));
      expect(await attempt({ password: null })).toEqual(["Incorrect password"]);
      expect(await attempt({ password: "y" })).toEqual(["Incorrect password"]);
      expect(await attempt({ password: "", room_password: "X" })).toEqual(["Incorrect password"]);
      const joined = await guest.ask("join-room", toAsk(room, guestId, { password: "x" }));
      expect(Object.keys(joined[1] as PlayersWire)).toEqual([hostId, guestId]);
      await guest.ask("leave-room");
      const again = await attempt({ password: "", room_password: "x" });
      expect(again[0]).toBeNull();
    },
    SLOW_MS,
  );

  test(
    "signal each other within their room alone",
    async () => {
      const [host, guest, stranger] = [await connect(), await connect(), await connect()];
      const room = makeId();
      await host.ask("open-room", toAsk(room, makeId()));
      await guest.ask("join-room", toAsk(room, makeId()));
      await stranger.ask("open-room", toAsk(makeId(), makeId()));
      const [hostSocket, guestSocket] = [host.socket.id, guest.socket.id];
      host.emit("webrtc-signal", { target: guestSocket, offer: { type: "offer", sdp: "x" } });
      expect(await guest.waitFor("webrtc-signal")).toEqual({
        sender: hostSocket,
        candidate: null,
        offer: { type: "offer", sdp: "x" },
        answer: null,
      });
      stranger.emit("webrtc-signal", { target: guestSocket, offer: {} });
      host.emit("webrtc-signal", { target: stranger.socket.id, offer: {} });
      host.emit("webrtc-signal", { target: room, offer: {} });
      host.emit("webrtc-signal", { offer: {} });
      host.emit("webrtc-signal");
      expect(await stranger.ask("webrtc-signal", "x")).toEqual([]);
      guest.emit("webrtc-signal", { target: hostSocket, answer: { sdp: "y" } });
      guest.emit("webrtc-signal", { target: hostSocket, candidate: { candidate: "z" } });
      guest.emit("webrtc-signal", { target: hostSocket, requestRenegotiate: true, reason: "stalled" });
      guest.emit("webrtc-signal-error", { error: "ice" }, { more: 1 });
      expect(await host.waitFor("webrtc-signal", 3)).toEqual({
        sender: guestSocket,
        requestRenegotiate: true,
      });
      expect(host.payloadsOf("webrtc-signal").slice(0, 2)).toEqual([
        { sender: guestSocket, candidate: null, offer: null, answer: { sdp: "y" } },
        { sender: guestSocket, candidate: { candidate: "z" }, offer: null, answer: null },
      ]);
      expect(guest.payloadsOf("webrtc-signal")).toHaveLength(1);
      expect(stranger.payloadsOf("webrtc-signal")).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    "hear each other's messages, with what is attached, in order, and nobody else's",
    async () => {
      const [host, guest, stranger] = [await connect(), await connect(), await connect()];
      const room = makeId();
      await host.ask("open-room", toAsk(room, makeId()));
      await guest.ask("join-room", toAsk(room, makeId()));
      await stranger.ask("open-room", toAsk(makeId(), makeId()));
      const state = crypto.getRandomValues(new Uint8Array(60_000));
      const sent: unknown[] = [];
      for (let at = 0; at < 40; at += 1) {
        const name = ["input", "data-message", "snapshot"][at % 3] ?? "";
        const payload =
          at % 12 === 10 ? { at, state: Buffer.from(state), more: [Buffer.from([at])] } : { at };
        sent.push([name, payload]);
        host.emit(name, payload);
        stranger.emit(name, { stranger: at });
      }
      await until("all", () => guest.told.filter(([name]) => name !== "users-updated").length >= 40);
      const passed = guest.told.filter(([name]) => name !== "users-updated");
      expect(passed.map(([name, payload]) => [name, (payload as { at: number }).at])).toEqual(
        sent.map((each) => [
          (each as [string, unknown])[0],
          ((each as [string, unknown])[1] as { at: number }).at,
        ]),
      );
      const last = passed[34]?.[1] as { state: Uint8Array; more: readonly Uint8Array[] };
      expect(Buffer.compare(Buffer.from(last.state), Buffer.from(state))).toBe(0);
      expect([...(last.more[0] ?? [])]).toEqual([34]);
      for (const name of ["input", "data-message", "snapshot"]) {
        expect([host.payloadsOf(name), stranger.payloadsOf(name)]).toEqual([[], []]);
      }
    },
    SLOW_MS,
  );

  test(
    "are told what is wrong with what they sent",
    async () => {
      const client = await connect();
      const invalid = ["Invalid data: sessionId and playerId required"];
      for (const name of ["open-room", "join-room"]) {
        for (const payload of [undefined, null, "x", 5, [], {}, { extra: "x" }, { extra: {} }]) {
          expect(await client.ask(name, ...(payload === undefined ? [] : [payload]))).toEqual(invalid);
        }
        client.emit(name);
        client.emit(name, { extra: null });
      }
      expect(await client.ask("join-room", toAsk(makeId(), makeId()))).toEqual(["Room not found"]);
      expect(await client.ask("leave-room")).toEqual([]);
      expect(await client.ask("input", 1)).toEqual([]);
    },
    SLOW_MS,
  );
});

test(
  "a host's state of five megabytes arrives as it was, whichever way each player came",
  async () => {
    const host = await scene.connect(app, { transports: ["websocket"] });
    const guests = await Promise.all(WAYS.map(([, transports]) => scene.connect(app, { transports })));
    const room = makeId();
    await host.ask("open-room", toAsk(room, makeId()));
    for (const guest of guests) await guest.ask("join-room", toAsk(room, makeId()));
    const state = crypto.getRandomValues(new Uint8Array(65_536));
    const bytes = Buffer.concat(Array.from({ length: 80 }, () => state));
    host.emit("data-message", { state: bytes });
    for (const guest of guests) {
      const { state: got } = await guest.waitFor<{ state: Uint8Array }>("data-message");
      expect(Bun.hash(new Uint8Array(got))).toBe(Bun.hash(new Uint8Array(bytes)));
    }
    // And back again from the one who polls.
    guests[1]?.emit("data-message", { state: bytes });
    const { state: back } = await host.waitFor<{ state: Uint8Array }>("data-message");
    expect(Bun.hash(new Uint8Array(back))).toBe(Bun.hash(new Uint8Array(bytes)));
  },
  SLOW_MS,
);

test(
  "four players who send 240 inputs each lose none, and hear each in order",
  async () => {
    const players = await Promise.all(
      [WAYS[0], WAYS[0], WAYS[1], WAYS[2]].map((way) => scene.connect(app, { transports: way?.[1] ?? [] })),
    );
    const room = makeId();
    const [host, ...guests] = players;
    await host?.ask("open-room", toAsk(room, makeId()));
    for (const guest of guests) await guest.ask("join-room", toAsk(room, makeId()));
    for (let frame = 0; frame < 240; frame += 1) {
      for (const [at, player] of players.entries()) player.emit("data-message", { at, frame });
      if (frame % 8 === 7) await Bun.sleep(1);
    }
    for (const [at, player] of players.entries()) {
      await player.waitFor("data-message", 3 * 240);
      for (const other of players.keys()) {
        const frames = player
          .payloadsOf<{ at: number; frame: number }>("data-message")
          .filter((each) => each.at === other)
          .map(({ frame }) => frame);
        expect(frames).toEqual(at === other ? [] : Array.from({ length: 240 }, (_, frame) => frame));
      }
    }
  },
  SLOW_MS,
);
