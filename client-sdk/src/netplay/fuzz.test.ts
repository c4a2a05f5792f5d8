import { describe, expect, test } from "bun:test";
import { createInputWindow } from "./inputs.ts";
import { eachPacketInput, formatPacket, readPacket } from "./packets.ts";
import { readSignal } from "./signals.ts";
import { eachInput, readMessage } from "./wire.ts";

const seed = Number(process.env.MULTITAP_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32));
const ROUNDS = 30_000;

/** Numbers of a printed seed: xorshift32. */
function createDice(start: number): (below: number) => number {
  let state = start >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const text = (head: string, value: unknown) =>
  new Uint8Array([...hex(head), ...Buffer.from(JSON.stringify(value))]);

/** One valid message of each type that has something inside. */
const SAMPLES = [
  text("02010300", {
    rejoin: "r",
    playerId: "3",
    seat: 0,
    graceMs: 1,
    inputBytes: 2,
    inputWindow: 60,
    roomId: "",
  }),
  text("03000000", { ownerId: "3", resumeFrame: 1, players: [{ playerId: "3", seat: 0 }] }),
  hex("10 01 0000 03020100 abcd"),
  hex("12 00 0200 00000000 10 01 0000 05000000 abcd 10 00 0000 06000000 0102"),
  hex("30 01 0700 09000000 01000100 03 000000"),
  hex("31 00 0700 00000100 aa"),
  hex("41 00 0000 01000000 02000000"),
];

/** Changes, cuts or lengthens a sample, or makes something up. */
function damage(dice: (below: number) => number): Uint8Array {
  const sample = SAMPLES[dice(SAMPLES.length + 1)];
  if (sample === undefined) return Uint8Array.from({ length: dice(64) }, () => dice(256));
  const bytes = Uint8Array.from(sample);
  for (let count = dice(4); count > 0; count--) bytes[dice(bytes.length)] = dice(256);
  if (dice(3) === 0) return bytes.slice(0, dice(bytes.length + 1));
  return dice(5) === 0 ? new Uint8Array([...bytes, ...(SAMPLES[0] ?? [])]) : bytes;
}

describe(`whatever arrives (seed ${seed})`, () => {
  console.log(`fuzz of the netplay codecs: MULTITAP_FUZZ_SEED=${seed}`);

  test("is read or is nothing, and never reaches beyond its own bytes", () => {
    const dice = createDice(seed);
    const types = new Set<string>();
    const window = createInputWindow({ inputBytes: 2, inputWindow: 60 });
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = damage(dice);
      const message = readMessage(bytes, 2);
      if (message === null) continue;
      types.add(message.type);
      if ("bytes" in message) expect(message.bytes.length).toBeLessThanOrEqual(bytes.length);
      if (message.type === "inputs")
        eachInput(message.inputs, 2, (seat, frame, input) => {
          expect(input.length).toBe(2);
          window.store(frame, seat, input);
        });
      // Any frame and seat that a message may carry leaves the window able to answer.
      if (message.type === "input") window.store(message.frame, message.seat, message.bytes);
      expect(window.lackingFrom([0, 1])).toBeGreaterThanOrEqual(0);
    }
    expect(types.size).toBeGreaterThanOrEqual(7);
  });

  test("on a direct path is a packet or nothing", () => {
    const dice = createDice(seed ^ 0x5eed);
    const window = createInputWindow({ inputBytes: 2, inputWindow: 60 });
    for (let frame = 0; frame < 5; frame++) window.store(frame, 1, new Uint8Array([frame, 7]));
    const sample = formatPacket({ seat: 1, clock: 9, echo: { clock: 3, heldMs: 2 } }, window);
    let read = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = Uint8Array.from(sample);
      for (let count = dice(4); count > 0; count--) bytes[dice(bytes.length)] = dice(256);
      const packet = readPacket(dice(3) === 0 ? bytes.slice(0, dice(bytes.length + 1)) : bytes, 2);
      if (packet === null) continue;
      read += 1;
      eachPacketInput(packet, 2, (frame, input) => {
        expect(frame).toBeGreaterThanOrEqual(0);
        expect(input.length).toBe(2);
      });
    }
    expect(read).toBeGreaterThan(1_000);
  });

  test("as a signal is one or nothing", () => {
    const dice = createDice(seed ^ 0x51617);
    const sample = Buffer.from('{"kind":"candidate","attempt":1,"candidate":{"candidate":"a"},"sdp":"x"}');
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = Uint8Array.from(sample);
      for (let count = dice(3); count > 0; count--) bytes[dice(bytes.length)] = dice(256);
      const signal = readSignal(bytes);
      if (signal !== null) expect(["offer", "answer", "candidate", "end", "no"]).toContain(signal.kind);
    }
    for (const value of [null, 7, "x", [], {}, { kind: "offer", attempt: 1 }, { kind: "no", attempt: "1" }])
      expect(readSignal(text("", value))).toBeNull();
  });
});
