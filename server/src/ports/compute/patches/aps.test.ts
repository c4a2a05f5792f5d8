import { describe, expect, test } from "bun:test";
import { applyApsGba, applyApsN64 } from "./aps.ts";
import { applyInMemory, ascii, hex, makePair } from "./testing/apply.ts";
import { writeApsGba, writeApsN64 } from "./testing/writers.ts";

const SOURCE = ascii("ABCDEFGH");
const ABOUT = "20".repeat(50);

describe("applyApsN64", () => {
  const run = (source: Uint8Array, patch: Uint8Array) => applyInMemory(applyApsN64, source, patch);

  test("applies records and runs, and makes the size it names", async () => {
    // Mark, simple, simple, description, size; offset 2 "xyz"; offset 7 four times "!".
    const patch = hex(`4150533130 00 00 ${ABOUT} 0b000000 02000000 03 78797a 07000000 00 21 04`);
    const { bytes, check } = await run(SOURCE, patch);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["ABxyzFG!!!!", "unknown"]);
  });

  test.each([
    [
      "another encoding",
      `4150533130 00 01 ${ABOUT} 08000000`,
      "unsupported: is encoded in a way that is not known",
    ],
    [
      "another type",
      `4150533130 02 00 ${ABOUT} 08000000`,
      "unsupported: is encoded in a way that is not known",
    ],
    ["a cut record", `4150533130 00 00 ${ABOUT} 08000000 0200`, "damaged: ends in the middle, at 63"],
    [
      "bytes behind the end",
      `4150533130 00 00 ${ABOUT} 08000000 07000000 02 7878`,
      "damaged: writes behind the end of the file",
    ],
    [
      "too large a size",
      `4150533130 00 00 ${ABOUT} ffffffff`,
      "too_large: makes a file of 4294967295 bytes, and 8388608 are allowed",
    ],
  ])("refuses %s", async (_what, patch, refusal) => {
    expect((await run(SOURCE, hex(patch))).refusal).toBe(refusal);
  });

  test.each([
    ["as people read it", false],
    ["with its bytes swapped", true],
  ])("knows a rom %s by its header", async (_what, isV64) => {
    const [source, target] = makePair(5000, 6000);
    const header = isV64 ? Buffer.from(source.slice(0, 64)).swap16() : source;
    const patch = writeApsN64(source, target, { header, isV64 });
    const { bytes, check } = await run(source, patch);
    expect([Buffer.compare(bytes, target), check]).toEqual([0, "matched"]);
    for (const at of [0x10, 0x17, 0x3c, 0x3e]) {
      const other = source.with(isV64 ? at ^ 1 : at, 1 ^ (source[isV64 ? at ^ 1 : at] ?? 0));
      expect((await run(other, patch)).check).toBe("differs");
    }
    expect((await run(source.slice(0, 40), patch)).check).toBe("differs");
  });
});

describe("applyApsGba", () => {
  const run = (source: Uint8Array, patch: Uint8Array) => applyInMemory(applyApsGba, source, patch);

  test("knows the checksums of the blocks", async () => {
    // CRC-16/CCITT-FALSE of "123456789" is 0x29B1: the catalogue's own check value.
    const source = ascii("123456789");
    const patch = Buffer.concat([
      hex("41505331 09000000 09000000 00000000 b129 b129"),
      new Uint8Array(0x10000),
    ]);
    const { bytes, check } = await run(source, patch);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["123456789", "matched"]);
    expect((await run(ascii("123456780"), patch)).check).toBe("differs");
    expect((await run(ascii("1234567890"), patch)).check).toBe("differs");
  });

  test.each([
    ["a cut header", "41505331 0900", "damaged: ends in the middle, at 6"],
    ["a cut block", "41505331 08000000 08000000 00000000 0000 0000 00", "damaged: ends in the middle, at 21"],
    [
      "too large a size",
      "41505331 08000000 ffffffff",
      "too_large: makes a file of 4294967295 bytes, and 8388608 are allowed",
    ],
  ])("refuses %s", async (_what, patch, refusal) => {
    expect((await run(SOURCE, hex(patch))).refusal).toBe(refusal);
  });

  test.each([
    [200_000, 200_000],
    [65_536, 200_000],
    [200_000, 65_536],
    [10, 20],
  ])("makes what was meant, from %d to %d bytes", async (sourceBytes, targetBytes) => {
    const [source, target] = makePair(sourceBytes, targetBytes);
    const patch = writeApsGba(source, target);
    const { bytes, check } = await run(source, patch);
    expect([Buffer.compare(bytes, target), check]).toEqual([0, "matched"]);
    const damaged = Uint8Array.from(patch);
    damaged[patch.length - 0x10000] = (damaged[patch.length - 0x10000] ?? 0) ^ 1;
    expect((await run(source, damaged)).refusal).toBe(
      "damaged: makes a file that does not match its checksums",
    );
  });
});
