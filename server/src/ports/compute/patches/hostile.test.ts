import { describe, expect, test } from "bun:test";
import { crc32, deflateRawSync } from "node:zlib";
import { applyPatch } from "./formats.ts";
import type { ApplyPatch, SourceCheck } from "./patch.ts";
import { applyInMemory, ascii, createDice, hex, makePair, noise, TARGET_MAX } from "./testing/apply.ts";
import { BSDIFF_SAMPLE } from "./testing/samples.ts";
import {
  toBpsSteps,
  writeApsGba,
  writeApsN64,
  writeBps,
  writeIps,
  writePmsr,
  writePpf,
  writeRup,
  writeUps,
  writeVcdiff,
} from "./testing/writers.ts";

/** Time for all damaged patches together, in milliseconds. */
const FUZZ_MS = 8_000;
/** Of one damaged patch: its own targets are a few kilobytes, and the largest allowed takes some 100 ms. */
const ONE_MS = 3_000;

const [SOURCE, TARGET] = makePair(4000, 5000);
const CHANGED = SOURCE.map((byte, at) => (at % 700 === 0 ? byte ^ 1 : byte));
/** Long enough for the block that PPF compares. */
const LARGE = noise(40_000);
const seed = Number(process.env.MULTITAP_FUZZ_SEED ?? Date.now() % 0x7fff_ffff);

const PATCHES: readonly (readonly [name: string, patch: Uint8Array])[] = [
  ["ips", writeIps(SOURCE, TARGET)],
  ["ips32", writeIps(SOURCE, TARGET, { is32: true })],
  ["ebp", writeIps(SOURCE, TARGET, { note: "{}" })],
  ["bps", writeBps(SOURCE, CHANGED, toBpsSteps(SOURCE, CHANGED))],
  ["ups", writeUps(SOURCE, TARGET)],
  ["ppf1", writePpf(SOURCE, CHANGED, { version: 1, note: "x" })],
  ["ppf2", writePpf(LARGE, LARGE, { version: 2 })],
  ["ppf3", writePpf(SOURCE, CHANGED, { version: 3, hasUndo: true })],
  ["rup", writeRup(SOURCE, TARGET)],
  ["aps n64", writeApsN64(SOURCE, TARGET, { header: SOURCE })],
  ["aps gba", writeApsGba(SOURCE, TARGET)],
  ["pmsr", writePmsr([{ at: 100, bytes: TARGET.subarray(0, 500) }])],
  ["bdf", BSDIFF_SAMPLE],
  [
    "vcdiff",
    writeVcdiff([
      {
        segment: { at: 0, sizeBytes: 16 },
        windowBytes: 28,
        data: hex("7778797a7a"),
        instructions: hex("1405141c0004"),
        addresses: hex("000418"),
      },
      { windowBytes: 3000, data: ascii("x"), instructions: hex("009738"), addresses: hex("") },
    ]),
  ],
];

const anyFormat: ApplyPatch = async (job): Promise<SourceCheck> => (await applyPatch(job)).check;

/** Damages a patch in one to three places: other bytes, the largest numbers, cut out, cut off, or said twice. */
function damage(patch: Uint8Array, dice: () => number): Uint8Array {
  let bytes = Buffer.from(patch);
  const upTo = (max: number) => Math.floor(dice() * max);
  for (let times = 1 + upTo(3); times > 0; times -= 1) {
    const at = upTo(bytes.length);
    const kind = upTo(6);
    if (kind === 0) bytes[at] = upTo(256);
    else if (kind === 1) bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + upTo(8)));
    else if (kind === 2) bytes.fill(0x00, at, Math.min(bytes.length, at + 1 + upTo(8)));
    else if (kind === 3) bytes = bytes.subarray(0, at);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + upTo(8))]);
    else bytes = Buffer.concat([bytes, bytes.subarray(at)]);
    if (bytes.length === 0) return bytes;
  }
  // With its own checksum right again a patch is read to where the damage is.
  if (dice() < 0.7 && bytes.length > 4) bytes.writeUInt32LE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

describe("damaged patches", () => {
  test(
    `end in a result or a refusal, in time and within the limits (MULTITAP_FUZZ_SEED=${seed})`,
    async () => {
      const dice = createDice(seed);
      const endsAtMs = performance.now() + FUZZ_MS;
      let count = 0;
      let refused = 0;
      while (performance.now() < endsAtMs) {
        const [name, patch] = PATCHES[count % PATCHES.length] ?? ["", new Uint8Array(0)];
        const damaged = damage(patch, dice);
        const startedAtMs = performance.now();
        const { bytes, refusal } = await applyInMemory(anyFormat, SOURCE, damaged);
        const tookMs = performance.now() - startedAtMs;
        if (bytes.length > TARGET_MAX || tookMs > ONE_MS)
          expect({ name, seed, count, patch: damaged.toHex(), bytes: bytes.length, tookMs }).toBeNull();
        if (refusal !== null) refused += 1;
        count += 1;
      }
      // Both happen, or the damage is of the wrong kind.
      expect(count).toBeGreaterThan(PATCHES.length * 3);
      expect(refused).toBeGreaterThan(0);
      expect(refused).toBeLessThan(count);
    },
    FUZZ_MS + 20_000,
  );

  test.each(PATCHES)("of %s: cut anywhere they end, and never with too much", async (_name, patch) => {
    const step = Math.max(1, Math.floor(patch.length / 150));
    for (let end = 0; end < patch.length; end += step) {
      const { bytes } = await applyInMemory(anyFormat, SOURCE, patch.slice(0, end));
      expect(bytes.length).toBeLessThanOrEqual(TARGET_MAX);
    }
  });

  test.each(PATCHES)("of %s is known by its mark", async (_name, patch) => {
    const { refusal } = await applyInMemory(anyFormat, SOURCE, patch);
    expect(refusal).toBeNull();
  });

  test.each([
    ["nothing", new Uint8Array(0)],
    ["noise", noise(100)],
    ["an archive", deflateRawSync(noise(100))],
    ["half a mark", ascii("BPS")],
  ])("are not guessed: %s", async (_what, patch) => {
    const { refusal } = await applyInMemory(anyFormat, SOURCE, patch);
    expect(refusal).toBe("unsupported: is of no format that is known here");
  });
});

describe("patches that are made to fill the disk", () => {
  test.each([
    [
      "a BPS run",
      writeBps(SOURCE, new Uint8Array(TARGET_MAX + 1), [{ kind: "targetRead", bytes: new Uint8Array(1) }]),
    ],
    ["a UPS size", writeUps(SOURCE, new Uint8Array(TARGET_MAX + 1))],
    ["a RUP size", writeRup(SOURCE, new Uint8Array(TARGET_MAX + 1))],
    ["an APS size", writeApsN64(SOURCE, new Uint8Array(TARGET_MAX + 1))],
    [
      "a VCDIFF run",
      writeVcdiff([
        {
          windowBytes: TARGET_MAX + 1,
          data: ascii("x"),
          instructions: hex("0084808001"),
          addresses: hex(""),
        },
      ]),
    ],
  ])("end before they write: %s", async (_what, patch) => {
    const { refusal } = await applyInMemory(anyFormat, SOURCE, patch);
    expect(refusal).toBe(`too_large: makes a file of ${TARGET_MAX + 1} bytes, and ${TARGET_MAX} are allowed`);
  });
});
