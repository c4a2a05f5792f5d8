import { describe, expect, test } from "bun:test";
import { applyWithin, ascii, hex, makePair } from "./testing/apply.ts";
import { writeUps } from "./testing/writers.ts";
import { applyUps } from "./ups.ts";

const SOURCE = ascii("ABCDEFGH");
/** 8 bytes to 10: after 1 byte 0x20, after 3 more 0x20, at the end "IJ"; three checksums. */
const SAMPLE = hex("55505331 88 8a 81 2000 83 2000 80 494a00 1cb6dc68 9840dd10 8200ea22");

const run = (source: Uint8Array, patch: Uint8Array, max?: number) =>
  applyWithin(max)(applyUps, source, patch);

describe("applyUps", () => {
  test("combines the bytes that change", async () => {
    const { bytes, check } = await run(SOURCE, SAMPLE);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["AbCDEFgHIJ", "matched"]);
  });

  test("turns the patched file back", async () => {
    const { bytes, check } = await run(ascii("AbCDEFgHIJ"), SAMPLE);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["ABCDEFGH", "matched"]);
  });

  test("says that another rom differs, and patches it all the same", async () => {
    const { bytes, check } = await run(ascii("XBCDEFGH"), SAMPLE);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["XbCDEFgHIJ", "differs"]);
    expect((await run(ascii("AB"), SAMPLE)).check).toBe("differs");
  });

  test("refuses a patch with any of its bytes changed, or cut anywhere", async () => {
    for (let at = 4; at < SAMPLE.length; at += 1) {
      const damaged = SAMPLE.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect([at, (await run(SOURCE, damaged)).refusal]).toEqual([
        at,
        "damaged: does not match its own checksum",
      ]);
      expect((await run(SOURCE, SAMPLE.slice(0, at))).refusal).toStartWith("damaged: ");
    }
  });

  test("refuses a size over the limit", async () => {
    expect((await run(SOURCE, SAMPLE, 9)).refusal).toBe(
      "too_large: makes a file of 10 bytes, and 9 are allowed",
    );
  });

  test.each([
    [5000, 5000],
    [300, 700_000],
    [700_000, 300],
    [262_144, 524_288],
    [700_000, 700_000],
    [0, 10],
    [10, 0],
  ])("makes what was meant and back, from %d to %d bytes", async (sourceBytes, targetBytes) => {
    const [source, target] = makePair(sourceBytes, targetBytes);
    const patch = writeUps(source, target);
    const there = await run(source, patch);
    expect([Buffer.compare(there.bytes, target), there.check]).toEqual([0, "matched"]);
    const back = await run(target, patch);
    expect([Buffer.compare(back.bytes, source), back.check]).toEqual([0, "matched"]);
  });
});
