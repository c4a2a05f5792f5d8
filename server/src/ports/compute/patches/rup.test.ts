import { describe, expect, test } from "bun:test";
import { applyRup } from "./rup.ts";
import { applyInMemory, ascii, hex, makePair } from "./testing/apply.ts";
import { writeRup } from "./testing/writers.ts";

const HEADER = `4e494e4a4132 01 ${"00".repeat(2041)}`;
/** 8 bytes to 10, both digests, 2 gained bytes with all bits turned; 1 byte at 1 combined with 0x20. */
const SIZES =
  "01 00 00 0108 010a 4783e784b4fa2fba9e4d6502dbc64f8f 6625f3fe3726621a527a4700ba6d5d3c 41 0102 b6b5";
const SAMPLE = hex(`${HEADER} ${SIZES} 02 0101 0101 20 00`);

const run = (source: Uint8Array, patch: Uint8Array) => applyInMemory(applyRup, source, patch);

describe("applyRup", () => {
  test("combines the bytes that change and adds what is gained", async () => {
    const { bytes, check } = await run(ascii("ABCDEFGH"), SAMPLE);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["AbCDEFGHIJ", "matched"]);
    expect((await run(ascii("ABCDEFGX"), SAMPLE)).check).toBe("differs");
  });

  test("turns the patched file back", async () => {
    const { bytes, check } = await run(ascii("AbCDEFGHIJ"), SAMPLE);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["ABCDEFGH", "matched"]);
  });

  test.each([
    ["without a file", `${HEADER} 00`, "damaged: names no file"],
    ["for several files", `${HEADER} ${SIZES} 02 0101 0101 20 01`, "unsupported: is for several files"],
    ["with a strange command", `${HEADER} ${SIZES} 07`, "damaged: holds the command 7"],
    ["without an end", `${HEADER} ${SIZES}`, "damaged: ends in the middle, at 2092"],
    ["with a number that is none", `${HEADER} ${SIZES} 02 09`, "damaged: names a number of 9 bytes"],
    [
      "with the wrong overflow",
      `${HEADER} ${SIZES.replace(" 41 ", " 4d ")} 00`,
      "damaged: does not say what becomes of the end of the file",
    ],
    [
      "that adds too much",
      `${HEADER} ${SIZES.replace("0102 b6b5", "0103 b6b5b4")} 00`,
      "damaged: adds more bytes than it says",
    ],
  ])("refuses a patch %s", async (_what, patch, refusal) => {
    expect((await run(ascii("ABCDEFGH"), hex(patch))).refusal).toBe(refusal);
  });

  test.each([
    [5000, 5000],
    [300, 700_000],
    [700_000, 300],
    [0, 10],
    [10, 0],
  ])("makes what was meant and back, from %d to %d bytes", async (sourceBytes, targetBytes) => {
    const [source, target] = makePair(sourceBytes, targetBytes);
    const patch = writeRup(source, target);
    const there = await run(source, patch);
    expect([Buffer.compare(there.bytes, target), there.check]).toEqual([0, "matched"]);
    const back = await run(target, patch);
    expect([Buffer.compare(back.bytes, source), back.check]).toEqual([0, "matched"]);
  });
});
