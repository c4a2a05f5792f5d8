import { describe, expect, test } from "bun:test";
import { applyWithin, ascii, hex } from "./testing/apply.ts";
import { vcdiffNumber, writeVcdiff } from "./testing/writers.ts";
import { applyVcdiff } from "./vcdiff.ts";

const SOURCE = ascii("abcdefghijklmnop");
const TARGET = "abcdwxyzefghefghefghefghzzzz";
/** The example of RFC 3284 section 3: copy 4 from 0, "wxyz", copy 4 from 4, copy 12 from 24, run of 4 "z". */
const DELTA = "7778797a7a 14 05 14 1c 0004 000418";
const SAMPLE = hex(`d6c3c400 00 01 10 00 13 1c 00 05 06 03 ${DELTA}`);
/** The same with xdelta3's checksum of the window, and a text of its own in the header. */
const CHECKED = hex(`d6c3c400 04 03 616263 05 10 00 17 1c 00 05 06 03 a7fc0bbd ${DELTA}`);

const run = (source: Uint8Array, patch: Uint8Array, max?: number) =>
  applyWithin(max)(applyVcdiff, source, patch);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

describe("applyVcdiff", () => {
  test.each([
    ["as the RFC has it", SAMPLE, "unknown"],
    ["with what xdelta3 adds", CHECKED, "matched"],
  ] as const)("applies a window %s", async (_what, patch, expected) => {
    const { bytes, check } = await run(SOURCE, patch);
    expect([textOf(bytes), check]).toEqual([TARGET, expected]);
  });

  test("says that another rom differs, and patches it all the same", async () => {
    const { bytes, check } = await run(ascii("abcXefghijklmnop"), CHECKED);
    expect([textOf(bytes), check]).toEqual([TARGET.replace("d", "X"), "differs"]);
    expect((await run(ascii("abc"), CHECKED)).refusal).toBe("damaged: reads 16 bytes at 0, and there are 3");
  });

  test("makes an empty file of no windows", async () => {
    expect(await run(SOURCE, hex("d6c3c400 00"))).toEqual({
      check: "unknown",
      bytes: new Uint8Array(0),
      refusal: null,
    });
  });

  test("refuses a patch that is cut anywhere", async () => {
    // Behind the header it is a whole patch without windows.
    for (let end = 3; end < CHECKED.length; end += 1)
      if (end !== 9)
        expect([end, (await run(SOURCE, CHECKED.slice(0, end))).refusal ?? ""]).toEqual([
          end,
          expect.stringMatching(/^damaged: /),
        ]);
  });

  test.each([
    ["another version", "d6c3c453 00", "unsupported: is of a version of VCDIFF that is not known"],
    ["a code table of its own", "d6c3c400 02", "unsupported: has a code table of its own"],
    ["unknown marks", "d6c3c400 08", "unsupported: has marks in its header that are not known"],
    ["unknown marks of a window", "d6c3c400 00 10", "unsupported: has marks in a window that are not known"],
    ["two segments", "d6c3c400 00 03", "damaged: has a window with two segments"],
    [
      "a packed window",
      "d6c3c400 01 02 00 05 00 01 00 00 00",
      "unsupported: is packed once more (secondary compression); make it anew with xdelta3 -S none",
    ],
    [
      "a window that is too long",
      "d6c3c400 00 00 0a a8808000 00 00 00 00 00 00",
      "unsupported: has a window of 83886080 bytes, and 67108864 are read",
    ],
    [
      "parts that do not add up",
      "d6c3c400 00 00 06 01 00 01 01 00 61",
      "damaged: has a window of another length than it says",
    ],
    [
      "a window that is not filled",
      "d6c3c400 00 00 07 02 00 01 01 00 61 02",
      "damaged: makes fewer bytes than a window says",
    ],
    [
      "a window that is filled too far",
      "d6c3c400 00 00 08 01 00 02 01 00 6161 03",
      "damaged: makes more bytes than a window says",
    ],
    [
      "a copy of what is not there",
      "d6c3c400 00 00 07 04 00 00 01 01 14 00",
      "damaged: copies from 0 of the 0 bytes so far",
    ],
    [
      "a number without an end",
      `d6c3c400 00 00 ${"ff".repeat(9)}`,
      "damaged: names a number of more than 8 bytes",
    ],
    ["data that is missing", "d6c3c400 00 00 06 01 00 00 01 00 02", "damaged: ends in the middle, at 12"],
  ])("refuses %s", async (_what, patch, refusal) => {
    expect((await run(SOURCE, hex(patch))).refusal).toBe(refusal);
  });

  test("refuses a target over the limit", async () => {
    expect((await run(SOURCE, SAMPLE, 27)).refusal).toBe(
      "too_large: makes a file of 28 bytes, and 27 are allowed",
    );
  });

  test("reads addresses in all nine ways", async () => {
    // A copy of 4 in mode m has the code 20 + 16 m.
    const copies = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((mode) => 20 + 16 * mode);
    const source = Uint8Array.from({ length: 1000 }, (_, at) => at % 251);
    const places = [300, 994, 301, 995, 302, 1003];
    const addresses = [
      vcdiffNumber(300),
      vcdiffNumber(1000 + 4 - 994),
      vcdiffNumber(1),
      vcdiffNumber(1),
      vcdiffNumber(1),
      vcdiffNumber(8),
    ];
    // After 300 and 994 the near slots are [300, 994, 0, 0]: mode 2 → 301 (slot 2), mode 3 → 995 (slot 3), mode 4 →
    // slot 2 is 301 → 302 (slot 0), mode 5 → slot 3 is 995 + 8 → 1003, a place in the window itself (slot 1).
    const same = [302, 301, 994];
    // 302 and 301 lie in the second table (256..511), 994 - 768 = 226 in the first.
    const sameCodes = [20 + 16 * 7, 20 + 16 * 7, 20 + 16 * 6];
    const instructions = Uint8Array.from([...copies.slice(0, 6), ...sameCodes, 0xf7]);
    const sameBytes = [302 - 256, 301 - 256, 994 - 768].map((value) => Uint8Array.of(value));
    // 0xf7 copies 4 in mode 0, then adds 1.
    const window = {
      segment: { at: 0, sizeBytes: 1000 },
      windowBytes: 41,
      data: ascii("!"),
      instructions,
      addresses: Buffer.concat([...addresses, ...sameBytes, vcdiffNumber(996)]),
    };
    const all: number[] = [...source];
    for (const at of [...places, ...same, 996])
      for (let index = 0; index < 4; index += 1) all.push(all[at + index] ?? -1);
    const { bytes, refusal } = await run(source, writeVcdiff([window]));
    expect([refusal, textOf(bytes)]).toEqual([null, textOf(Uint8Array.from([...all.slice(1000), 33]))]);
  });

  test("copies from what earlier windows made", async () => {
    const first = { windowBytes: 4, data: ascii("WXYZ"), instructions: hex("05"), addresses: hex("") };
    const second = {
      segment: { at: 1, sizeBytes: 3, isTarget: true },
      windowBytes: 6,
      data: hex(""),
      // Copies 6 from 0: three of the segment, and those again.
      instructions: hex("16"),
      addresses: hex("00"),
      checked: ascii("XYZXYZ"),
    };
    const { bytes, check } = await run(SOURCE, writeVcdiff([first, second]));
    expect([textOf(bytes), check]).toEqual(["WXYZXYZXYZ", "unknown"]);
  });
});
