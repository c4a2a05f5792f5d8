import { describe, expect, test } from "bun:test";
import { applyIps, applyIps32 } from "./ips.ts";
import { applyInMemory, applyWithin, ascii, hex, makePair } from "./testing/apply.ts";
import { writeIps } from "./testing/writers.ts";

const ZEROS = new Uint8Array(8);
const patched = async (source: Uint8Array, patch: Uint8Array) => {
  const { bytes, refusal } = await applyInMemory(applyIps, source, patch);
  return refusal ?? Buffer.from(bytes).toString("hex");
};

describe("applyIps", () => {
  // "PATCH", offset, size, bytes; "EOF".
  test.each([
    ["nothing but the end", "5041544348 454f46", "0000000000000000"],
    ["a record", "5041544348 000002 0003 414243 454f46", "0000414243000000"],
    ["a run", "5041544348 000006 0000 0004 5a 454f46", "0000000000005a5a5a5a"],
    ["a record behind the end", "5041544348 00000a 0001 41 454f46", "0000000000000000000041"],
    ["a run of none", "5041544348 000006 0000 0000 5a 454f46", "0000000000000000"],
    ["a size that cuts", "5041544348 000000 0001 41 454f46 000003", "410000"],
    ["a size that cuts nothing", "5041544348 454f46 000009", "0000000000000000"],
    [
      "a text behind the end",
      `5041544348 454f46 ${Buffer.from('{"title":"x"}').toString("hex")}`,
      "0000000000000000",
    ],
  ])("applies %s", async (_what, patch, expected) => {
    expect(await patched(ZEROS, hex(patch))).toBe(expected);
  });

  test("takes a record at the offset that reads as the end for a record", async () => {
    const { bytes } = await applyInMemory(applyIps, ZEROS, hex("5041544348 454f46 0002 4142 454f46"));
    expect([bytes.length, bytes[0x454f46], bytes[0x454f47]]).toEqual([0x454f48, 0x41, 0x42]);
  });

  test.each([
    ["without an end", "5041544348", "damaged: ends without EOF"],
    ["cut in an offset", "5041544348 0000", "damaged: ends without EOF"],
    ["cut in a size", "5041544348 000002 00", "damaged: ends in the middle, at 9"],
    ["cut in its bytes", "5041544348 000002 0003 4142", "damaged: ends in the middle, at 12"],
    ["cut in a run", "5041544348 000006 0000 0004", "damaged: ends in the middle, at 12"],
  ])("refuses a patch %s", async (_what, patch, refusal) => {
    expect(await patched(ZEROS, hex(patch))).toBe(refusal);
  });

  test("never makes more bytes than may be", async () => {
    const { refusal } = await applyWithin(1000)(applyIps, ZEROS, hex("5041544348 ffffff 0001 41 454f46"));
    expect(refusal).toBe("too_large: makes a file of 16777216 bytes, and 1000 are allowed");
  });

  test("ends a patch that writes the same place again and again", async () => {
    const record = hex("000000 0000 ffff 41");
    const patch = Buffer.concat([
      ascii("PATCH"),
      ...new Array<Uint8Array>(20_000).fill(record),
      ascii("EOF"),
    ]);
    expect((await applyInMemory(applyIps, ZEROS, patch)).refusal).toMatch(
      /^damaged: writes \d+ bytes into a file of 65535$/,
    );
  });

  test.each([
    [5000, 5000],
    [5000, 9000],
    [9000, 5000],
    [0, 300],
    [300_000, 300_001],
  ])("makes what was meant, from %d to %d bytes", async (sourceBytes, targetBytes) => {
    const [source, target] = makePair(sourceBytes, targetBytes);
    const { bytes, check } = await applyInMemory(applyIps, source, writeIps(source, target));
    expect([Buffer.compare(bytes, target), check]).toEqual([0, "unknown"]);
    const wide = await applyInMemory(applyIps32, source, writeIps(source, target, { is32: true }));
    expect(Buffer.compare(wide.bytes, target)).toBe(0);
  });
});
