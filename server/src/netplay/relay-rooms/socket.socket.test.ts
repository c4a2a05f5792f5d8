// The raw relay with real websockets, from ticket to close.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { begin, input, inputsOf, part, short, snapshotOf } from "../relay-switchboard/scene.testing.ts";
import { hello, openRelayClient } from "./client.testing.ts";
import type { RoomTicket } from "./contract.ts";
import { type Joined, openRelayScene, type RelayScene } from "./scene.testing.ts";

let scene: RelayScene;

beforeAll(async () => {
  scene = await openRelayScene();
}, 60_000);
afterAll(() => scene.close());

async function pair(): Promise<readonly [Joined, Joined]> {
  const [owner, guest] = await scene.fill(2);
  if (owner === undefined || guest === undefined) throw new TypeError("nobody came");
  return [owner, guest];
}

describe("a game", () => {
  test("opens, is joined by its invite, and inputs cross in order", async () => {
    const [owner, guest] = await pair();
    expect([owner.welcome.seat, guest.welcome.seat, guest.welcome.invite]).toEqual([
      0,
      1,
      owner.welcome.invite,
    ]);
    for (let frame = 0; frame < 500; frame++) {
      owner.client.send(input(0, frame));
      guest.client.send(input(1, frame));
    }
    for (const [{ client }, seat] of [
      [owner, 1],
      [guest, 0],
    ] as const) {
      await client.until(() => client.inbox.filter(({ type }) => type === 0x10).length === 500);
      const expected = Array.from({ length: 500 }, (_, frame) => `${frame}:${seat}`);
      expect(inputsOf(client.inbox)).toEqual(expected);
    }
  });

  test("goes on after a cut, with what was missed", async () => {
    const [owner, guest] = await pair();
    guest.client.close();
    await owner.client.until(() => owner.client.inbox.some((got) => got.type === 3 && isCut(got.json())));
    for (let frame = 0; frame < 20; frame++) owner.client.send(input(0, frame));
    const back = await scene.greet(`/ws/netplay?room=${guest.welcome.roomId}`, guest.welcome.rejoin, 5);
    await back.until(() => inputsOf(back.inbox).length === 15);
    expect((await back.next(2)).json().seat).toBe(1);
    expect(inputsOf(back.inbox)).toEqual(Array.from({ length: 15 }, (_, at) => `${at + 5}:0`));
    back.send(input(1, 0));
    expect((await owner.client.next(0x10)).bytes).toEqual(input(1, 0));
  });

  test("changes its owner, who is removed by nobody", async () => {
    const [owner, guest] = await pair();
    owner.client.send(short(0x50));
    expect(await owner.client.closed).toEqual({ code: 1000, reason: "NETPLAY_LEFT" });
    await guest.client.until(() =>
      guest.client.inbox.some((got) => got.type === 3 && got.json().ownerId === "2"),
    );
  });

  test("carries a snapshot of 5 MB to who joins, while inputs go on", async () => {
    const [owner, guest] = await pair();
    const size = 5 * 1_048_576 + 77;
    const bytes = new Uint8Array(size).map((_zero, at) => (at * 2_654_435_761) >>> 13);
    owner.client.send(input(0, 1));
    const late = await scene.enter(await scene.call("netplay.join", { invite: owner.welcome.invite }));
    const wanted = await owner.client.next(0x35);
    expect(wanted.short).toBe(late.number);
    owner.client.send(begin(1, 1, size));
    for (let at = 0; at < size; at += 65_536) {
      owner.client.send(part(1, at, bytes.subarray(at, at + 65_536)));
      guest.client.send(input(1, 1 + at / 65_536));
      await owner.client.next(0x33);
    }
    expect(await owner.client.next(0x34)).toMatchObject({ small: 0, short: 1, long: 1 });
    await late.client.until(() => snapshotOf(late.client.inbox) !== null);
    expect(Buffer.compare(snapshotOf(late.client.inbox)?.bytes ?? Buffer.of(), bytes)).toBe(0);
    const frames = new Set(inputsOf(late.client.inbox));
    for (let frame = 1; frame <= 81; frame++) expect(frames.has(`${frame}:1`)).toBe(true);
  });
});

function isCut(roster: { readonly players?: readonly { readonly isConnected: boolean }[] }): boolean {
  return roster.players?.some((player) => !player.isConnected) ?? false;
}

describe("a ticket", () => {
  test("is good once, and for its room", async () => {
    const ticket = await scene.open();
    const owner = await scene.enter(ticket);
    const again = await scene.greet(ticket.url, ticket.ticket);
    expect(await again.closed).toEqual({ code: 4401, reason: "NETPLAY_TICKET_INVALID" });
    const other = await scene.enter(await scene.open());
    expect(other.welcome.roomId).not.toBe(owner.welcome.roomId);
  });

  test("of two connections at once lets one in", async () => {
    const ticket = await scene.open();
    const both = await Promise.all([
      scene.greet(ticket.url, ticket.ticket),
      scene.greet(ticket.url, ticket.ticket),
    ]);
    const ends = await Promise.race(both.map(({ closed }) => closed));
    expect(ends.code).toBe(4401);
    expect(both.filter(({ isOpen }) => isOpen)).toHaveLength(1);
  });

  test("of a room whose opener never comes leads nowhere", async () => {
    const { invite } = await scene.open();
    const ticket = await scene.call<RoomTicket>("netplay.join", { invite });
    const client = await scene.greet(ticket.url, ticket.ticket);
    expect((await client.closed).code).toBe(4421);
  });
});

describe("who breaks the protocol is closed", () => {
  const ROOM = "0".repeat(16);
  test.each([
    ["with a text", "hello", 4400],
    ["with noise", new Uint8Array([9, 9, 9, 9]), 4400],
    ["with another version", Uint8Array.of(1, 9, 0, 0, 0, 0, 0, 0, 65), 4426],
    ["with an unknown ticket", hello(`${ROOM}.${"0".repeat(32)}`), 4401],
    ["with what is no ticket", hello("please"), 4401],
    ["coming back to no room", hello(`${ROOM}.1.${"0".repeat(32)}`, 0), 4404],
    ["with a message that is too large", new Uint8Array(65_545), 4413],
  ])("%s", async (_name, message, code) => {
    const client = await openRelayClient(`${await scene.app.listen()}/ws/netplay`);
    client.socket.send(message as string | Uint8Array<ArrayBuffer>);
    expect((await client.closed).code).toBe(code);
  });

  test("with a text in the middle of a game", async () => {
    const [owner, guest] = await pair();
    owner.client.socket.send("x");
    expect((await owner.client.closed).code).toBe(4400);
    await guest.client.until(() => guest.client.inbox.some((got) => got.type === 3 && isCut(got.json())));
  });

  test("and a request that is no websocket is told so", async () => {
    const response = await fetch(`${await scene.app.listen()}/ws/netplay`);
    expect([response.status, response.headers.get("upgrade")]).toEqual([426, "websocket"]);
  });
});

test("the list shows rooms of whichever process, and forgets those that are over", async () => {
  const news: unknown[] = [];
  const stop = scene.app.ports.events.on("netplay", ({ data }) => news.push(data));
  const [owner, guest] = await pair();
  const find = async () => (await scene.list()).find(({ id }) => id === owner.welcome.roomId);
  const deadlineMs = performance.now() + 10_000;
  while ((await find())?.players.length !== 2 && performance.now() < deadlineMs) await Bun.sleep(20);
  expect(await find()).toMatchObject({
    kind: "multitap",
    name: "Sunday",
    rom: { id: scene.romId, name: "Two Tapes", platformSlug: "nes" },
    ownerName: "admin",
    hasPassword: false,
    playersMax: 4,
    players: [
      { playerId: "1", name: "admin", seat: 0, isConnected: true },
      { playerId: "2", name: "admin", seat: 1, isConnected: true },
    ],
  });
  expect(news).toContainEqual({ kind: "multitap" });
  news.length = 0;
  for (const { client } of [owner, guest]) client.send(short(0x50));
  while ((await find()) !== undefined && performance.now() < deadlineMs) await Bun.sleep(20);
  expect(await find()).toBeUndefined();
  expect(news).toContainEqual({ kind: "multitap" });
  stop();
});
