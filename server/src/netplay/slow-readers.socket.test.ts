// A member who does not read what it is sent.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { TestApp } from "../app/testing.ts";
import type { TestClient } from "../socket/client.testing.ts";
import { INPUT_BYTES_MAX } from "./limits.ts";
import { openRawPlayer, type RawPlayer } from "./raw-player.testing.ts";
import { createNetplayScene, makeId, NETPLAY_PATH, type PlayersWire, toAsk, until } from "./scene.testing.ts";

const SLOW_MS = 120_000;
const scene = createNetplayScene();
const raws: RawPlayer[] = [];
let app: TestApp;

beforeAll(async () => {
  app = await scene.open({
    environment: {
      // What one player sends is to be bounded by other means than these.
      MULTITAP_NETPLAY_SOCKET_MESSAGES: "100000",
      MULTITAP_NETPLAY_SOCKET_BYTES: "1000000000",
      MULTITAP_NETPLAY_ROOM_MESSAGES: "100000",
      MULTITAP_NETPLAY_ROOM_BYTES: "1000000000",
    },
  });
  await app.listen();
}, SLOW_MS);
afterEach(() => {
  for (const raw of raws.splice(0)) raw.close();
  scene.disconnectAll();
});
afterAll(() => scene.close());

const connect = () => scene.connect(app, { transports: ["websocket"] });
const lastPlayers = (client: TestClient) =>
  Object.keys(client.payloadsOf<PlayersWire>("users-updated").at(-1) ?? {});

async function joinRaw(room: string, id: string): Promise<RawPlayer> {
  const raw = await openRawPlayer(await app.listen());
  raws.push(raw);
  raw.send(`421["join-room",${JSON.stringify(toAsk(room, id))}]`);
  await until("the raw player", () => raw.heard.some((text) => text.startsWith("431[null")));
  return raw;
}

/** Milliseconds below which 99 of 100 lie. */
const p99 = (times: readonly number[]) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;

describe("a member who stops reading", () => {
  /** Inputs of 4 kB, enough to fill what the kernel takes for both ends many times over. */
  const INPUTS = 20_000;
  const filler = "x".repeat(INPUT_BYTES_MAX - 100);

  test(
    "misses inputs and is told of none that is stale, while others miss nothing and memory stays bounded",
    async () => {
      const room = makeId();
      const [host, guest] = [await connect(), await connect()];
      await host.ask("open-room", toAsk(room, "host"));
      await guest.ask("join-room", toAsk(room, "guest"));
      const times: number[] = [];
      guest.socket.on("input", ({ at }: { at: number }) => times.push(performance.now() - at));
      const play = async (count: number, text: string) => {
        const before = guest.payloadsOf("input").length;
        times.length = 0;
        for (let sent = 1; sent <= count; sent += 1) {
          host.emit("input", { at: performance.now(), text });
          if (sent % 50 === 0) await guest.waitFor("input", before + sent);
        }
        await guest.waitFor("input", before + count);
        guest.told.splice(0);
        return p99(times);
      };
      const raw = await joinRaw(room, "raw");
      const alone = await play(2_000, "");
      await until("the inputs", () => raw.heard.filter((text) => text.includes('"input"')).length === 2_000);
      raw.heard.splice(0);
      raw.tcp.pause();
      const rssBefore = process.memoryUsage().rss;
      let beside = 0;
      for (let part = 0; part < INPUTS; part += 1_000) beside = Math.max(beside, await play(1_000, filler));
      const grownBytes = process.memoryUsage().rss - rssBefore;
      raw.tcp.resume();
      let marks = 0;
      await until("fresh inputs", async () => {
        marks += 1;
        host.emit("input", { mark: marks });
        await Bun.sleep(5);
        return raw.heard.some((text) => text.includes('"mark"'));
      });
      const heard = raw.heard.filter((text) => text.includes('"at"')).length;
      console.log(
        `p99 of inputs to others: ${alone.toFixed(2)} ms before, ${beside.toFixed(2)} ms beside a member that does not read; it missed ${INPUTS - heard} of ${INPUTS}; memory grew by ${Math.round(grownBytes / 1e6)} MB`,
      );
      expect(heard).toBeLessThan(INPUTS - 5_000);
      expect(grownBytes).toBeLessThan(400e6);
      expect(raw.isClosed()).toBe(false);
      // Nothing that was sent while it did not read comes behind what is new.
      const first = raw.heard.findIndex((text) => text.includes('"mark"'));
      expect(raw.heard.slice(first).filter((text) => text.includes('"at"'))).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    "is let go as well when it does not poll any more",
    async () => {
      const room = makeId();
      const [host, guest] = [await connect(), await connect()];
      await host.ask("open-room", toAsk(room, "host"));
      await guest.ask("join-room", toAsk(room, "guest"));
      const path = `${await app.listen()}${NETPLAY_PATH}?EIO=4&transport=polling`;
      const { sid } = JSON.parse((await (await fetch(path)).text()).slice(1)) as { sid: string };
      const join = `421["join-room",${JSON.stringify(toAsk(room, "silent"))}]`;
      await fetch(`${path}&sid=${sid}`, { method: "POST", body: "40" });
      await fetch(`${path}&sid=${sid}`, { method: "POST", body: join });
      await until("three", () => lastPlayers(host).length === 3);
      const text = "x".repeat(1_000_000);
      for (let sent = 1; sent <= 30 && lastPlayers(host).length === 3; sent += 1) {
        host.emit("data-message", { text });
        await guest.waitFor("data-message", sent);
      }
      await until("its end", () => lastPlayers(host).join() === "host,guest");
      expect(guest.payloadsOf("data-message").length).toBeLessThan(30);
    },
    SLOW_MS,
  );

  test(
    "is let go before what it must not miss costs too much",
    async () => {
      const room = makeId();
      const [host, guest] = [await connect(), await connect()];
      await host.ask("open-room", toAsk(room, "host"));
      await guest.ask("join-room", toAsk(room, "guest"));
      const raw = await joinRaw(room, "raw");
      raw.tcp.pause();
      const state = Buffer.alloc(4 * 1024 * 1024, 1);
      let sent = 0;
      await until("its end", async () => {
        if (sent < 20) {
          sent += 1;
          host.emit("data-message", { state });
          await guest.waitFor("data-message", sent);
        }
        return lastPlayers(host).join() === "host,guest";
      });
      expect(sent).toBeLessThan(20);
      expect(guest.payloadsOf("data-message")).toHaveLength(sent);
    },
    SLOW_MS,
  );
});
