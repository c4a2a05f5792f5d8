import { describe, expect, test } from "bun:test";
import { NOTIFY_TEXT_BYTES_MAX } from "./limits.ts";
import { createMessageJoiner, splitMessage } from "./notify-frames.ts";

const join = (frames: string[]) => {
  const joiner = createMessageJoiner();
  return frames.map((frame) => joiner(frame));
};

describe("splitMessage", () => {
  test.each([
    ["an empty message", "", 1],
    ["a short message", "hello:1:2:", 1],
    ["a message of exactly one frame", "a".repeat(NOTIFY_TEXT_BYTES_MAX), 1],
    ["one byte more than a frame", "a".repeat(NOTIFY_TEXT_BYTES_MAX + 1), 2],
    ["characters of four bytes across the cut", `x${"😀".repeat(NOTIFY_TEXT_BYTES_MAX / 4 + 1)}`, 2],
    ["a byte order mark at a cut", `${"a".repeat(NOTIFY_TEXT_BYTES_MAX)}\uFEFFb`, 2],
  ])("keeps %s and fits every frame into a NOTIFY", (_name, message, frameCount) => {
    const frames = splitMessage(message, "id0123456789");
    expect(frames).toHaveLength(frameCount);
    for (const frame of frames) expect(Buffer.byteLength(frame)).toBeLessThan(8_000);
    expect(join(frames).at(-1)).toBe(message);
    expect(join(frames).slice(0, -1)).toEqual(Array(frameCount - 1).fill(null));
  });
});

describe("createMessageJoiner", () => {
  const first = splitMessage("a".repeat(NOTIFY_TEXT_BYTES_MAX * 2), "first");
  const second = splitMessage("b".repeat(NOTIFY_TEXT_BYTES_MAX * 2), "second");

  test("drops a message whose beginning it missed and delivers the next", () => {
    const results = join([...first.slice(1), ...second]);
    expect(results).toEqual([null, null, "b".repeat(NOTIFY_TEXT_BYTES_MAX * 2)]);
  });

  test("drops a message that was cut off and delivers the next", () => {
    const results = join([...first.slice(0, 1), ...second]);
    expect(results.at(-1)).toBe("b".repeat(NOTIFY_TEXT_BYTES_MAX * 2));
  });

  test("ignores a payload that is not a frame", () => {
    expect(join(["", "no frame", "a:b:c:d"])).toEqual([null, null, null]);
  });
});
