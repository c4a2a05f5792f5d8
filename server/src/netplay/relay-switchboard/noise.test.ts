// Anything in any order, against a model of what members may hear: the seed of a failure is printed.
import { expect, test } from "bun:test";
import { measureLog } from "../relay-inputs/rules.ts";
import type { Room } from "../relay-rooms/rules.ts";
import {
  begin,
  createMachine,
  forEveryone,
  input,
  inputsOf,
  type Machine,
  part,
  roomFacts,
  short,
} from "./scene.testing.ts";

type Dice = (sides: number) => number;

/** Numbers from 0 below `sides`, the same for the same seed (xorshift32). */
function createDice(seed: number): Dice {
  let state = seed || 1;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % sides;
  };
}

const ROOM_IDS = ["a".repeat(16), "b".repeat(16), "c".repeat(16)];
const TYPES = [
  1, 2, 3, 0x10, 0x11, 0x12, 0x13, 0x14, 0x20, 0x21, 0x30, 0x31, 0x32, 0x33, 0x35, 0x40, 0x41, 0x50, 0x51,
  0xff,
];

/** A text that names its room, so that one that strays is seen. */
function message(to: number, roomId: string, type: number): Uint8Array {
  return new Uint8Array([type, 0, to & 0xff, to >> 8, ...new TextEncoder().encode(JSON.stringify(roomId))]);
}

function makeBegin(random: Dice): Uint8Array {
  const bytes = begin(random(3), random(200), random(5) === 0 ? 0xffff_ffff : random(200_000));
  return random(2) === 0 ? bytes : forEveryone(bytes);
}

/** Bytes that are nearly right, right, or not at all. */
function makeNoise(random: Dice, roomId: string): Uint8Array {
  switch (random(12)) {
    case 0:
      return new Uint8Array(random(40)).map(() => random(256));
    case 1:
      return makeBegin(random);
    case 2:
    case 3:
      return part(random(3), random(3) * 65_536, new Uint8Array(1 + random(65_536)));
    case 4:
    case 5:
      return message(random(8), roomId, 0x20 + random(2));
    case 6: {
      const near = short(TYPES[random(TYPES.length)] ?? 0, random(6), {
        small: random(3),
        long: random(300),
      });
      return random(2) === 0 ? near.subarray(0, 4) : near;
    }
    case 7:
      return short(0x13, 0, { long: random(300) });
    case 8:
      return short(0x35);
    default:
      return short(0x40, 0, { long: random(1_000) });
  }
}

/** Whatever is held is counted, and whoever is connected is known, once. */
function checkRooms(machine: Machine): void {
  const { rooms, connections, ledger } = machine.state;
  const snapshots = new Map<object, number>();
  let bytes = 0;
  let connected = 0;
  for (const room of rooms.values()) {
    const { playersMax: seats, inputBytes, inputWindow: windowFrames } = room.facts;
    bytes += measureLog({ seats, inputBytes, windowFrames }) + (room.upload?.bytes.length ?? 0);
    for (const held of heldBy(room)) snapshots.set(held, held.bytes.length);
    for (const member of room.members.values()) {
      if (member.seat !== null) expect(room.seats[member.seat]).toBe(member);
      if (member.connection === null) continue;
      connected += 1;
      expect(connections.get(member.connection)).toEqual({ room, member });
    }
    const isOwnerThere = room.owner === null || room.members.get(room.owner.number) === room.owner;
    expect(isOwnerThere && room.owner?.watch !== undefined ? room.owner?.watch : null).toBeNull();
  }
  for (const length of snapshots.values()) bytes += length;
  expect([ledger.bytes, connections.size]).toEqual([bytes, connected]);
}

function heldBy(room: Room) {
  const held = room.kept === null ? [] : [room.kept];
  for (const { delivery, watch } of room.members.values()) {
    if (delivery.snapshot !== null) held.push(delivery.snapshot.snapshot);
    if (watch?.pinned) held.push(watch.pinned);
  }
  return held;
}

interface Known {
  readonly roomId: string;
  /** Live inputs that are still to come, by room, frame and seat. */
  readonly due: Set<string>;
}

interface Play {
  readonly machine: Machine;
  readonly random: Dice;
  readonly known: Map<number, Known>;
  last: number;
  frame: number;
  heard: number;
}

/** Whatever came is from the same room, and a live input comes once, to whom it is due. */
function hear(play: Play): void {
  for (const [connection, { roomId, due }] of play.known) {
    for (const got of play.machine.take(connection)) {
      if (got.type === 0x20 || got.type === 0x21) expect(got.json<unknown>()).toBe(roomId);
      if (got.type !== 0x10) continue;
      const [name = ""] = inputsOf([got]);
      expect(due.delete(`${roomId} ${name}`)).toBe(true);
      play.heard += 1;
    }
  }
}

function sendInput(play: Play, connection: number): void {
  const { room, member } = play.machine.state.connections.get(connection) ?? {};
  const seat = member?.seat ?? null;
  if (room === undefined || seat === null) return;
  play.frame += play.random(3);
  const { frame } = play;
  const isSeen = room.log.seen[seat]?.[frame % room.log.windowFrames] === frame;
  const isNew = !isSeen && frame > (room.log.newest[seat] ?? -1) - room.log.windowFrames;
  for (const other of isNew ? room.seats : []) {
    const to = other?.connection ?? null;
    if (to !== null && to !== connection) play.known.get(to)?.due.add(`${room.facts.id} ${frame}:${seat}`);
  }
  play.machine.say(connection, input(seat, frame));
}

function comeIn(play: Play, roomId: string): void {
  const { machine, random, known } = play;
  play.last += 1;
  const role = random(4) === 0 ? "spectator" : "player";
  const opens = roomFacts({ id: roomId, playersMax: 4 });
  machine.arrive(play.last, { role, roomId, opens, userId: random(5), delayMs: random(2_000) });
  if (!machine.closed.has(play.last)) known.set(play.last, { roomId, due: new Set() });
}

function comeBack(play: Play, gone: number): void {
  const { machine, random, known } = play;
  machine.cut(gone);
  play.last += 1;
  const back = known.get(gone);
  known.delete(gone);
  machine.comeBack(play.last, gone, random(3) === 0 ? null : random(300));
  const isIn = back !== undefined && !machine.closed.has(play.last);
  if (isIn) known.set(play.last, { roomId: back.roomId, due: new Set() });
}

/** One thing that happens. */
function act(play: Play): void {
  const { machine, random, known } = play;
  const wish = random(20);
  const one = [...known.keys()][random(Math.max(1, known.size))] ?? 0;
  if (wish < 2 || known.size === 0) comeIn(play, ROOM_IDS[random(ROOM_IDS.length)] ?? "");
  else if (wish < 3) comeBack(play, one);
  else if (wish < 4) machine.wait(random(3_000));
  else if (wish < 5 && !machine.slow.delete(one)) machine.slow.add(one);
  else if (wish < 12) sendInput(play, one);
  else machine.say(one, makeNoise(random, known.get(one)?.roomId ?? ""));
}

/** One round of noise: rooms, people and bytes at random; how many inputs came through. */
function playOn(seed: number): number {
  const machine = createMachine({ memoryBytesMax: 3_000_000 });
  const play: Play = { machine, random: createDice(seed), known: new Map(), last: 0, frame: 0, heard: 0 };
  for (let round = 0; round < 1_500; round++) {
    act(play);
    machine.pump();
    hear(play);
    for (const connection of machine.closed.keys()) play.known.delete(connection);
    checkRooms(machine);
  }
  for (const { due } of play.known.values()) expect(due.size).toBe(0);
  machine.slow.clear();
  for (const connection of [...machine.state.connections.keys()]) machine.cut(connection);
  machine.wait(31_000);
  expect([machine.state.rooms.size, machine.state.ledger.bytes, machine.state.connections.size]).toEqual([
    0, 0, 0,
  ]);
  return play.heard;
}

test("noise leaks nothing, neither between rooms nor in memory", () => {
  const seed = Number(process.env.MULTITAP_FUZZ_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`noise: seed ${seed} (MULTITAP_FUZZ_SEED repeats it)`);
  let heard = 0;
  for (let round = 0; round < 8; round++) heard += playOn(seed + round);
  expect(heard).toBeGreaterThan(100);
}, 60_000);
