import { describe, expect, test } from "bun:test";
import { applyPpf } from "./ppf.ts";
import { applyInMemory, ascii, hex, makePair } from "./testing/apply.ts";
import { type PpfOptions, writePpf } from "./testing/writers.ts";

const ABOUT = "20".repeat(50);
const run = (source: Uint8Array, patch: Uint8Array) => applyInMemory(applyPpf, source, patch);

describe("applyPpf", () => {
  test.each([
    // Mark, version, description; then offset, count, bytes.
    ["1", `5050463130 00 ${ABOUT} 02000000 03 616263`, "unknown"],
    ["3 without a block", `5050463330 02 ${ABOUT} 00000000 0200000000000000 03 616263`, "unknown"],
    [
      "3 with what is replaced",
      `5050463330 02 ${ABOUT} 00000100 0200000000000000 03 616263 434445`,
      "unknown",
    ],
    [
      "1 and a text",
      `5050463130 00 ${ABOUT} 02000000 03 616263 ${Buffer.from("@BEGIN_FILE_ID.DIZx").toString("hex")}`,
      "unknown",
    ],
  ] as const)("applies version %s", async (_version, patch, expected) => {
    const { bytes, check } = await run(ascii("ABCDEFGH"), hex(patch));
    expect([Buffer.from(bytes).toString(), check]).toEqual(["ABabcFGH", expected]);
  });

  test.each([
    ["another version", `5050463430 03 ${ABOUT}`, "unsupported: is of a version of PPF that is not known"],
    ["two versions", `5050463130 02 ${ABOUT}`, "unsupported: is of a version of PPF that is not known"],
    ["a cut header", "5050463130 00 2020", "damaged: ends in the middle, at 8"],
    ["a cut offset", `5050463130 00 ${ABOUT} 0200`, "damaged: ends in the middle, at 58"],
    ["cut bytes", `5050463130 00 ${ABOUT} 02000000 03 61`, "damaged: ends in the middle, at 62"],
    [
      "what is replaced cut",
      `5050463330 02 ${ABOUT} 00000100 0200000000000000 02 6162 43`,
      "damaged: ends in the middle, at 72",
    ],
    [
      "no such place",
      `5050463330 02 ${ABOUT} 00000000 ffffffffffffffff 01 61`,
      "damaged: names the number 18446744073709552000",
    ],
    [
      "a far place",
      `5050463330 02 ${ABOUT} 00000000 00000000 01000000 01 61`,
      "too_large: makes a file of 4294967297 bytes, and 8388608 are allowed",
    ],
  ])("refuses %s", async (_what, patch, refusal) => {
    expect((await run(ascii("ABCDEFGH"), hex(patch))).refusal).toBe(refusal);
  });

  test.each<[string, PpfOptions, string]>([
    ["1", { version: 1, note: "about" }, "unknown"],
    ["2", { version: 2, note: "about" }, "matched"],
    ["3", { version: 3, note: "about" }, "unknown"],
    ["3 with a block", { version: 3, hasBlock: true, hasUndo: true }, "matched"],
    ["3 of PrimoDVD", { version: 3, hasBlock: true, isGi: true }, "matched"],
  ])("makes what was meant by version %s, and knows its image", async (_name, options, expected) => {
    const [source, target] = makePair(60_000, 60_000);
    const patch = writePpf(source, target, options);
    const { bytes, check } = await run(source, patch);
    expect([Buffer.compare(bytes, target), check as string]).toEqual([0, expected]);
    const other = source.map((byte) => byte ^ 1);
    const checkOfOther = (await run(other, patch)).check;
    expect(checkOfOther as string).toBe(expected === "matched" ? "differs" : "unknown");
  });
});
