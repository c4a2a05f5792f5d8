import { expect, test } from "bun:test";
import { answerOf, hashFile, md5Of } from "../rahash.testing.ts";
import { raRules } from "./index.ts";
import { findSkippedBytes } from "./skipped-bytes.ts";

const MARKS = ["", "NES\x1a", "FDS\x1a", "LYNX\0", "\x01ATARI7800", "EmuSCV", "\x00ATARI780"];
const SIZES = [1, 15, 16, 17, 64, 512, 513, 1024, 8192, 8192 + 512, 16_384 + 511];

/** Gives bytes that begin with a mark. */
function bytesOf(mark: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes).map((_, index) => index * 37);
  bytes.set(Buffer.from(mark, "latin1").subarray(0, sizeBytes));
  return bytes;
}

test.each([...raRules.keys()])("never gives another hash than the rule of console %d", async (consoleId) => {
  for (const mark of MARKS) {
    for (const sizeBytes of SIZES) {
      const bytes = bytesOf(mark, sizeBytes);
      const skipped = findSkippedBytes(consoleId, bytes.subarray(0, 16), sizeBytes);
      if (skipped === null) continue;
      const answer = answerOf(await hashFile("game.bin", bytes, consoleId));
      expect(answer).toBe(md5Of(bytes.subarray(skipped)));
    }
  }
});

test.each([
  [1, "", 100, 0],
  [7, "NES\x1a", 100, 16],
  [7, "NES\x1a", 10, null],
  [81, "FDS\x1a", 100, 16],
  [3, "", 8704, 512],
  [3, "", 8192, 0],
  [8, "", 1536, 512],
  [13, "LYNX\0", 64, 64],
  [51, "\x01ATARI7800", 200, 128],
  [55, "EmuSCV", 40, 32],
  [2, "", 100, null],
  [18, "", 100, null],
  [12, "", 100, null],
  [999, "", 100, null],
  [1, "", (64 << 20) + 1, null],
] as const)("console %d with %j and %d bytes: %p", (consoleId, mark, sizeBytes, expected) => {
  expect(findSkippedBytes(consoleId, bytesOf(mark, 16), sizeBytes)).toBe(expected);
});
