import { describe, expect, test } from "bun:test";
import { input } from "../relay-switchboard/scene.testing.ts";
import {
  clearSeat,
  coversFrame,
  createLog,
  type InputLog,
  measureLog,
  oldestOf,
  readStretch,
  takeInput,
} from "./rules.ts";

const SHAPE = { seats: 2, inputBytes: 2, windowFrames: 60 };
const ALL = { until: 1e9, arrivedUntilMs: 1e9 };

/** Frames from one to another, of seats that take turns; one millisecond each. */
function fill(log: InputLog, from: number, until: number): void {
  for (let frame = from; frame < until; frame++) {
    for (const seat of [0, 1]) takeInput(log, input(seat, frame), frame);
  }
}

/** Frames of a stretch, over however many messages. */
function read(log: InputLog, { from = 0, frame = 0, until = log.count } = {}): readonly number[] {
  const frames: number[] = [];
  for (let at = from; ; ) {
    const { message, next } = readStretch(log, { ...ALL, from: at, until, frame });
    if (message === null) return frames;
    const view = new DataView(message.buffer);
    for (let record = 8; record < message.length; record += 10) frames.push(view.getUint32(record + 4, true));
    at = next;
  }
}

describe("the inputs that a room keeps", () => {
  test("are those that came last, in the order in which they came", () => {
    const log = createLog(SHAPE);
    fill(log, 0, 100);
    expect([oldestOf(log), log.count]).toEqual([80, 200]);
    expect(read(log)).toEqual(Array.from({ length: 120 }, (_, at) => 40 + (at >> 1)));
    expect(read(log, { frame: 98 })).toEqual([98, 98, 99, 99]);
    expect(read(log, { from: 190, until: 192 })).toEqual([95, 95]);
  });

  test("cover a frame as long as nothing of it or behind it is gone, of any seat", () => {
    const log = createLog(SHAPE);
    fill(log, 0, 60);
    expect(coversFrame(log, 0)).toBe(true);
    takeInput(log, input(0, 60), 60);
    expect([coversFrame(log, 0), coversFrame(log, 1)]).toEqual([false, true]);
  });

  test("of a nonsense frame spoil what is covered only until its sender is gone", () => {
    for (const isGoneFirst of [true, false]) {
      const log = createLog(SHAPE);
      takeInput(log, input(1, 4_294_967_295), 0);
      if (isGoneFirst) clearSeat(log, 1);
      for (let frame = 0; frame < 200; frame++) takeInput(log, input(0, frame), frame);
      expect(coversFrame(log, 150)).toBe(isGoneFirst);
      if (!isGoneFirst) clearSeat(log, 1);
      expect([coversFrame(log, 200), coversFrame(log, 79)]).toEqual([true, false]);
    }
  });

  test("are told in messages of bounded size, and not before their time", () => {
    const log = createLog({ seats: 16, inputBytes: 64, windowFrames: 3_600 });
    for (let frame = 0; frame < 3_000; frame++) {
      const bytes = new Uint8Array(72);
      bytes.set(input(3, frame).subarray(0, 8));
      takeInput(log, bytes, frame);
    }
    const { message, next } = readStretch(log, { from: 0, until: log.count, frame: 0, arrivedUntilMs: 1e9 });
    expect([message?.length, next]).toEqual([8 + 910 * 72, 910]);
    expect(readStretch(log, { from: 0, until: log.count, frame: 0, arrivedUntilMs: 9 }).next).toBe(10);
    expect(log.bytes.length + log.arrivedAtMs.byteLength).toBeLessThanOrEqual(
      measureLog({ seats: 16, inputBytes: 64, windowFrames: 3_600 }),
    );
  });
});
