// All rooms of a process without a socket: events go in, messages come out.
import { beforeEach, describe, expect, test } from "bun:test";
import { SILENCE_MS, SPECTATORS_MAX } from "../relay-rooms/limits.ts";
import {
  createMachine,
  input,
  inputsOf,
  keep,
  type Machine,
  openRoom as openRoomOf,
  roomFacts,
  short,
  snapshotOf,
  upload as uploadTo,
} from "./scene.testing.ts";

let machine: Machine;
const GRACE_MS = 30_000;

beforeEach(() => {
  machine = createMachine();
});

const openRoom = (players = 2, facts = {}) => openRoomOf(machine, players, facts);
const upload = (connection: number, frame: number) => uploadTo(machine, { connection, frame });
const room = () => machine.state.rooms.get(roomFacts().id);
const rosterOf = (connection: number) =>
  machine.take(connection, 0x03).at(-1)?.json<{
    ownerId: string | null;
    resumeFrame: number | null;
    players: { playerId: string; seat: number; isConnected: boolean }[];
    spectatorCount: number;
  }>();

describe("who comes", () => {
  test("is welcomed with everything that the play needs, then told who is there", () => {
    machine.arrive(1, { seat: 0, opens: roomFacts() });
    const [welcome, roster, ...rest] = machine.take(1);
    expect([welcome?.type, welcome?.small, welcome?.short, roster?.type, rest.length]).toEqual([
      2, 1, 1, 3, 0,
    ]);
    expect(welcome?.json()).toEqual({
      roomId: roomFacts().id,
      playerId: "1",
      role: "player",
      seat: 0,
      invite: "ABCD1234",
      rejoin: `${roomFacts().id}.1.${"1".padStart(32, "0")}`,
      graceMs: GRACE_MS,
      name: "Sunday",
      romId: 7,
      playersMax: 2,
      inputBytes: 2,
      inputWindow: 120,
      delayMs: null,
      pingMs: 2_000,
    });
    expect(roster?.json()).toEqual({
      ownerId: "1",
      resumeFrame: null,
      players: [{ playerId: "1", name: "n1", seat: 0, isConnected: true, delay: null }],
      spectatorCount: 0,
    });
  });

  test("gets the lowest free seat, or the one that is asked for", () => {
    machine.arrive(1, { seat: 0, opens: roomFacts({ playersMax: 4 }) });
    machine.arrive(2, { seat: 2 });
    machine.arrive(3);
    machine.arrive(4);
    expect([2, 3, 4].map((at) => machine.take(at)[0]?.json().seat)).toEqual([2, 1, 3]);
  });

  test.each([
    ["a seat that is taken", 0, "seatTaken"],
    ["a seat that there is not", 9, "seatTaken"],
    ["a full room", null, "roomFull"],
  ] as const)("is refused for %s", (_name, seat, why) => {
    openRoom(2);
    machine.arrive(9, { seat });
    expect(machine.closed.get(9)).toBe(why);
    expect(room()?.members.size).toBe(2);
    expect(machine.take(1)).toEqual([]);
  });

  test("is refused for a room that is not there, and for one room too many", () => {
    machine = createMachine({ roomsMax: 1 });
    machine.arrive(1, { opens: null });
    machine.arrive(2, { seat: 0, opens: roomFacts() });
    machine.arrive(3, { seat: 0, opens: roomFacts({ id: "b".repeat(16) }) });
    expect([...machine.closed]).toEqual([
      [1, "roomNotFound"],
      [3, "roomsFull"],
    ]);
  });

  test("is refused where there is no memory for the room, which is given back with each room", () => {
    machine = createMachine({ memoryBytesMax: 10_000 });
    machine.arrive(1, { seat: 0, opens: roomFacts() });
    const kept = machine.state.ledger.bytes;
    machine.arrive(2, { seat: 0, opens: roomFacts({ id: "b".repeat(16) }) });
    expect(machine.closed.get(2)).toBe("roomsFull");
    machine.say(1, short(0x50));
    machine.wait(500);
    expect([kept > 5_000, machine.state.ledger.bytes, machine.state.rooms.size]).toEqual([true, 0, 0]);
  });

  test("is refused as one spectator too many", () => {
    openRoom(1);
    for (let at = 0; at <= SPECTATORS_MAX; at++) machine.arrive(100 + at, { role: "spectator" });
    expect([...machine.closed]).toEqual([[100 + SPECTATORS_MAX, "roomFull"]]);
  });
});

describe("inputs", () => {
  test("go to every other player as they came", () => {
    openRoom(3);
    machine.say(2, input(1, 5, 0xbeef));
    const [got] = machine.take(1);
    expect(got?.bytes.toHex()).toBe("1001000005000000efbe");
    expect(machine.take(3)[0]?.bytes).toEqual(input(1, 5, 0xbeef));
    expect(machine.take(2)).toEqual([]);
  });

  test("are dropped when they come a second time, by whatever way they came first", () => {
    openRoom(2);
    machine.say(1, input(0, 5));
    machine.say(1, input(0, 5, 99));
    machine.say(1, keep(0, 6));
    machine.say(1, input(0, 6));
    machine.say(1, input(0, 4));
    expect(inputsOf(machine.take(2))).toEqual(["5:0", "4:0"]);
    machine.say(2, short(0x13, 0, { long: 0 }));
    expect(inputsOf(machine.take(2))).toEqual(["5:0", "6:0", "4:0"]);
  });

  test("are dropped when they are too far behind", () => {
    openRoom(2);
    machine.say(1, input(0, 1_000));
    machine.say(1, input(0, 880));
    machine.say(1, input(0, 881));
    expect(inputsOf(machine.take(2))).toEqual(["1000:0", "881:0"]);
  });

  test.each([
    ["of another seat", input(1, 5)],
    ["that are too short", input(0, 5).subarray(0, 9)],
    ["that are too long", new Uint8Array([...input(0, 5), 0])],
    ["with something where zeros belong", new Uint8Array([0x10, 0, 1, 0, 5, 0, 0, 0, 0, 0])],
    ["of no type", Uint8Array.of(0xff, 0, 0, 0)],
    ["of no bytes", new Uint8Array()],
    ["that only a server sends", short(0x15, 0, { long: 1 })],
    ["that are not JSON", new Uint8Array([0x20, 0, 0, 0, 0x7b])],
    ["that are not UTF-8", new Uint8Array([0x20, 0, 0, 0, 0x22, 0xff, 0x22])],
    ["that signal to everybody", new Uint8Array([0x21, 0, 0, 0, 1])],
    ["that remove oneself", short(0x51, 1)],
  ])("%s close the connection, and the seat is kept", (_name, bytes) => {
    openRoom(2);
    machine.say(1, bytes);
    expect(machine.closed.get(1)).toBe("messageInvalid");
    expect(machine.take(2).map(({ type }) => type)).toEqual([0x03]);
    machine.comeBack(3, 1, 0);
    expect(machine.take(3)[0]?.json().seat).toBe(0);
  });

  test("of a spectator close its connection", () => {
    openRoom(2);
    machine.arrive(3, { role: "spectator" });
    machine.say(3, input(0, 5));
    expect(machine.closed.get(3)).toBe("messageInvalid");
    expect(machine.take(2, 0x10)).toEqual([]);
  });

  test("of whoever takes a seat over begin anew", () => {
    openRoom(2);
    machine.say(2, input(1, 4_000_000_000));
    machine.say(2, short(0x50));
    machine.arrive(3);
    machine.say(3, input(1, 10));
    expect(inputsOf(machine.take(1))).toEqual(["4000000000:1", "10:1"]);
  });
});

describe("a player that was cut", () => {
  test("comes back to its seat, and gets what it missed, of all seats, once", () => {
    openRoom(2);
    for (let frame = 0; frame < 10; frame++)
      for (const seat of [0, 1]) machine.say(seat + 1, input(seat, frame));
    machine.cut(2);
    expect(rosterOf(1)?.players.map((player) => player.isConnected)).toEqual([true, false]);
    for (let frame = 10; frame < 15; frame++) machine.say(1, input(0, frame));
    machine.wait(GRACE_MS - 1);
    machine.take(2);
    machine.comeBack(3, 2, 8);
    const got = machine.take(3);
    expect(got[0]?.json().seat).toBe(1);
    expect(inputsOf(got)).toEqual(["8:0", "8:1", "9:0", "9:1", "10:0", "11:0", "12:0", "13:0", "14:0"]);
    machine.say(1, input(0, 15));
    machine.say(3, input(1, 10));
    expect([inputsOf(machine.take(3)), inputsOf(machine.take(1, 0x10))]).toEqual([["15:0"], ["10:1"]]);
  });

  test("comes back while its old connection still seems open", () => {
    openRoom(2);
    machine.comeBack(3, 2, 0);
    expect(machine.closed.get(2)).toBe("replaced");
    machine.cut(2);
    machine.say(2, input(1, 1));
    machine.say(3, input(1, 2));
    expect(inputsOf(machine.take(1))).toEqual(["2:1"]);
    expect(rosterOf(3)?.players.map((player) => player.isConnected)).toEqual([true, true]);
  });

  test("cannot come back with what an earlier welcome gave", () => {
    openRoom(2);
    machine.cut(2);
    machine.comeBack(3, 2, 0);
    machine.cut(3);
    machine.comeBack(4, 2, 0);
    expect(machine.closed.get(4)).toBe("ticketInvalid");
    machine.comeBack(5, 3, 0);
    expect(machine.take(5)[0]?.json().seat).toBe(1);
  });

  test("is gone after the grace, and its seat is free", () => {
    openRoom(2);
    machine.cut(2);
    machine.wait(GRACE_MS);
    machine.comeBack(3, 2, 0);
    expect(machine.closed.get(3)).toBe("ticketInvalid");
    machine.arrive(4);
    expect(machine.take(4)[0]?.json()).toMatchObject({ seat: 1, playerId: "3" });
  });

  test("is told of a gap when the window has passed, and gets a snapshot instead", () => {
    openRoom(2);
    machine.say(2, input(1, 0));
    machine.cut(2);
    for (let frame = 0; frame <= 400; frame++) machine.say(1, input(0, frame));
    machine.take(1);
    machine.comeBack(3, 2, 1);
    expect(machine.take(3).map(({ type, long }) => [type, long])).toContainEqual([0x14, 1]);
    expect(machine.take(1, 0x35).map((got) => got.short)).toEqual([2]);
    upload(1, 390);
    const got = machine.take(3);
    expect(snapshotOf(got)).toMatchObject({ frame: 390, reason: 1 });
    expect(inputsOf(got)[0]).toBe("390:0");
    expect(inputsOf(got)).toHaveLength(11);
  });

  test("is cut when it says nothing for too long, and pinged before", () => {
    openRoom(2);
    machine.slow.add(2);
    machine.wait(SILENCE_MS);
    expect([...machine.closed]).toEqual([[2, "silent"]]);
  });
});

describe("the owner", () => {
  test("hands on after the grace to the next seat, with the newest snapshot", () => {
    openRoom(3);
    machine.say(1, input(0, 1));
    upload(1, 1);
    machine.cut(1);
    machine.wait(GRACE_MS - 1);
    expect(rosterOf(2)?.ownerId).toBe("1");
    machine.wait(500);
    const got = machine.take(2);
    expect(snapshotOf(got)).toMatchObject({ frame: 1, reason: 3 });
    expect(got.findLast(({ type }) => type === 0x03)?.json()).toMatchObject({ ownerId: "2", resumeFrame: 1 });
    expect(snapshotOf(machine.take(3))).toBeNull();
  });

  test("hands on at once when it leaves, going round, past those that are cut", () => {
    openRoom(3);
    machine.say(1, short(0x50));
    expect(machine.closed.get(1)).toBe("left");
    expect(rosterOf(2)?.ownerId).toBe("2");
    machine.arrive(4);
    machine.cut(3);
    machine.say(2, short(0x50));
    expect(rosterOf(4)).toMatchObject({ ownerId: "4", resumeFrame: null });
  });

  test("hands on when it comes back with nothing", () => {
    openRoom(2);
    machine.say(1, input(0, 1));
    machine.cut(1);
    machine.comeBack(3, 1, null);
    expect(rosterOf(3)?.ownerId).toBe("2");
    expect(machine.take(2, 0x35)).toHaveLength(1);
  });

  test("is whoever comes first when nobody was there", () => {
    openRoom(2);
    machine.cut(1);
    machine.cut(2);
    machine.wait(GRACE_MS - 500);
    machine.comeBack(3, 2, 0);
    machine.wait(500);
    expect(rosterOf(3)).toMatchObject({ ownerId: "2" });
  });

  test("removes others, for a while or for good; nobody else does", () => {
    openRoom(3);
    machine.say(2, short(0x51, 3));
    expect(machine.closed.get(2)).toBe("messageInvalid");
    machine.say(1, short(0x51, 9));
    machine.say(1, short(0x51, 3, { small: 1 }));
    expect(machine.closed.get(3)).toBe("removed");
    machine.arrive(4, { userId: 3 });
    expect(machine.closed.get(4)).toBe("removed");
    machine.arrive(5, { userId: 4 });
    machine.say(1, short(0x51, 4));
    machine.arrive(6, { userId: 4 });
    expect([machine.closed.get(5), machine.closed.has(6)]).toEqual(["removed", false]);
  });
});

describe("messages", () => {
  const text = (to: number, value: unknown, type = 0x20) =>
    new Uint8Array([type, 0, to & 0xff, to >> 8, ...new TextEncoder().encode(JSON.stringify(value))]);

  test("go to all others, spectators too, or to one; and say who sent them", () => {
    openRoom(3);
    machine.arrive(4, { role: "spectator" });
    for (const connection of [1, 2, 3, 4]) machine.take(connection);
    machine.say(2, text(0, { hi: "all" }));
    for (const connection of [1, 3, 4]) {
      const [got] = machine.take(connection);
      expect([got?.short, got?.json()]).toEqual([2, { hi: "all" }]);
    }
    machine.say(4, text(1, ["you"], 0x21));
    expect(machine.take(1).map((got) => [got.type, got.short, got.json<unknown>()])).toEqual([
      [0x21, 4, ["you"]],
    ]);
    expect([2, 3, 4].flatMap((connection) => machine.take(connection))).toEqual([]);
  });

  test("to nobody, to oneself and to another room go nowhere", () => {
    openRoom(2);
    machine.arrive(7, { seat: 0, opens: roomFacts({ id: "b".repeat(16), playersMax: 4 }) });
    for (let at = 8; at < 12; at++) machine.arrive(at, { roomId: "b".repeat(16) });
    for (let at = 7; at < 12; at++) machine.take(at);
    for (const to of [1, 3, 4, 65_535]) machine.say(1, text(to, "x"));
    expect([1, 2, 7, 8, 9, 10, 11].flatMap((connection) => machine.take(connection))).toEqual([]);
    expect(machine.closed.size).toBe(1);
  });
});

describe("delays", () => {
  test("are told in rosters, every five seconds at most", () => {
    openRoom(2);
    const ping = () => [...machine.state.connections.values()].map(({ member }) => member.delays.pinged);
    for (let round = 0; round < 5; round++) {
      machine.nowMs += 2_000;
      machine.step({ kind: "sweep" });
      machine.nowMs += 20 + round;
      for (const [at, echo] of ping().entries()) {
        const pong = new Uint8Array(12);
        pong[0] = 0x41;
        new DataView(pong.buffer).setUint32(4, echo ?? 0, true);
        machine.say(at + 1, pong);
      }
    }
    machine.nowMs += 5_000;
    machine.step({ kind: "sweep" });
    const rosters = machine.take(1, 0x03);
    expect(rosters.length).toBeLessThanOrEqual(3);
    expect(rosters.at(-1)?.json()).toMatchObject({
      players: [{ delay: { medianMs: 22, p99Ms: 24 } }, { delay: { medianMs: 22, p99Ms: 24 } }],
    });
  });
});

test("an account that is gone goes from every room", () => {
  openRoom(2);
  machine.step({ kind: "dismissed", userId: 2 });
  expect([...machine.closed]).toEqual([[2, "removed"]]);
  expect(rosterOf(1)?.players).toHaveLength(1);
});
