import { describe, expect, test } from "bun:test";
import { LINGER_MS, PAUSE_ABOVE_BYTES, PIPE_IDLE_MS, SLOW_READER_MS, WAITING_BYTES_MAX } from "../limits.ts";
import {
  closeOutlet,
  createOutlet,
  drain,
  forward,
  joinOutlets,
  onOutletClosed,
  sendTo,
  sweepOutlet,
} from "./service.ts";

/** A socket that takes as much as it is told to, and notes what is done to it. */
function openLine(roomBytes = Number.POSITIVE_INFINITY) {
  const line = {
    room: roomBytes,
    got: [] as number[],
    done: [] as string[],
    write(bytes: Uint8Array) {
      const taken = Math.min(line.room, bytes.length);
      line.room -= taken;
      line.got.push(...bytes.subarray(0, taken));
      return taken;
    },
    end: () => void line.done.push("end"),
    terminate: () => void line.done.push("terminate"),
    pause: () => void line.done.push("pause"),
    resume: () => void line.done.push("resume"),
  };
  return line;
}

function openPair(room?: number) {
  const [reader, sender] = [openLine(room), openLine()];
  const [to, from] = [createOutlet(1, reader, 0), createOutlet(2, sender, 0)];
  joinOutlets(to, from, 0);
  return { reader, sender, to, from };
}

const bytes = (length: number) => new Uint8Array(length).map((_byte, at) => at % 251);

describe("a linked pair", () => {
  test("hands bytes on as they are", () => {
    const { reader, sender, to, from } = openPair();
    forward(from, bytes(20), 5);
    forward(to, bytes(3), 6);
    expect([reader.got, sender.got]).toEqual([[...bytes(20)], [...bytes(3)]]);
  });

  test("keeps the order when the reader takes a little at a time", () => {
    const { reader, to, from } = openPair(7);
    const sent = bytes(1_000);
    for (let at = 0; at < sent.length; at += 100) forward(from, sent.subarray(at, at + 100), at);
    while (to.waitingBytes > 0) {
      reader.room = 13;
      drain(to, 1_000);
    }
    expect(reader.got).toEqual([...sent]);
    expect([to.stuckAtMs, to.waiting.length]).toEqual([null, 0]);
  });

  test("keeps bytes of its own: the sender's may change", () => {
    const { reader, to, from } = openPair(0);
    const sent = bytes(4);
    forward(from, sent, 0);
    sent.fill(0xff);
    reader.room = 4;
    drain(to, 1);
    expect(reader.got).toEqual([...bytes(4)]);
  });

  test("reads nothing more from a sender whose reader is behind, until he has caught up", () => {
    const { reader, sender, to, from } = openPair(0);
    forward(from, bytes(PAUSE_ABOVE_BYTES), 0);
    expect(sender.done).toEqual([]);
    forward(from, bytes(1), 0);
    forward(from, bytes(1), 0);
    expect(sender.done).toEqual(["pause"]);
    reader.room = PAUSE_ABOVE_BYTES / 2;
    drain(to, 1);
    expect(sender.done).toEqual(["pause"]);
    reader.room = 10;
    drain(to, 2);
    expect(sender.done).toEqual(["pause", "resume"]);
  });

  test("never keeps more than it may: the reader is closed", () => {
    const { reader, to, from } = openPair(0);
    for (let sent = 0; sent <= WAITING_BYTES_MAX; sent += 65_536) forward(from, new Uint8Array(65_536), 0);
    expect([reader.done, to.waitingBytes]).toEqual([["terminate"], 0]);
    forward(from, bytes(10), 1);
    expect(to.waitingBytes).toBe(0);
  });

  test("closes a reader who takes nothing for too long, and not one who takes a little", () => {
    const { reader, to, from } = openPair(0);
    forward(from, bytes(100), 0);
    sweepOutlet(to, SLOW_READER_MS - 1);
    reader.room = 1;
    drain(to, SLOW_READER_MS - 1);
    sweepOutlet(to, SLOW_READER_MS + 10);
    expect(reader.done).toEqual([]);
    sweepOutlet(to, 2 * SLOW_READER_MS - 1);
    expect(reader.done).toEqual(["terminate"]);
  });

  test("is closed when neither side says anything, and not while one of them does", () => {
    const { reader, sender, to, from } = openPair();
    forward(from, bytes(1), 1_000);
    for (const each of [to, from]) sweepOutlet(each, PIPE_IDLE_MS + 999);
    expect([reader.done, sender.done]).toEqual([[], []]);
    for (const each of [to, from]) sweepOutlet(each, PIPE_IDLE_MS + 1_000);
    expect([reader.done, sender.done]).toEqual([["end"], ["end"]]);
  });

  test("ends together, with what was sent before", () => {
    const { reader, to, from } = openPair(3);
    forward(from, bytes(10), 0);
    onOutletClosed(from, 1);
    expect(reader.done).toEqual([]);
    reader.room = 100;
    drain(to, 2);
    expect([reader.got, reader.done]).toEqual([[...bytes(10)], ["end"]]);
  });

  test("does not wait for ever until a last byte is read", () => {
    const { reader, to, from } = openPair(0);
    forward(from, bytes(10), 0);
    onOutletClosed(from, 1);
    sweepOutlet(to, LINGER_MS);
    expect(reader.done).toEqual([]);
    sweepOutlet(to, LINGER_MS + 1);
    expect(reader.done).toEqual(["terminate"]);
  });
});

describe("a single socket", () => {
  test("is never idle: others see to that", () => {
    const line = openLine();
    sweepOutlet(createOutlet(1, line, 0), 10 * PIPE_IDLE_MS);
    expect(line.done).toEqual([]);
  });

  test("gets nothing more once its end began", () => {
    const line = openLine();
    const outlet = createOutlet(1, line, 0);
    closeOutlet(outlet, 0);
    sendTo(outlet, bytes(3), 1);
    closeOutlet(outlet, 2);
    expect([line.got, line.done]).toEqual([[], ["end"]]);
  });

  test("that is gone costs nothing", () => {
    const line = { ...openLine(), write: () => -1 };
    const outlet = createOutlet(1, line, 0);
    sendTo(outlet, bytes(3), 0);
    expect(outlet.waitingBytes).toBe(3);
    sweepOutlet(outlet, SLOW_READER_MS);
    expect(outlet.waitingBytes).toBe(0);
  });
});
