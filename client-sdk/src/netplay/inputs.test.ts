import { describe, expect, test } from "bun:test";
import { createInputWindow } from "./inputs.ts";

const WINDOW = 60;
const open = () => createInputWindow({ inputBytes: 2, inputWindow: WINDOW });
const input = (value: number) => new Uint8Array([value & 0xff, value >> 8]);

describe("the input window", () => {
  test("keeps the first input of each frame and seat, and copies it", () => {
    const window = open();
    const bytes = input(1);
    expect(window.store(5, 0, bytes)).toBe(true);
    bytes[0] = 9;
    expect(window.store(5, 0, input(2))).toBe(false);
    expect(window.store(5, 1, input(3))).toBe(true);
    expect(window.at(5, 0)).toEqual(input(1));
    expect(window.at(5, 1)).toEqual(input(3));
    expect(window.counts.duplicate).toBe(1);
  });

  test("gives null for what has not come, is gone, or was never a frame", () => {
    const window = open();
    for (let frame = 0; frame <= WINDOW; frame++) window.store(frame, 0, input(frame));
    expect(window.at(0, 0)).toBeNull();
    expect(window.at(1, 0)).toEqual(input(1));
    expect(window.at(WINDOW + 1, 0)).toBeNull();
    expect(window.at(1, 7)).toBeNull();
    expect(window.at(-1, 0)).toBeNull();
    expect(window.at(0.5, 0)).toBeNull();
  });

  test("takes frames in any order, but none that its newest has left behind", () => {
    const window = open();
    window.store(100, 0, input(1));
    expect(window.store(100 - WINDOW + 1, 0, input(2))).toBe(true);
    expect(window.store(100 - WINDOW, 0, input(3))).toBe(false);
    expect(window.newestOf(0)).toBe(100);
    expect(window.newestOf(1)).toBe(-1);
  });

  test("holds the last frames that 32 bits can count", () => {
    const window = open();
    expect(window.store(2 ** 32 - 1, 0, input(7))).toBe(true);
    expect(window.at(2 ** 32 - 1, 0)).toEqual(input(7));
  });

  test("counts what lacks between others, until it comes", () => {
    const window = open();
    window.store(1, 0, input(1));
    window.store(5, 0, input(5));
    expect(window.counts.lost).toBe(3);
    window.store(3, 0, input(3));
    expect(window.counts.lost).toBe(2);
  });

  test("knows the lowest frame that a rejoin has to ask for", () => {
    const window = open();
    for (let frame = 0; frame < 10; frame++)
      for (const seat of [0, 1]) window.store(frame, seat, input(frame));
    expect(window.lackingFrom([0, 1])).toBe(10);
    window.store(10, 0, input(10));
    expect(window.lackingFrom([0, 1])).toBe(10);
    window.store(12, 1, input(12));
    expect(window.findGap([0, 1])).toBe(10);
    expect(window.findGap([0])).toBeNull();
    window.store(10, 1, input(10));
    expect(window.lackingFrom([0, 1])).toBe(11);
  });

  test("asks for nothing that the server never had, that a state holds, or that lies half a window back", () => {
    const window = open();
    for (const frame of [2, 4, 6]) window.store(frame, 0, input(frame));
    expect(window.findGap([0])).toBe(0);
    window.settle(0, 6);
    expect(window.findGap([0])).toBeNull();
    window.store(9, 0, input(9));
    expect(window.findGap([0])).toBe(7);
    window.startFrom(9);
    expect(window.findGap([0])).toBeNull();
    expect(window.lackingFrom([0])).toBe(10);
    expect(window.store(11, 0, input(11))).toBe(true);
    expect(window.findGap([0])).toBe(10);
    for (let frame = 12; frame < 45; frame++) window.store(frame, 0, input(frame));
    expect(window.findGap([0])).toBeNull();
    // A player who stands still does not make everybody ask for what is long gone.
    for (let frame = 10; frame < 100; frame++) window.store(frame, 1, input(frame));
    expect(window.lackingFrom([0, 1])).toBe(99 - WINDOW / 2);
  });
});
