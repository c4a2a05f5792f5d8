import { afterAll, expect, test } from "bun:test";
import fs from "node:fs";
import { SPOOL_MEMORY_BYTES } from "../limits.ts";
import { createNoise, createPlace } from "../testing/archives.ts";
import { createSpool } from "./spool.ts";

const place = createPlace();
afterAll(place.remove);

const { settings } = place;
const noise = createNoise(SPOOL_MEMORY_BYTES + 5000, 11);

/** Adds bytes in pieces of that size. */
function fill(sizeBytes: number, pieceBytes: number) {
  const spool = createSpool({ settings });
  for (let at = 0; at < sizeBytes; at += pieceBytes)
    spool.append(noise.subarray(at, Math.min(at + pieceBytes, sizeBytes)));
  return spool;
}

test.each([
  ["memory", 100_000],
  ["a file", SPOOL_MEMORY_BYTES + 5000],
])("gives back any range, from %s", (_, sizeBytes) => {
  const spool = fill(sizeBytes, 33_333);
  expect(spool.sizeBytes).toBe(sizeBytes);
  for (const [start, end] of [
    [0, 1],
    [0, sizeBytes],
    [33_332, 33_334],
    [50_000, 99_999],
    [sizeBytes - 1, sizeBytes],
    [7, 7],
  ] as const) {
    expect(Buffer.compare(spool.read(start, end), noise.subarray(start, end))).toBe(0);
  }
  spool.close();
});

test("keeps copies", () => {
  const spool = createSpool({ settings });
  const bytes = Uint8Array.of(1, 2, 3);
  spool.append(bytes);
  bytes.fill(9);
  expect([...spool.read(0, 3)]).toEqual([1, 2, 3]);
});

test("starts over after it was cleared, and closes twice", () => {
  const handles = fs.readdirSync("/proc/self/fd").length;
  const spool = fill(SPOOL_MEMORY_BYTES + 5000, 1 << 20);
  spool.clear();
  expect(spool.sizeBytes).toBe(0);
  spool.append(Uint8Array.of(5));
  expect([...spool.read(0, 1)]).toEqual([5]);
  spool.close();
  spool.close();
  expect(fs.readdirSync("/proc/self/fd").length).toBe(handles);
  expect(fs.readdirSync(place.tempPath)).toEqual([]);
});
