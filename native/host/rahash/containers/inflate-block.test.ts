import { describe, expect, test } from "bun:test";
import { constants, deflateRawSync } from "node:zlib";
import { filled, join } from "../../../vectors/ra/bytes.ts";
import { seeded } from "../../../vectors/ra/case.ts";
import { createRandom } from "../../../vectors/ra/random.ts";
import { inflateBlock } from "./inflate-block.ts";

const random = seeded("inflate");
const pack = (bytes: Uint8Array, options: Parameters<typeof deflateRawSync>[1] = {}): Uint8Array =>
  new Uint8Array(deflateRawSync(bytes, options));

const contents: readonly (readonly [name: string, bytes: Uint8Array])[] = [
  ["one byte", Uint8Array.of(7)],
  ["a run", filled(5000, 7)],
  ["a phrase that repeats", random.soft(40_000)],
  ["noise", random.bytes(70_000)],
  ["sound", random.audio(10)],
];

const ways: readonly (readonly [name: string, options: Parameters<typeof deflateRawSync>[1]])[] = [
  ["stored", { level: 0 }],
  ["with fixed codes", { strategy: constants.Z_FIXED }],
  ["with codes of its own", { level: 9 }],
  ["without matches", { strategy: constants.Z_HUFFMAN_ONLY }],
];

describe("inflateBlock", () => {
  for (const [name, bytes] of contents) {
    test.each(ways)(`unpacks ${name} %s`, (_, options) => {
      const packed = pack(bytes, options);
      expect(inflateBlock(packed, bytes.length)).toEqual(bytes);
      expect(inflateBlock(join(packed, filled(9, 0xff)), bytes.length)).toEqual(bytes);
      expect(inflateBlock(packed, bytes.length + 1)).toBeNull();
      expect(inflateBlock(packed, 1)).toEqual(bytes.slice(0, 1));
    });
  }

  test("gives null wherever the stream is cut off before its last byte is told", () => {
    const bytes = random.soft(600);
    const packed = pack(bytes);
    // Behind the last byte comes the mark of the end, of at most 15 bits, which is not waited for.
    for (let length = 0; length < packed.length - 2; length += 1)
      expect(inflateBlock(packed.slice(0, length), bytes.length)).toBeNull();
  });

  test("ends on anything", () => {
    const noise = createRandom("inflate-noise");
    for (let round = 0; round < 3000; round += 1) {
      const result = inflateBlock(noise.bytes(noise.int(200)), 2048);
      expect(result === null || result.length === 2048).toBe(true);
    }
  });

  test.each([
    ["a kind of block that does not exist", [0x07]],
    ["a match before the start", [0x4b, 0x04, 0x12, 0x00, 0xff]],
    ["nothing", []],
  ])("gives null for %s", (_, bytes) => {
    expect(inflateBlock(Uint8Array.from(bytes), 100)).toBeNull();
  });
});
