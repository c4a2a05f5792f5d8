import { describe, expect, test } from "bun:test";
import { applyPmsr } from "./pmsr.ts";
import { applyInMemory, ascii, hex, noise } from "./testing/apply.ts";
import { writePmsr } from "./testing/writers.ts";

const SOURCE = ascii("ABCDEFGH");
const run = (source: Uint8Array, patch: Uint8Array) => applyInMemory(applyPmsr, source, patch);

describe("applyPmsr", () => {
  test("applies its records, and says that this is not Paper Mario", async () => {
    // Mark, two records: offset 2 "xy", offset 9 "z".
    const { bytes, check } = await run(
      SOURCE,
      hex("504d5352 00000002 00000002 00000002 7879 00000009 00000001 7a"),
    );
    expect([Buffer.from(bytes).toString(), check]).toEqual(["ABxyEFGH\0z", "differs"]);
  });

  test.each([
    ["a cut count", "504d5352 0000", "damaged: ends in the middle, at 6"],
    ["a missing record", "504d5352 00000002 00000002 00000001 78", "damaged: ends in the middle, at 17"],
    ["cut bytes", "504d5352 00000001 00000002 00000003 78", "damaged: ends in the middle of 3 bytes"],
    [
      "a far place",
      "504d5352 00000001 ffffffff 00000001 78",
      "too_large: makes a file of 4294967296 bytes, and 8388608 are allowed",
    ],
  ])("refuses %s", async (_what, patch, refusal) => {
    expect((await run(SOURCE, hex(patch))).refusal).toBe(refusal);
  });

  test("applies records of any length", async () => {
    const bytes = noise(600_000);
    const made = await run(
      SOURCE,
      writePmsr([
        { at: 4, bytes },
        { at: 4, bytes: bytes.subarray(0, 0) },
      ]),
    );
    expect(Buffer.compare(made.bytes, Buffer.concat([ascii("ABCD"), bytes]))).toBe(0);
  });
});
