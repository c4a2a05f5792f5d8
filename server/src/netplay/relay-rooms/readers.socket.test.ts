// Readers that are late, silent or too many: what the endpoint alone answers for.
import { afterEach, describe, expect, test } from "bun:test";
import { begin, input, inputsOf, part, short, snapshotOf } from "../relay-switchboard/scene.testing.ts";
import {
  type BareOptions,
  type BareRelay,
  openBareRelay,
  openRawClient,
  type RawClient,
} from "./bare.testing.ts";
import { hello, openRelayClient, type RelayClient, type RelayGot } from "./client.testing.ts";
import { CLOSE_ABOVE_BYTES, FAILURES_MAX, GREETINGS_MAX, HELLO_MS, SKIP_ABOVE_BYTES } from "./limits.ts";

const UNLIMITED = {
  memberMessagesPerSecond: 1e9,
  memberBytesPerSecond: 1e12,
  roomMessagesPerSecond: 1e9,
  roomBytesPerSecond: 1e12,
};
const relays: BareRelay[] = [];
const open = (options: BareOptions = {}) => {
  const relay = openBareRelay(options);
  relays.push(relay);
  return relay;
};
afterEach(async () => {
  for (const relay of relays.splice(0)) {
    expect(relay.failures).toEqual([]);
    await relay.close();
  }
});

async function enterRaw({ port }: BareRelay): Promise<RawClient> {
  const client = await openRawClient(port);
  client.send(hello("play"));
  await client.until(() => client.inbox.some(([type]) => type === 0x03));
  return client;
}

const framesOf = (inbox: readonly Uint8Array[]) =>
  inbox
    .filter(([type]) => type === 0x10)
    .map((bytes) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true));
const missedIn = (inbox: readonly Uint8Array[]) =>
  inbox
    .filter(([type]) => type === 0x15)
    .reduce((sum, bytes) => sum + new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true), 0);

/** An input of 64 bytes. */
function largeInput(frame: number): Uint8Array {
  const bytes = new Uint8Array(72);
  bytes[0] = 0x10;
  new DataView(bytes.buffer).setUint32(4, frame, true);
  return bytes;
}

const isCut = (roster: RelayGot) =>
  roster.json<{ players: { isConnected: boolean }[] }>().players.some(({ isConnected }) => !isConnected);

describe("who reads too slowly", () => {
  test("is left out, told how many inputs it missed, and never fed what is stale", async () => {
    const relay = open({ limits: UNLIMITED, facts: { inputBytes: 64 } });
    const owner = await relay.connect("play");
    const slow = await enterRaw(relay);
    slow.socket.pause();
    const [link] = [...relay.endpoint.listWaiting()].slice(-1);
    let frame = 0;
    // The system takes some megabytes before anything waits with us.
    for (; frame < 400_000 && (link?.() ?? 0) <= SKIP_ABOVE_BYTES; frame++) {
      owner.send(largeInput(frame));
      if (frame % 500 === 0) await Bun.sleep(0);
    }
    const skippedFrom = frame;
    for (; frame < skippedFrom + 20_000; frame++) owner.send(largeInput(frame));
    owner.send(short(0x40, 0, { long: 1 }));
    await owner.next(0x41);
    expect(link?.()).toBeLessThan(SKIP_ABOVE_BYTES + 200_000);
    slow.socket.resume();
    await slow.until(() => missedIn(slow.inbox) > 0);
    const missed = missedIn(slow.inbox);
    const before = framesOf(slow.inbox);
    expect(before.length + missed).toBe(frame);
    expect(before).toEqual(Array.from({ length: before.length }, (_, at) => at));
    owner.send(largeInput(frame));
    await slow.until(() => framesOf(slow.inbox).length > before.length);
    expect(framesOf(slow.inbox).slice(before.length)).toEqual([frame]);
    // It asks for what is still kept.
    slow.send(short(0x13, 0, { long: frame - 10 }));
    await slow.until(() => slow.inbox.some(([type]) => type === 0x12));
    expect(slow.inbox.find(([type]) => type === 0x12)?.[2]).toBe(11);
    slow.socket.terminate();
  }, 60_000);

  test("is let go when too much waits that cannot be left out", async () => {
    // It stands still: nobody is let go for being silent.
    const relay = open({ limits: UNLIMITED, clock: { nowMs: 0 } });
    const owner = await relay.connect("play");
    const slow = await enterRaw(relay);
    slow.socket.pause();
    const [waiting] = [...relay.endpoint.listWaiting()].slice(-1);
    const text = new Uint8Array(4 + 16_384).fill(0x31);
    text.set([0x20, 0, 0, 0]);
    let most = 0;
    for (let sent = 0; sent < 4_000 && relay.endpoint.count() === 2; sent++) {
      owner.send(text);
      if (sent % 20 !== 0) continue;
      await Bun.sleep(0);
      most = Math.max(most, waiting?.() ?? 0);
    }
    expect(most).toBeLessThan(CLOSE_ABOVE_BYTES + 500_000);
    await owner.until(() => owner.inbox.some((got) => got.type === 3 && isCut(got)));
    slow.socket.terminate();
  }, 60_000);

  test("gets a snapshot at its own pace", async () => {
    const relay = open({ limits: UNLIMITED });
    const owner = await relay.connect("play");
    const size = 12 * 1_048_576;
    owner.send(begin(1, 0, size));
    for (let at = 0; at < size; at += 65_536) owner.send(part(1, at, new Uint8Array(65_536).fill(at >> 16)));
    await owner.next(0x34);
    const slow = await openRawClient(relay.port);
    slow.send(hello("play"));
    await slow.until(() => slow.inbox.some(([type]) => type === 0x30));
    slow.socket.pause();
    const [link] = [...relay.endpoint.listWaiting()].slice(-1);
    for (let look = 0; look < 200; look++) {
      owner.send(input(0, look));
      await Bun.sleep(0);
      expect(link?.()).toBeLessThan(SKIP_ABOVE_BYTES);
    }
    slow.socket.resume();
    const parts = () => slow.inbox.filter(([type]) => type === 0x31);
    await slow.until(() => parts().length === size / 65_536);
    expect(parts().every((bytes, at) => bytes[8] === (at & 0xff))).toBe(true);
    expect(missedIn(slow.inbox)).toBe(0);
    slow.socket.terminate();
  }, 60_000);
});

describe("with a clock that stands still", () => {
  test("a spectator sees nothing until its delay is over", async () => {
    const clock = { nowMs: 1_000_000 };
    const relay = open({ clock });
    const owner = await relay.connect("play");
    const watcher = await relay.connect("watch-5000");
    for (let frame = 0; frame < 10; frame++) owner.send(input(0, frame));
    owner.send(short(0x40, 0, { long: 1 }));
    await owner.next(0x41);
    clock.nowMs += 4_000;
    watcher.send(short(0x40, 0, { long: 1 }));
    await watcher.next(0x41);
    expect(inputsOf(watcher.inbox)).toEqual([]);
    clock.nowMs += 1_000;
    await watcher.until(() => inputsOf(watcher.inbox).length > 0);
    expect(inputsOf(watcher.inbox)).toEqual(Array.from({ length: 10 }, (_, frame) => `${frame}:0`));
    owner.send(begin(1, 8, 10));
    owner.send(part(1, 0, new Uint8Array(10).fill(8)));
    await owner.next(0x34);
    const late = await relay.connect("watch-5000");
    clock.nowMs += 5_000;
    await late.until(() => snapshotOf(late.inbox) !== null && inputsOf(late.inbox).length === 2);
    expect(snapshotOf(late.inbox)).toMatchObject({ frame: 8, reason: 0 });
  });

  test("whoever says nothing is let go: before HELLO, and in a game", async () => {
    const clock = { nowMs: 1_000_000 };
    const relay = open({ clock });
    const silent = await openRelayClient(relay.url);
    const dead = await openRawClient(relay.port);
    dead.send(hello("play"));
    await dead.until(() => dead.inbox.some(([type]) => type === 0x03));
    clock.nowMs += HELLO_MS;
    expect(await silent.closed).toEqual({ code: 4408, reason: "NETPLAY_SILENT" });
    await dead.until(() => !dead.isOpen);
    expect(relay.board.count()).toMatchObject({ rooms: 1, connections: 0 });
    clock.nowMs += 30_000;
    const again = await openRelayClient(relay.url);
    const deadlineMs = performance.now() + 10_000;
    while (relay.board.count().rooms > 0 && performance.now() < deadlineMs) await Bun.sleep(2);
    expect(relay.board.count()).toMatchObject({ rooms: 0, keptBytes: 0 });
    again.close();
  });
});

test("a failure of ours ends the connection, says so, and counts against nobody", async () => {
  const relay = open();
  for (let at = 0; at <= FAILURES_MAX; at++) {
    const client = await openRelayClient(relay.url);
    client.send(hello("break"));
    expect(await client.closed).toEqual({ code: 1011, reason: "NETPLAY_FAILED" });
  }
  expect(relay.failures.splice(0)).toHaveLength(FAILURES_MAX + 1);
  const guest = await relay.connect("play");
  const { handle } = relay.board;
  relay.board.handle = () => {
    relay.board.handle = handle;
    throw new TypeError("as of a bug");
  };
  guest.send(short(0x35));
  expect((await guest.closed).code).toBe(1011);
  expect(relay.failures.splice(0)).toHaveLength(1);
});

describe("limits", () => {
  test("of connections that say nothing make room for new ones", async () => {
    const relay = open({ clock: { nowMs: 0 } });
    const first = await openRelayClient(relay.url);
    const silent = [];
    for (let at = 0; at < GREETINGS_MAX; at += 50) {
      silent.push(...(await Promise.all(Array.from({ length: 50 }, () => openRawClient(relay.port)))));
    }
    expect((await first.closed).code).toBe(4408);
    await relay.connect("play");
    for (const { socket } of silent) socket.terminate();
  }, 30_000);

  test("of one member's messages end its connection, and nobody else's", async () => {
    const relay = open({ clock: { nowMs: 0 }, limits: { memberMessagesPerSecond: 10 } });
    const [owner, guest] = [await relay.connect("play"), await relay.connect("play")];
    for (let frame = 0; frame < 41; frame++) guest.send(input(1, frame));
    expect(await guest.closed).toEqual({ code: 4429, reason: "NETPLAY_BUDGET_SPENT" });
    await owner.until(() => inputsOf(owner.inbox).length === 40);
    expect(owner.isOpen).toBe(true);
  });

  test("of one address count failures only", async () => {
    const relay = open();
    for (let at = 0; at < FAILURES_MAX; at++) {
      const client = await openRelayClient(relay.url);
      if (at % 2 === 0) client.socket.send("text");
      else client.send(hello("nobody"));
      expect((await client.closed).code).toBe(at % 2 === 0 ? 4400 : 4401);
    }
    const refused = await fetch(relay.url, { headers: { upgrade: "websocket" } });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
  });

  test("let fifty rooms of four play sixty times a second from one address", async () => {
    const relay = open({ clock: { nowMs: 0 } });
    const clients: [room: number, seat: number, client: RelayClient][] = [];
    for (let at = 0; at < 200; at++) clients.push([at >> 2, at & 3, await relay.connect(`play-${at >> 2}`)]);
    for (let frame = 0; frame < 60; frame++) {
      for (const [room, seat, client] of clients) client.send(input(seat, frame, room));
      await Bun.sleep(0);
    }
    for (const [room, , client] of clients) {
      await client.until(() => client.inbox.filter(({ type }) => type === 0x10).length === 180);
      expect(client.inbox.filter(({ type, bytes }) => type === 0x10 && bytes[8] !== room)).toEqual([]);
    }
    expect(relay.board.count()).toMatchObject({ rooms: 50, connections: 200 });
  }, 30_000);
});

describe("noise", () => {
  test("of ten thousand connections breaks nothing, and reaches nobody", async () => {
    const seed = Number(process.env.MULTITAP_FUZZ_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    console.log(`noise: seed ${seed} (MULTITAP_FUZZ_SEED repeats it)`);
    let state = seed || 1;
    const random = (sides: number) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % sides;
    };
    const relay = open({
      addressOf: (connection) => `10.${connection >> 16}.${(connection >> 8) & 255}.${connection & 255}`,
    });
    const [owner, guest] = [await relay.connect("play"), await relay.connect("play")];
    const deadlineMs = performance.now() + 6_000;
    let [connections, frame] = [0, 0];
    while (connections < 10_000 && performance.now() < deadlineMs) {
      const batch = await Promise.all(Array.from({ length: 25 }, () => openRawClient(relay.port)));
      for (const peer of batch) {
        // A frame that is right, around bytes that are not; or bytes that are no frame either.
        const noise = new Uint8Array(random(60)).map(() => random(256));
        if (random(3) === 0) peer.socket.write(noise);
        else peer.send(random(2) === 0 ? noise : new Uint8Array([1, 1, 0, 0, 0, 0, 0, 0, ...noise]));
      }
      connections += batch.length;
      owner.send(input(0, ++frame));
      expect((await guest.next(0x10)).bytes).toEqual(input(0, frame));
      for (const peer of batch) peer.socket.terminate();
    }
    console.log(`noise: ${connections} connections`);
    expect(connections).toBeGreaterThan(250);
    expect(
      [owner.inbox, guest.inbox].map((inbox) => inbox.filter(({ type }) => type !== 3 && type !== 0x41)),
    ).toEqual([[], []]);
    const limitMs = performance.now() + 10_000;
    while (relay.endpoint.count() > 2 && performance.now() < limitMs) await Bun.sleep(10);
    expect(relay.endpoint.count()).toBe(2);
  }, 40_000);
});
