import { describe, expect, test } from "bun:test";
import { createScene } from "../../src/netplay/scene.testing.ts";
import { settle } from "../../src/testing/manual-environment.ts";
import { checksumOf, DOWN, type Game, NEW_GAME, UP } from "./game.ts";
import { playIn } from "./lockstep.ts";

/** Plays on in some rooms, a turn each, with buttons that look random but are the same in every run. */
function createTable() {
  const scene = createScene(1);
  let dice = 7;
  const roll = () => {
    dice = (Math.imul(dice, 1_103_515_245) + 12_345) >>> 0;
    return (dice >>> 16) & (UP | DOWN);
  };
  const players: { readonly turn: (buttons: number) => void; readonly sums: Map<number, string> }[] = [];
  const sit = (room: Parameters<typeof playIn>[0]) => {
    const sums = new Map<number, string>();
    const lockstep = playIn(room, (game: Game) => sums.set(game.frame, checksumOf(game)));
    players.push({ turn: lockstep.turn, sums });
    return { lockstep, sums };
  };
  const play = async (turns: number) => {
    for (let turn = 0; turn < turns; turn++) {
      for (const player of players) player.turn(roll());
      await scene.environment.advance(16);
    }
  };
  return { ...scene, sit, play, leave: (index: number) => players.splice(index, 1) };
}

function expectSame(a: ReadonlyMap<number, string>, b: ReadonlyMap<number, string>, framesMin: number): void {
  const both = [...a].filter(([frame]) => b.has(frame));
  expect(both.length).toBeGreaterThanOrEqual(framesMin);
  expect(both).toEqual(both.map(([frame]) => [frame, b.get(frame) ?? ""]));
}

const OPEN = { romId: 1, name: "Two tabs", playersMax: 2, inputBytes: 1 };

describe("lockstep", () => {
  test("is one game for all: who comes later, who looks on, and over a cut", async () => {
    const { netplay, sit, play, relay, environment } = createTable();
    const room = await netplay().open(OPEN);
    const host = sit(room);
    await play(50);
    const guestRoom = await netplay().join(room.invite);
    const guest = sit(guestRoom);
    await settle();
    await play(300);
    expectSame(host.sums, guest.sums, 250);
    expect(host.lockstep.game.guestFrom).toBeGreaterThan(50);
    relay.cut(relay.at(1));
    await play(2);
    await environment.advance(0);
    await settle();
    await play(100);
    expectSame(host.sums, guest.sums, 340);
    expect(guestRoom.stats().inputsLost).toBe(0);
    expect(checksumOf(host.lockstep.game)).not.toBe(checksumOf(NEW_GAME));
  });

  test("goes on without the guest who left, and with the next one", async () => {
    const { netplay, sit, play, leave } = createTable();
    const room = await netplay().open(OPEN);
    const host = sit(room);
    const guestRoom = await netplay().join(room.invite);
    sit(guestRoom);
    await settle();
    await play(200);
    await guestRoom.leave();
    leave(1);
    await settle();
    const before = host.lockstep.game.frame;
    await play(50);
    expect([host.lockstep.game.frame >= before + 45, host.lockstep.game.guestFrom]).toEqual([true, 0]);
    const next = sit(await netplay().join(room.invite, { seat: 1 }));
    await settle();
    await play(200);
    expectSame(host.sums, next.sums, 150);
    expect(next.lockstep.game.guestFrom).toBeGreaterThan(before);
  });
});
