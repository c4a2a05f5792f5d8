import { describe, expect, test } from "bun:test";
import { applyBps } from "./bps.ts";
import { applyWithin, ascii, hex, makePair, noise } from "./testing/apply.ts";
import { type BpsStep, toBpsSteps, writeBps } from "./testing/writers.ts";

const SOURCE = ascii("ABCDEFGH");
/** 8 bytes to 17: read 2 of the source, "xy", copy 4 from +4, repeat 8 from 4 on, "z"; three checksums. */
const SAMPLE = hex("42505331 88 91 80 84 85 7879 8e88 9f88 81 7a 1cb6dc68 4bf546f0 7923bdc6");

const run = (source: Uint8Array, patch: Uint8Array, max?: number) =>
  applyWithin(max)(applyBps, source, patch);

describe("applyBps", () => {
  test("applies all four instructions", async () => {
    const { bytes, check } = await run(SOURCE, SAMPLE);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["ABxyEFGHEFGHEFGHz", "matched"]);
  });

  test("says that another rom differs, and patches it all the same", async () => {
    const { bytes, check } = await run(ascii("ABCDEFGX"), SAMPLE);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["ABxyEFGXEFGXEFGXz", "differs"]);
    expect((await run(ascii("ABCDEFGHI"), SAMPLE)).check).toBe("differs");
    expect((await run(ascii("ABCDE"), SAMPLE)).refusal).toBe("damaged: copies 4 bytes at 4, and there are 5");
  });

  test("refuses a patch with any of its bytes changed", async () => {
    for (let at = 4; at < SAMPLE.length; at += 1) {
      const damaged = SAMPLE.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect([at, (await run(SOURCE, damaged)).refusal]).toEqual([
        at,
        "damaged: does not match its own checksum",
      ]);
    }
  });

  test("refuses a patch that is cut anywhere", async () => {
    for (let end = 4; end < SAMPLE.length; end += 1)
      expect((await run(SOURCE, SAMPLE.slice(0, end))).refusal).toStartWith("damaged: ");
  });

  const target = ascii("ABAB");
  test.each<[string, readonly BpsStep[], string]>([
    ["too few bytes", [{ kind: "sourceRead", count: 2 }], "damaged: makes fewer bytes than it says"],
    ["too many bytes", [{ kind: "sourceRead", count: 5 }], "damaged: makes more bytes than it says"],
    [
      "a copy from before the source",
      [{ kind: "sourceCopy", count: 4, move: -1 }],
      "damaged: copies 4 bytes at -1, and there are 8",
    ],
    [
      "a copy from behind the source",
      [{ kind: "sourceCopy", count: 4, move: 5 }],
      "damaged: copies 4 bytes at 5, and there are 8",
    ],
    [
      "a copy of what is not made",
      [{ kind: "targetCopy", count: 4, move: 0 }],
      "damaged: copies from 0 of what it has not made yet",
    ],
    [
      "other bytes than it says",
      [{ kind: "targetRead", bytes: ascii("ABAX") }],
      "damaged: makes a file that does not match its checksum",
    ],
  ])("refuses %s", async (_what, steps, refusal) => {
    expect((await run(SOURCE, writeBps(SOURCE, target, steps))).refusal).toBe(refusal);
  });

  test("refuses a size over the limit before it makes anything", async () => {
    const patch = writeBps(SOURCE, new Uint8Array(2000), [
      { kind: "targetRead", bytes: new Uint8Array(1) },
      { kind: "targetCopy", count: 1999, move: 0 },
    ]);
    expect((await run(SOURCE, patch, 1999)).refusal).toBe(
      "too_large: makes a file of 2000 bytes, and 1999 are allowed",
    );
    expect((await run(SOURCE, patch, 2000)).bytes).toEqual(new Uint8Array(2000));
  });

  test.each([1, 2, 3, 1000, 200_000, 262_144, 300_000])("repeats a stretch of %d bytes", async (period) => {
    const first = noise(period);
    const target = Uint8Array.from({ length: 700_001 + period }, (_, at) => first[at % period] ?? 0);
    const steps: BpsStep[] = [
      { kind: "targetRead", bytes: first },
      { kind: "targetCopy", count: 700_000, move: 0 },
      { kind: "targetCopy", count: 1, move: 0 },
    ];
    const { bytes, refusal } = await run(SOURCE, writeBps(SOURCE, target, steps));
    expect([refusal, Buffer.compare(bytes, target)]).toEqual([null, 0]);
  });

  test.each([
    [5000, 5000],
    [300, 700_000],
    [700_000, 300],
    [0, 10],
    [10, 0],
  ])("makes what was meant, from %d to %d bytes", async (sourceBytes, targetBytes) => {
    const [source, made] = makePair(sourceBytes, targetBytes);
    const steps =
      sourceBytes >= targetBytes ? toBpsSteps(source, made) : [{ kind: "targetRead", bytes: made } as const];
    const { bytes, check } = await run(source, writeBps(source, made, steps));
    expect([Buffer.compare(bytes, made), check]).toEqual([0, "matched"]);
  });
});
