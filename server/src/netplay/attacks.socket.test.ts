import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { TestApp } from "../app/testing.ts";
import type { TestClient } from "../socket/client.testing.ts";
import {
  INPUT_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  PASSWORD_FAILURES_MAX,
  ROOMS_PER_ADDRESS_MAX,
  SIGNAL_BYTES_MAX,
} from "./limits.ts";
import { openRawPlayer, type RawPlayer } from "./raw-player.testing.ts";
import {
  createNetplayScene,
  makeId,
  NETPLAY_PATH,
  type PlayersWire,
  toAsk,
  until,
  WAYS,
} from "./scene.testing.ts";

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

let addresses = 0;
/** A client of an address of its own, as a proxy tells it. */
const connect = (transports: readonly string[] = ["websocket"], address?: string) => {
  addresses += 1;
  const from = address ?? `198.51.${Math.floor(addresses / 250)}.${addresses % 250}`;
  return scene.connect(app, { transports, headers: { "x-forwarded-for": from } });
};
const lastPlayers = (client: TestClient) =>
  Object.keys(client.payloadsOf<PlayersWire>("users-updated").at(-1) ?? {});

async function joinRaw(room: string, id: string): Promise<RawPlayer> {
  const raw = await openRawPlayer(await app.listen());
  raws.push(raw);
  raw.send(`421["join-room",${JSON.stringify(toAsk(room, id))}]`);
  await until("the raw player", () => raw.heard.some((text) => text.startsWith("431[null")));
  return raw;
}

/** A small generator with a seed, so that a failure can be repeated (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const place = (num: number) => `{"_placeholder":true,"num":${num}}`;

/** Packets that are nearly right. */
const PACKETS: readonly string[] = [
  '42["input",{"a":1}]',
  '42["data-message",{"chat-message":{"message":"hi"}}]',
  '42["snapshot"]',
  '42["input",{"_placeholder":true,"num":0}]',
  '42["data-message",{"type":"host-left"},1,2,3]',
  '427["data-message",{"a":1}]',
  '42["__proto__",{"__proto__":{"x":1}}]',
  '42["users-updated",{}]',
  '42["disconnect"]',
  '42["webrtc-signal",{"target":"x","offer":{}}]',
  '42["webrtc-signal",{"target":{"length":1}}]',
  '42["open-room"]',
  '423["open-room",{"extra":{"sessionid":{"a":1},"userid":[1]}}]',
  '423["join-room",{"extra":{"sessionid":"__proto__","userid":"constructor"}}]',
  `451-["data-message",${place(0)}]`,
  `451-["snapshot",{"a":${place(1)}}]`,
  `452-["input",[${place(0)},${place(0)}]]`,
  `4510-["input",[]]`,
  `45999999999-["input",${place(0)}]`,
  `450-["input"]`,
  "42[",
  "42",
  "45",
  "451-",
  "2",
  "3",
  "6",
  "40",
  '40{"token":"x"}',
  "40/admin,",
  "43[1]",
  "b====",
  "",
  "9",
  `42["input","\\ud800"]`,
  `42["data-message",${"[".repeat(3_000)}${"]".repeat(3_000)}]`,
];

function mutate(text: string, random: (below: number) => number): string {
  const at = random(text.length + 1);
  switch (random(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random(0x250)) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + 1 + random(4));
    case 3:
      return text + (PACKETS[random(PACKETS.length)] ?? "");
    default:
      return text;
  }
}

describe("a member who sends anything", () => {
  test(
    "neither stops the server, nor ends the connection of others, nor reaches another room",
    async () => {
      const seed = Number(process.env.MULTITAP_FUZZ_SEED ?? Date.now() % 1_000_000);
      const random = createRandom(seed);
      const room = makeId();
      const [host, polled, stranger] = [await connect(), await connect(["polling"]), await connect()];
      await host.ask("open-room", toAsk(room, "host", { maxPlayers: 16 }));
      await polled.ask("join-room", toAsk(room, "polled"));
      await stranger.ask("open-room", toAsk(makeId(), "stranger"));
      for (let round = 0; round < 80; round += 1) {
        const raw = await joinRaw(room, `raw-${round}`);
        for (let at = 0; at < 1 + random(6); at += 1) {
          const packet = PACKETS[random(PACKETS.length)] ?? "";
          if (random(4) === 0) raw.sendBytes(Uint8Array.from({ length: random(40) }, () => random(256)));
          else raw.send(mutate(packet, random));
        }
        // Each packet as it is as well, so that none is left to chance.
        raw.send(PACKETS[round % PACKETS.length] ?? "");
        if (round % 3 === 0) raw.close();
      }
      for (const raw of raws) raw.close();
      await until("the raw players to leave", () => lastPlayers(host).join() === "host,polled");
      const known = new Set(["users-updated", "input", "data-message", "snapshot", "webrtc-signal"]);
      expect([seed, [...new Set(host.names())].filter((name) => !known.has(name))]).toEqual([seed, []]);
      expect([seed, host.socket.connected, polled.socket.connected]).toEqual([seed, true, true]);
      expect([seed, stranger.names()]).toEqual([seed, ["users-updated"]]);
      host.emit("data-message", { last: true });
      await until("the last message", () =>
        polled.payloadsOf<{ last?: boolean } | null>("data-message").some((each) => each?.last === true),
      );
    },
    SLOW_MS,
  );

  test(
    "has attachments passed on whole or not at all, and others between them are the end",
    async () => {
      const room = makeId();
      const host = await connect();
      await host.ask("open-room", toAsk(room, "host"));
      const raw = await joinRaw(room, "raw");
      const text = `452-["data-message",{"b":${place(1)},"a":${place(0)}}]`;
      raw.send(text);
      raw.sendBytes(new Uint8Array([1, 2]));
      // What the engine says to itself may come between.
      raw.send("3");
      raw.sendBytes(new Uint8Array([3]));
      const got = await host.waitFor<{ a: Uint8Array; b: Uint8Array }>("data-message");
      expect([[...got.a], [...got.b]]).toEqual([[1, 2], [3]]);
      raw.send(text);
      raw.sendBytes(new Uint8Array([1, 2]));
      raw.send('42["data-message",1]');
      await until("the end", () => raw.isClosed());
      const late = await joinRaw(room, "late");
      late.send(text);
      late.send('42["leave-room"]');
      await until("the end of the other", () => late.isClosed());
      expect(host.payloadsOf("data-message")).toHaveLength(1);
    },
    SLOW_MS,
  );
});

describe("too much", () => {
  test.each(WAYS.slice(0, 2))(
    "in one input over %s ends the connection of its sender alone",
    async (_way, transports) => {
      const room = makeId();
      const [host, guest] = [await connect(transports), await connect()];
      await host.ask("open-room", toAsk(room, "host"));
      await guest.ask("join-room", toAsk(room, "guest"));
      host.emit("input", "x".repeat(INPUT_BYTES_MAX - 100));
      await guest.waitFor("input");
      host.emit("input", "x".repeat(INPUT_BYTES_MAX));
      expect(await host.waitForEnd()).toBe("transport close");
      await until("the guest alone", () => lastPlayers(guest).join() === "guest");
      expect(guest.payloadsOf("input")).toHaveLength(1);
    },
    SLOW_MS,
  );

  test(
    "in a signal ends the connection of its sender",
    async () => {
      const room = makeId();
      const [host, guest] = [await connect(), await connect()];
      await host.ask("open-room", toAsk(room, "host"));
      await guest.ask("join-room", toAsk(room, "guest"));
      const signal = (chars: number) => ({ target: guest.socket.id, offer: "x".repeat(chars) });
      await host.ask("webrtc-signal", signal(SIGNAL_BYTES_MAX - 200));
      await guest.waitFor("webrtc-signal");
      host.emit("webrtc-signal", signal(SIGNAL_BYTES_MAX));
      expect(await host.waitForEnd()).toBe("transport close");
      expect(guest.payloadsOf("webrtc-signal")).toHaveLength(1);
    },
    SLOW_MS,
  );

  test(
    "in one message, or in one with its attachments, ends the connection",
    async () => {
      const room = makeId();
      const host = await connect();
      await host.ask("open-room", toAsk(room, "host"));
      const one = await joinRaw(room, "one");
      one.sendBytes(new Uint8Array(MESSAGE_BYTES_MAX + 1));
      await until("the end", () => one.isClosed());
      const many = await joinRaw(room, "many");
      many.send(`452-["data-message",[${place(0)},${place(1)}]]`);
      for (let at = 0; at < 2; at += 1) many.sendBytes(new Uint8Array(MESSAGE_BYTES_MAX / 2));
      await until("the end of the other", () => many.isClosed());
      const polled = await connect(["polling"]);
      const answer = await fetch(`${await app.listen()}${NETPLAY_PATH}?EIO=4&transport=polling`);
      const { sid, maxPayload } = JSON.parse((await answer.text()).slice(1)) as Record<string, unknown>;
      expect(maxPayload).toBe(MESSAGE_BYTES_MAX);
      const posted = await fetch(`${await app.listen()}${NETPLAY_PATH}?EIO=4&transport=polling&sid=${sid}`, {
        method: "POST",
        body: "x".repeat(MESSAGE_BYTES_MAX + 1),
      });
      expect(posted.status).toBe(413);
      expect([host.socket.connected, polled.socket.connected]).toEqual([true, true]);
      expect(host.payloadsOf("data-message")).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    "guessing makes one address wait, and lets others in",
    async () => {
      const room = makeId();
      const host = await connect();
      await host.ask("open-room", toAsk(room, "host", { password: "right" }));
      const guesser = await connect(["websocket"], "203.0.113.7");
      const attempt = (client: TestClient, password: string) =>
        client.ask("join-room", toAsk(room, makeId(), { password }));
      // At once, so that none can be looked at before the others are counted.
      const acks = await Promise.all(
        Array.from({ length: PASSWORD_FAILURES_MAX + 5 }, (_, at) => attempt(guesser, `wrong ${at}`)),
      );
      expect(acks.slice(0, PASSWORD_FAILURES_MAX).flat()).toEqual(
        Array.from({ length: PASSWORD_FAILURES_MAX }, () => "Incorrect password"),
      );
      for (const [text] of acks.slice(PASSWORD_FAILURES_MAX)) {
        expect(text).toMatch(/^Too many wrong passwords, try again in \d+ s$/);
      }
      expect((await attempt(guesser, "right"))[0]).toMatch(/^Too many wrong passwords/);
      const friend = await connect();
      expect((await attempt(friend, "right"))[0]).toBeNull();
      await friend.ask("leave-room");
      // Right ones do not count.
      for (let turn = 0; turn < PASSWORD_FAILURES_MAX + 2; turn += 1) {
        expect((await attempt(friend, "right"))[0]).toBeNull();
        await friend.ask("leave-room");
      }
    },
    SLOW_MS,
  );

  test(
    "rooms of one address leave place for those of others",
    async () => {
      const address = "203.0.113.8";
      const own = await Promise.all(
        Array.from({ length: ROOMS_PER_ADDRESS_MAX + 1 }, () => connect(["websocket"], address)),
      );
      const acks = [];
      for (const client of own) acks.push(await client.ask("open-room", toAsk(makeId(), makeId())));
      expect(acks.filter(([error]) => error === undefined)).toHaveLength(ROOMS_PER_ADDRESS_MAX);
      expect(acks.at(-1)).toEqual(["Too many rooms are open"]);
      const other = await connect();
      expect(await other.ask("open-room", toAsk(makeId(), makeId()))).toEqual([]);
      own[0]?.close();
      const last = own.at(-1);
      await until(
        "a free place",
        async () => (await last?.ask("open-room", toAsk(makeId(), makeId())))?.length === 0,
      );
    },
    SLOW_MS,
  );
});
