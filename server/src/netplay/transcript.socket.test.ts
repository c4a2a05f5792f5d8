// The conversation that was recorded with the compatible server, event by event.
import { afterAll, expect, test } from "bun:test";
import { ADMIN } from "../auth/calls.testing.ts";
import type { TestClient } from "../socket/client.testing.ts";
import { createNetplayScene } from "./scene.testing.ts";

const SLOW_MS = 60_000;
const scene = createNetplayScene();
afterAll(() => scene.close());

const extraOf = (name: string, more: object = {}) => ({
  domain: "localhost",
  game_id: "24",
  room_name: "Room One",
  player_name: `U${name.toUpperCase()}`,
  sessionid: "sess-1",
  userid: `u${name}`,
  ...more,
});

const playerOf = (name: string, { socket }: TestClient) => ({
  [`u${name}`]: {
    socketId: socket.id ?? "",
    player_name: `U${name.toUpperCase()}`,
    userid: `u${name}`,
    playerId: null,
  },
});

/** What clients take for success: no argument, or null. */
const errorOf = ([first]: readonly unknown[]) => first ?? null;

test(
  "three players meet as they did when it was recorded",
  async () => {
    const app = await scene.open();
    const connect = () => scene.connect(app, { transports: ["websocket"] });
    const [a, b, c] = [await connect(), await connect(), await connect()];
    const list = async () =>
      await (await app.fetch("/api/netplay/list?game_id=24", { headers: { authorization: ADMIN } })).json();
    expect(await list()).toEqual({});
    expect(await a.ask("open-room", { extra: { sessionid: null, userid: null } })).toEqual([
      "Invalid data: sessionId and playerId required",
    ]);
    const opened = await a.ask("open-room", { extra: extraOf("a", { room_password: "pw" }), maxPlayers: 2 });
    expect(errorOf(opened)).toBeNull();
    expect(await a.waitFor<object>("users-updated")).toEqual(playerOf("a", a));
    expect(await c.ask("open-room", { extra: extraOf("c"), maxPlayers: 2 })).toEqual(["Room already exists"]);
    expect(await list()).toEqual({
      "sess-1": { room_name: "Room One", current: 1, max: 2, player_name: "UA", hasPassword: true },
    });
    expect(await b.ask("join-room", { extra: { sessionid: "none", userid: "ub" } })).toEqual([
      "Room not found",
    ]);
    expect(await b.ask("join-room", { extra: extraOf("b", { room_password: "bad" }) })).toEqual([
      "Incorrect password",
    ]);
    const both = { ...playerOf("a", a), ...playerOf("b", b) };
    expect(await b.ask("join-room", { extra: extraOf("b", { room_password: "pw" }) })).toEqual([null, both]);
    expect(await a.waitFor<object>("users-updated", 2)).toEqual(both);
    expect(await b.waitFor<object>("users-updated")).toEqual(both);
    expect(await c.ask("join-room", { extra: extraOf("c", { room_password: "pw" }) })).toEqual([
      "Room is full",
    ]);
    expect(await list()).toEqual({});

    a.emit("webrtc-signal", { target: b.socket.id, offer: { type: "offer", sdp: "x" } });
    expect(await b.waitFor("webrtc-signal")).toEqual({
      sender: a.socket.id,
      candidate: null,
      offer: { type: "offer", sdp: "x" },
      answer: null,
    });
    b.emit("webrtc-signal", { target: a.socket.id, answer: { type: "answer", sdp: "y" } });
    b.emit("webrtc-signal", { target: a.socket.id, candidate: { candidate: "z" } });
    b.emit("webrtc-signal", { candidate: { candidate: "no target" } });
    b.emit("webrtc-signal", { target: a.socket.id, requestRenegotiate: true });
    await a.waitFor("webrtc-signal", 3);
    const sender = b.socket.id;
    expect(a.payloadsOf("webrtc-signal")).toEqual([
      { sender, candidate: null, offer: null, answer: { type: "answer", sdp: "y" } },
      { sender, candidate: { candidate: "z" }, offer: null, answer: null },
      { sender, requestRenegotiate: true },
    ]);
    a.emit("webrtc-signal-error", { error: "ice" });
    expect([a, b, c].map(({ told }) => told.length)).toEqual([5, 2, 0]);
  },
  SLOW_MS,
);
