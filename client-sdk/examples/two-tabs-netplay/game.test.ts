import { describe, expect, test } from "bun:test";
import {
  checksumOf,
  DOWN,
  type Game,
  GUEST_IN,
  NEW_GAME,
  needsSeat,
  packGame,
  step,
  UP,
  unpackGame,
} from "./game.ts";

/** Buttons that look random but are the same in every run. */
function playOut(count: number): Game {
  let game = NEW_GAME;
  let dice = 7;
  for (let frame = 0; frame < count; frame++) {
    dice = (Math.imul(dice, 1_103_515_245) + 12_345) >>> 0;
    game = step(game, (dice >>> 16) & (UP | DOWN), (dice >>> 20) & (UP | DOWN));
  }
  return game;
}

describe("the game", () => {
  test("is the same wherever the same buttons are pressed", () => {
    const game = playOut(5_000);
    expect(playOut(5_000)).toEqual(game);
    expect(checksumOf(playOut(4_999))).not.toBe(checksumOf(game));
    expect(game.leftScore + game.rightScore).toBeGreaterThan(5);
  });

  test("survives being packed, in whole numbers", () => {
    const game = playOut(1_234);
    expect(unpackGame(packGame(game))).toEqual(game);
    expect(unpackGame(packGame(game).subarray(1))).toBeNull();
    expect(Object.values(game).every(Number.isInteger)).toBe(true);
  });

  test("takes the guest in by the host's word, some frames later", () => {
    const asked = step(NEW_GAME, GUEST_IN, 0);
    expect([asked.guestFrom, needsSeat(asked, 1), needsSeat(asked, 0)]).toEqual([61, false, true]);
    const begun = { ...asked, frame: asked.guestFrom };
    expect(needsSeat(begun, 1)).toBe(true);
    expect(step(begun, GUEST_IN, 0).guestFrom).toBe(61);
  });
});
