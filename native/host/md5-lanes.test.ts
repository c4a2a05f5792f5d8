import { beforeAll, describe, expect, test } from "bun:test";
import { ensureBuilt } from "../build.ts";
import { createHasher, createHashLanes, type Hashes } from "./hash.ts";

beforeAll(async () => {
  await ensureBuilt();
}, 60_000);

const ALL = ["crc32", "md5", "sha1"] as const;
const LANE_BYTES = 1024;

/** Bytes without a short period, others for each seed. */
const bytesOf = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * (7 + 2 * seed) + (index >> 8) * 13 + seed) & 0xff);

function hashAlone(bytes: Uint8Array): Hashes {
  const hasher = createHasher(ALL);
  hasher.update(bytes);
  return hasher.digest();
}

/** Hashes a message in each lane, `stepBytes` of every buffer at a time. */
async function hashTogether(messages: readonly Uint8Array[], stepBytes = LANE_BYTES): Promise<Hashes[]> {
  const lanes = await createHashLanes(LANE_BYTES);
  const longest = Math.max(...messages.map((message) => message.length));
  for (let done = 0; done < longest; done += LANE_BYTES) {
    const pieces = messages.map((message) => message.subarray(done, done + LANE_BYTES));
    for (const [lane, piece] of pieces.entries()) lanes.buffer(lane).set(piece);
    for (let start = 0; start < LANE_BYTES; start += stepBytes) {
      lanes.update(
        start,
        pieces.map((piece) => Math.min(piece.length, start + stepBytes)),
      );
    }
  }
  const digests = messages.map((_, lane) => lanes.digest(lane));
  lanes.release();
  return digests;
}

const LENGTHS = [
  [0, 0, 0, 0],
  [64, 64, 64, 64],
  [5000, 5000, 5000, 5000],
  [0, 1, 63, 64],
  [65, 128, 1023, 1024],
  [1025, 5000, 55, 56],
  [3000, 0, 3000, 1],
  [4096],
  [4096, 100],
  [700, 9000, 2048],
].map((lengths) => ({ name: lengths.join(", "), lengths }));

describe("createHashLanes", () => {
  describe.each([LANE_BYTES, 256, 100])("%d bytes at a time", (stepBytes) => {
    test.each(LENGTHS)("gives what a hasher gives for messages of $name bytes", async ({ lengths }) => {
      const messages = lengths.map((length, lane) => bytesOf(length, lane + 1));
      expect(await hashTogether(messages, stepBytes)).toEqual(messages.map(hashAlone));
    });
  });

  test("starts a lane over after its digest, and leaves the others alone", async () => {
    const lanes = await createHashLanes(LANE_BYTES);
    const [long, first, second] = [bytesOf(2048, 1), bytesOf(100, 2), bytesOf(1000, 3)];
    lanes.buffer(0).set(long.subarray(0, 1024));
    lanes.buffer(1).set(first);
    lanes.update(0, [1024, 100]);
    expect(lanes.digest(1)).toEqual(hashAlone(first));
    lanes.buffer(0).set(long.subarray(1024));
    lanes.buffer(1).set(second);
    lanes.update(0, [1024, 1000]);
    expect([lanes.digest(0), lanes.digest(1)]).toEqual([long, second].map(hashAlone));
    lanes.release();
  });

  test("keeps two uses at the same time apart", async () => {
    const [one, two] = [await createHashLanes(LANE_BYTES), await createHashLanes(LANE_BYTES)];
    one.buffer(0).set(bytesOf(512, 1));
    two.buffer(0).set(bytesOf(512, 2));
    one.update(0, [512]);
    two.update(0, [512]);
    expect([one.digest(0), two.digest(0)]).toEqual([bytesOf(512, 1), bytesOf(512, 2)].map(hashAlone));
    one.release();
    two.release();
  });

  test("forgets messages that were given up, also with larger buffers", async () => {
    const before = await createHashLanes(LANE_BYTES);
    before.buffer(2).set(bytesOf(777, 9));
    before.update(0, [0, 0, 777]);
    before.release();
    const after = await createHashLanes(1 << 20);
    expect(after.digest(2)).toEqual(hashAlone(new Uint8Array(0)));
    after.release();
  });
});
