// What one player and one room may send.
import { afterAll, expect, test } from "bun:test";
import {
  createNetplayScene,
  makeId,
  NETPLAY_PATH,
  type PlayersWire,
  toAsk,
  until,
  WAYS,
} from "./scene.testing.ts";

const SLOW_MS = 60_000;
const scene = createNetplayScene();
afterAll(() => scene.close());

test(
  "who sends too many messages is let go, also in one body of a poll, and a room that sends too many misses some",
  async () => {
    const app = await scene.open({
      environment: {
        MULTITAP_NETPLAY_SOCKET_MESSAGES: "100",
        MULTITAP_NETPLAY_ROOM_MESSAGES: "50",
      },
    });
    const webSocket = { transports: WAYS[0]?.[1] };
    const [host, guest] = [await scene.connect(app, webSocket), await scene.connect(app, webSocket)];
    const room = makeId();
    await host.ask("open-room", toAsk(room, "host"));
    await guest.ask("join-room", toAsk(room, "guest"));
    // Ten seconds' worth of a player, and twice that of the room.
    for (let at = 0; at < 900; at += 1) host.emit("data-message", { at });
    await host.ask("webrtc-signal-error");
    await guest.ask("webrtc-signal-error");
    const heard = guest.payloadsOf<{ at: number }>("data-message").map(({ at }) => at);
    expect(heard.length).toBeGreaterThanOrEqual(500);
    expect(heard.length).toBeLessThan(900);
    expect(heard.slice(0, 500)).toEqual(Array.from({ length: 500 }, (_, at) => at));
    for (let at = 0; at < 2_000; at += 1) host.emit("data-message", { at });
    expect(await host.waitForEnd()).toBe("transport close");
    const players = () => Object.keys(guest.payloadsOf<PlayersWire>("users-updated").at(-1) ?? {});
    await until("the guest alone", () => players().join() === "guest");

    const path = `${await app.listen()}${NETPLAY_PATH}?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(path)).text()).slice(1)) as { sid: string };
    const packets = Array.from({ length: 1_100 }, () => '42["data-message",1]').join("\x1e");
    const answer = await fetch(`${path}&sid=${sid}`, { method: "POST", body: `40\x1e${packets}` });
    expect(answer.status).toBe(429);
    expect(guest.socket.connected).toBe(true);
  },
  SLOW_MS,
);

test(
  "fifty rooms of four from one address play a second at once without being held back",
  async () => {
    const app = await scene.open();
    await app.listen();
    const rooms = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const players = await Promise.all(
          Array.from({ length: 4 }, () => scene.connect(app, { transports: WAYS[0]?.[1] })),
        );
        const room = makeId();
        for (const [at, player] of players.entries()) {
          const event = at === 0 ? "open-room" : "join-room";
          expect((await player.ask(event, toAsk(room, `p${at}`)))[0] ?? null).toBeNull();
        }
        return players;
      }),
    );
    for (let frame = 0; frame < 60; frame += 1) {
      for (const player of rooms.flat()) player.emit("input", { frame });
      await Bun.sleep(0);
    }
    for (const player of rooms.flat()) {
      await player.waitFor("input", 3 * 60);
      expect(player.payloadsOf("input")).toHaveLength(3 * 60);
    }
  },
  SLOW_MS,
);
