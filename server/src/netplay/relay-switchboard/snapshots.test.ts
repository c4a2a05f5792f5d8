// Who gets a snapshot, when, and what spectators see: events go in, messages come out.
import { beforeEach, describe, expect, test } from "bun:test";
import { ASK_AGAIN_MS } from "../relay-rooms/limits.ts";
import {
  begin,
  createMachine,
  input,
  inputsOf,
  keep,
  type Machine,
  openRoom as openRoomOf,
  part,
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
const upload = (connection: number, frame: number, how = {}) =>
  uploadTo(machine, { connection, frame, ...how });

describe("a snapshot", () => {
  test("comes to who joins, with every input since, byte for byte", () => {
    openRoom(3, { playersMax: 4 });
    const size = 5 * 1_048_576 + 3;
    const bytes = new Uint8Array(size).map((_zero, at) => (at * 31) >> 3);
    for (let frame = 0; frame < 8; frame++) machine.say(1, input(0, frame));
    machine.say(1, begin(9, 5, size));
    for (let at = 0; at < size; at += 65_536) machine.say(1, part(9, at, bytes.subarray(at, at + 65_536)));
    const told = machine.take(1);
    expect(told.filter(({ type }) => type === 0x33)).toHaveLength(81);
    expect(told.find(({ type }) => type === 0x34)).toMatchObject({ small: 0, short: 9, long: 5 });
    expect(machine.take(2)).toHaveLength(8);
    machine.arrive(5);
    const got = machine.take(5);
    const snapshot = snapshotOf(got);
    expect(snapshot).toMatchObject({ frame: 5, reason: 0 });
    expect(Buffer.compare(snapshot?.bytes ?? new Uint8Array(), bytes)).toBe(0);
    expect(inputsOf(got)).toEqual(["5:0", "6:0", "7:0"]);
    expect(machine.take(1, 0x35)).toEqual([]);
  });

  test("is asked for when none can be used, and again until it comes", () => {
    openRoom(2, { playersMax: 3 });
    machine.say(1, input(0, 1));
    machine.arrive(5);
    expect(machine.take(1, 0x35)).toHaveLength(1);
    machine.wait(ASK_AGAIN_MS - 1);
    expect(machine.take(1, 0x35)).toHaveLength(0);
    machine.wait(1_000);
    expect(machine.take(1, 0x35)).toHaveLength(1);
    upload(1, 1);
    expect(snapshotOf(machine.take(5))?.frame).toBe(1);
    machine.wait(2 * ASK_AGAIN_MS);
    expect(machine.take(1, 0x35)).toHaveLength(0);
  });

  test("goes to everyone when its owner says so", () => {
    openRoom(3);
    upload(1, 3, { isForEveryone: true });
    expect([2, 3].map((at) => snapshotOf(machine.take(at))?.reason)).toEqual([2, 2]);
    expect(snapshotOf(machine.take(1))).toBeNull();
  });

  test("comes to who asks, at most every five seconds", () => {
    openRoom(2);
    upload(1, 3);
    machine.take(2);
    machine.say(2, short(0x35));
    expect(snapshotOf(machine.take(2))?.reason).toBe(1);
    machine.say(2, short(0x35));
    expect(machine.take(2)).toEqual([]);
    machine.nowMs += 5_000;
    machine.say(2, short(0x35));
    expect(snapshotOf(machine.take(2))).not.toBeNull();
  });

  test.each([
    ["of who is not the owner", 2, begin(1, 1, 10), 5],
    ["of no bytes", 1, begin(1, 1, 0), 2],
    ["that is too large", 1, begin(1, 1, 16_777_217), 2],
  ])("%s is refused", (_name, from, bytes, result) => {
    openRoom(2);
    machine.say(from, bytes);
    expect(machine.take(from)).toMatchObject([{ type: 0x34, small: result, short: 1, long: 1 }]);
    machine.say(from, part(1, 0, new Uint8Array(10)));
    expect(machine.take(from)).toEqual([]);
    expect(machine.closed.size).toBe(0);
  });

  test("is refused while another is under way, and when there is no memory", () => {
    machine = createMachine({ memoryBytesMax: 300_000 });
    openRoom(2);
    machine.say(1, begin(1, 1, 100_000));
    machine.say(1, begin(2, 1, 10));
    expect(machine.take(1)).toMatchObject([{ small: 1, short: 2 }]);
    machine.say(1, short(0x32, 1));
    machine.say(1, begin(3, 1, 310_000));
    expect(machine.take(1)).toMatchObject([{ small: 3, short: 3 }]);
    upload(1, 4);
    expect(machine.take(1, 0x34)).toMatchObject([{ small: 0 }]);
  });

  test("whose parts leave a hole, or go beyond the end, is given up", () => {
    openRoom(2);
    for (const [id, offset, length] of [
      [1, 1, 10],
      [2, 0, 21],
    ] as const) {
      machine.say(1, begin(id, 1, 20));
      machine.say(1, part(id, offset, new Uint8Array(length)));
      expect(machine.take(1)).toMatchObject([{ type: 0x34, small: 4, short: id }]);
    }
    const before = machine.state.ledger.bytes;
    machine.say(1, begin(3, 1, 20));
    machine.cut(1);
    expect(machine.state.ledger.bytes).toBe(before);
  });

  test("is sent as fast as it is read, between live inputs, and its memory lives as long as its readers", () => {
    openRoom(2);
    upload(1, 1, { size: 300_000 });
    const kept = machine.state.ledger.bytes;
    machine.slow.add(2);
    machine.say(2, short(0x35));
    machine.pump();
    machine.pump();
    machine.say(1, input(0, 7));
    upload(1, 2, { size: 300_000 });
    expect(machine.state.ledger.bytes).toBe(kept + 300_000);
    for (let at = 0; at < 10; at++) machine.pump();
    const got = machine.take(2);
    expect(snapshotOf(got)?.frame).toBe(1);
    expect(got.map(({ type }) => type)).toEqual([0x30, 0x31, 0x10, 0x31, 0x31, 0x31, 0x31]);
    expect(machine.state.ledger.bytes).toBe(kept);
  });
});

describe("a spectator", () => {
  test("sees the snapshot and then the inputs, never sooner than its delay", () => {
    openRoom(2);
    machine.say(1, input(0, 1));
    upload(1, 1);
    machine.arrive(5, { role: "spectator", delayMs: 1_000 });
    expect(machine.take(5)[0]?.json()).toMatchObject({
      seat: null,
      role: "spectator",
      invite: null,
      delayMs: 1_000,
    });
    machine.wait(500);
    machine.say(1, input(0, 2));
    expect(machine.take(5, 0x30)).toEqual([]);
    machine.wait(500);
    machine.pump();
    machine.pump();
    const first = machine.take(5);
    expect([snapshotOf(first)?.frame, inputsOf(first)]).toEqual([1, ["1:0"]]);
    machine.nowMs += 499;
    machine.pump();
    expect(machine.take(5)).toEqual([]);
    machine.nowMs += 1;
    machine.pump();
    expect(inputsOf(machine.take(5))).toEqual(["2:0"]);
  });

  test("of a game that has not begun needs no snapshot", () => {
    openRoom(2);
    machine.arrive(5, { role: "spectator", delayMs: 0 });
    machine.say(2, input(1, 0));
    machine.say(1, keep(0, 0));
    machine.pump();
    expect(inputsOf(machine.take(5))).toEqual(["0:1", "0:0"]);
    expect(machine.take(1, 0x35)).toEqual([]);
  });

  test("cannot be later than what is kept", () => {
    openRoom(2);
    machine.arrive(5, { role: "spectator", delayMs: 60_000 });
    expect(machine.take(5)[0]?.json().delayMs).toBe(1_500);
  });

  test("that falls out of the window is told of a gap, and gets another snapshot", () => {
    openRoom(2);
    machine.arrive(5, { role: "spectator", delayMs: 0 });
    machine.say(1, input(0, 0));
    machine.pump();
    machine.take(5);
    for (let frame = 1; frame <= 400; frame++) machine.say(1, input(0, frame));
    machine.take(1);
    machine.pump();
    expect(machine.take(5).map(({ type }) => type)).toEqual([0x14]);
    expect(machine.take(1, 0x35)).toHaveLength(1);
    upload(1, 399);
    for (let at = 0; at < 5; at++) machine.pump();
    const got = machine.take(5);
    expect([snapshotOf(got)?.frame, inputsOf(got)]).toEqual([399, ["399:0", "400:0"]]);
  });

  test("keeps no room alive", () => {
    openRoom(1);
    machine.arrive(5, { role: "spectator" });
    machine.say(1, short(0x50));
    machine.wait(GRACE_MS);
    expect([machine.closed.get(5), machine.state.rooms.size, machine.state.ledger.bytes]).toEqual([
      "roomClosed",
      0,
      0,
    ]);
  });
});
