import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSevenZip } from "../testing/archives.ts";
import { applyBdf } from "./bdf.ts";
import { unpackBzip2 } from "./bzip2.ts";
import { createCursor } from "./cursor.ts";
import { PatchRefusal } from "./patch.ts";
import { applyWithin, ascii, hex, makePair, memoryBytes, noise } from "./testing/apply.ts";
import { BSDIFF_SAMPLE as SAMPLE } from "./testing/samples.ts";
import { writeBsdiff } from "./testing/writers.ts";

const run = (source: Uint8Array, patch: Uint8Array, max?: number) =>
  applyWithin(max)(applyBdf, source, patch);

/** Packs by an independent program. */
function pack(bytes: Uint8Array): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "multitap-bzip2-"));
  try {
    writeFileSync(join(folder, "in"), bytes);
    runSevenZip(["a", "-tbzip2", "out.bz2", "in"], folder);
    return readFileSync(join(folder, "out.bz2"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function unpack(packed: Uint8Array): Buffer | string {
  try {
    const pieces = unpackBzip2(createCursor(memoryBytes(packed)));
    return Buffer.concat([...pieces.map((piece) => piece.slice())]);
  } catch (error) {
    if (error instanceof PatchRefusal) return error.reason;
    throw error;
  }
}

describe("unpackBzip2", () => {
  const text = Buffer.from("to be or not to be ".repeat(3000));
  test.each([
    ["one byte", ascii("a")],
    ["runs of every length", Buffer.concat(Array.from({ length: 600 }, (_, n) => Buffer.alloc(n, n)))],
    ["zeros of several blocks", Buffer.alloc(3_000_000)],
    ["text", text],
    ["all bytes", noise(100_000)],
    ["several blocks", noise(1_900_000)],
  ])(
    "unpacks %s",
    (_what, bytes) => {
      expect(Buffer.compare(unpack(pack(bytes)) as Buffer, bytes)).toBe(0);
    },
    30_000,
  );

  test("never gives other bytes out of a damaged stream, and refuses one that is cut anywhere", () => {
    const packed = pack(text.subarray(0, 400));
    for (let at = 0; at < packed.length; at += 1) {
      const damaged = Uint8Array.from(packed);
      damaged[at] = (damaged[at] ?? 0) ^ 0x04;
      // Some bits change nothing: padding, the size of the blocks, codes of symbols that do not occur.
      const unpacked = unpack(damaged);
      if (typeof unpacked !== "string")
        expect([at, Buffer.compare(unpacked, text.subarray(0, 400))]).toEqual([at, 0]);
      expect(unpack(packed.subarray(0, at))).toBe("damaged");
    }
  });
});

describe("applyBdf", () => {
  test("adds differences and takes new bytes", async () => {
    const { bytes, check } = await run(ascii("ABCDEFGH"), SAMPLE);
    expect([Buffer.from(bytes).toString(), check]).toEqual(["ABCDxyEFGI", "unknown"]);
  });

  test("takes bytes outside of the source for zeros", async () => {
    const { bytes } = await run(ascii("AB"), SAMPLE);
    expect(Buffer.from(bytes).toString("latin1")).toBe("AB\0\0xy\0\0\0\x01");
  });

  test("refuses a patch that is cut anywhere", async () => {
    for (let end = 8; end < SAMPLE.length; end += 1)
      expect((await run(ascii("ABCDEFGH"), SAMPLE.slice(0, end))).refusal ?? "none").toStartWith("damaged: ");
  });

  test.each([
    ["a part of a negative length", 8, "ffffffffffffffff", "damaged: names the number 9223372036854776000"],
    ["a part of a length below zero", 8, "0100000000000080", "damaged: names parts outside of itself"],
    ["a part that is too long", 16, "ff00000000000000", "damaged: names parts outside of itself"],
    ["a part that is not packed", 32, "00", "damaged: holds a part that is not packed by bzip2"],
    [
      "a size that is too large",
      24,
      "ffffffff00000000",
      "too_large: makes a file of 4294967295 bytes, and 8388608 are allowed",
    ],
    ["a size that is too small", 24, "0900000000000000", "damaged: makes more bytes than it says"],
    [
      "a size that is never reached",
      24,
      "0b00000000000000",
      "damaged: has fewer bytes than its instructions need",
    ],
  ])("refuses %s", async (_what, at, bytes, refusal) => {
    const patch = SAMPLE.slice();
    patch.set(hex(bytes), at);
    expect((await run(ascii("ABCDEFGH"), patch)).refusal).toBe(refusal);
  });

  test("ends instructions that move nothing", async () => {
    const target = ascii("A");
    const steps = new Array<readonly [number, number, number]>(200_000).fill([0, 0, 0]);
    const patch = writeBsdiff(target, target, { steps: [...steps, [1, 0, 0]], pack });
    expect((await run(target, patch)).refusal).toBe("damaged: holds too many instructions that move nothing");
  });

  test("refuses an instruction that goes backwards", async () => {
    const patch = writeBsdiff(ascii("AB"), ascii("AB"), { steps: [[-1, 3, 0]], pack });
    expect((await run(ascii("AB"), patch)).refusal).toBe("damaged: holds an instruction that goes backwards");
  });

  test("makes what was meant", async () => {
    const [source, target] = makePair(300_000, 400_000);
    const steps = [
      [100_000, 5, 200],
      [100_000, 0, -150_000],
      [10, 199_985, 0],
    ] as const;
    const { bytes, refusal } = await run(source, writeBsdiff(source, target, { steps, pack }));
    expect([refusal, Buffer.compare(bytes, target)]).toEqual([null, 0]);
  });
});
