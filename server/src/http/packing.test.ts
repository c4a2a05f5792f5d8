import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { acceptsGzip, createPacker, measurePacked } from "./packing.ts";

const text = JSON.stringify(Array.from({ length: 2_000 }, (_, id) => ({ id, name: "Star Pilot" })));
const body = new TextEncoder().encode(text);

/** Asks until the work that is done aside is done. */
async function findAtLast(packer: ReturnType<typeof createPacker>, key: object) {
  for (let turn = 0; turn < 2_000; turn += 1) {
    const packed = packer.find(key, body);
    if (packed !== null) return packed;
    await Bun.sleep(1);
  }
  throw new Error("nothing was packed");
}

describe("createPacker", () => {
  test("packs what is asked for again", async () => {
    const packer = createPacker();
    const key = {};
    expect(packer.find(key, body)).toBeNull();
    const packed = await findAtLast(packer, key);
    expect(gunzipSync(packed).toString()).toBe(text);
    expect(packed.byteLength).toBeLessThan(body.byteLength / 3);
    expect(packer.find(key, body)).toBe(packed);
  });

  test("leaves small bodies alone", async () => {
    const packer = createPacker();
    const key = {};
    const small = body.slice(0, 4_095);
    for (let turn = 0; turn < 20; turn += 1) {
      expect(packer.find(key, small)).toBeNull();
      await Bun.sleep(1);
    }
  });

  test("keeps bodies apart", async () => {
    const packer = createPacker();
    const key = {};
    await findAtLast(packer, key);
    expect(packer.find({}, body)).toBeNull();
  });
});

test("a body that can be packed counts with its packed form", () => {
  expect([measurePacked(new Uint8Array(100)), measurePacked(new Uint8Array(10_001))]).toEqual([100, 15_002]);
});

test.each([
  ["gzip", true],
  ["gzip, deflate, br", true],
  ["br;q=1.0, GZIP;q=0.5", true],
  ["*", true],
  ["gzip;q=0, *", false],
  ["identity", false],
  ["gzip; q=0", false],
  ["", false],
  [null, false],
])("%p takes gzip: %p", (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected);
});
