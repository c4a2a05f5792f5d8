import { describe, expect, test } from "bun:test";
import { createInputWindow } from "./inputs.ts";
import { PACKET_INPUTS_MAX } from "./limits.ts";
import { eachPacketInput, formatPacket, readPacket } from "./packets.ts";
import { toHex } from "./relay-bytes.testing.ts";

function openWindow(frames: readonly number[]) {
  const window = createInputWindow({ inputBytes: 2, inputWindow: 600 });
  for (const frame of frames) window.store(frame, 1, new Uint8Array([frame & 0xff, frame >> 8]));
  return window;
}

function framesOf(bytes: Uint8Array): readonly string[] {
  const packet = readPacket(bytes, 2);
  const found: string[] = [];
  if (packet !== null) eachPacketInput(packet, 2, (frame, input) => found.push(`${frame} ${toHex(input)}`));
  return found;
}

describe("a packet", () => {
  test("holds head and inputs byte by byte", () => {
    const window = openWindow([256, 257]);
    const bytes = formatPacket({ seat: 1, clock: 66_051, echo: { clock: 5, heldMs: 2 } }, window);
    expect(toHex(bytes)).toBe(
      ["01", "01", "0200", "03020100", "05000000", "01010000", "00", "0101", "01", "0001"].join(""),
    );
    expect(readPacket(bytes, 2)).toMatchObject({
      seat: 1,
      clock: 66_051,
      echo: { clock: 5, heldMs: 2 },
      newest: 257,
    });
  });

  test("repeats the newest inputs, oldest first when read, and no more of them than fit", () => {
    const window = openWindow(Array.from({ length: 20 }, (_, frame) => frame));
    const frames = framesOf(formatPacket({ seat: 1, clock: 0, echo: null }, window));
    expect(frames).toHaveLength(PACKET_INPUTS_MAX);
    expect([frames[0], frames.at(-1)]).toEqual(["12 0c00", "19 1300"]);
  });

  test("passes over frames that were left out, as far as a byte counts", () => {
    const window = openWindow([10, 100, 300, 310]);
    expect(framesOf(formatPacket({ seat: 1, clock: 0, echo: null }, window))).toEqual([
      "100 6400",
      "300 2c01",
      "310 3601",
    ]);
  });

  test("before the first input has none, and an echo that was held too long is none", () => {
    const bytes = formatPacket({ seat: 1, clock: 1, echo: { clock: 5, heldMs: 70_000 } }, openWindow([]));
    expect(readPacket(bytes, 2)).toMatchObject({ echo: null, newest: 0 });
    expect(framesOf(bytes)).toEqual([]);
  });

  test.each([
    ["of another version", "02010200030201000500000001010000"],
    ["too short", "010102000302010005000000010100"],
    ["with half an input", "010102000302010005000000010100000001"],
  ])("%s is none", (_what, text) => {
    expect(readPacket(new Uint8Array(Buffer.from(text, "hex")), 2)).toBeNull();
  });
});
