import { beforeAll, describe, expect, test } from "bun:test";
import { constants, deflateRawSync } from "node:zlib";
import * as codec from "../../assembly/chd/codecs/ids.ts";
import * as errors from "../../assembly/errors.ts";
import { ensureBuilt } from "../../build.ts";
import { createRandom } from "../../vectors/damage.ts";
import { runOnDisc } from "../load.ts";
import { decodeJob } from "./decode.ts";

beforeAll(async () => {
  await ensureBuilt();
});

/** Decodes a blob as a hunk; gives its bytes, or the number of what is wrong with it. */
async function decode(
  codecNumber: number,
  blob: Uint8Array,
  hunkBytes: number,
): Promise<Uint8Array | number> {
  const entry = { kind: "stored", codec: codecNumber, offset: 0, lengthBytes: blob.length } as const;
  const steps = [{ ...entry, check: "none", crc: 0 } as const];
  const result = await runOnDisc((disc) => decodeJob(disc, { hunkBytes, blobs: blob, blobsAt: 0, steps }));
  const reason = result?.failures[0]?.reason;
  return typeof reason === "number" ? reason : (result?.bytes ?? errors.ERROR_MEMORY);
}

const HUNK_BYTES = 19_584;
const random = createRandom(4711);
const make = (value: (index: number) => number, length = HUNK_BYTES) =>
  Uint8Array.from({ length }, (_, index) => value(index));

/** Repeats of every distance up to 40 and of lengths far above a code's. */
function makePeriodic(): Uint8Array {
  const bytes = new Uint8Array(HUNK_BYTES);
  let at = 0;
  for (let period = 1; at < bytes.length; period = (period % 40) + 1) {
    const end = Math.min(bytes.length, at + period + 20 * period);
    for (let index = at; index < end; index += 1) {
      bytes[index] = index < at + period ? random(256) : (bytes[index - period] ?? 0);
    }
    at = end;
  }
  return bytes;
}

const CONTENTS = {
  zeros: make(() => 0),
  noise: make(() => random(256)),
  "few values": make(() => random(5) * 50),
  "skewed values": make(() => Math.clz32(random(2 ** 32)) * 7),
  periods: makePeriodic(),
  text: make((index) => "The quick brown fox jumps over 13 lazy dogs. ".charCodeAt((index * index) % 45)),
  ramp: make((index) => (index >> 3) + random(2)),
} as const;
const contents = Object.entries(CONTENTS);

describe("deflate", () => {
  const ways = [
    ["stored", { level: 0 }],
    ["fast", { level: 1 }],
    ["best", { level: 9 }],
    ["codes only", { level: 9, strategy: constants.Z_HUFFMAN_ONLY }],
    ["runs only", { level: 9, strategy: constants.Z_RLE }],
    ["fixed codes", { level: 9, strategy: constants.Z_FIXED }],
    ["many blocks", { level: 6, memLevel: 1 }],
  ] as const;

  describe.each(contents)("of %s", (_, bytes) => {
    test.each(ways)("packed as %s", async (_name, options) => {
      const decoded = await decode(codec.CODEC_DEFLATE, deflateRawSync(bytes, options), bytes.length);
      expect(decoded).toEqual(bytes);
    });
  });

  test.each([1, 2, 3, 15, 16, 17, 257, 258, 259])("of %d bytes", async (length) => {
    const bytes = CONTENTS.periods.subarray(0, length);
    expect(await decode(codec.CODEC_DEFLATE, deflateRawSync(bytes), length)).toEqual(bytes.slice());
  });

  test("refuses a hunk that is too short, too long, or cut anywhere", async () => {
    const bytes = CONTENTS["few values"];
    const blob = new Uint8Array(deflateRawSync(bytes));
    expect(await decode(codec.CODEC_DEFLATE, blob, bytes.length + 1)).toBe(errors.ERROR_TRUNCATED);
    for (let cut = 0; cut < blob.length - 8; cut += 7) {
      expect(await decode(codec.CODEC_DEFLATE, blob.subarray(0, cut), bytes.length)).toBe(
        errors.ERROR_TRUNCATED,
      );
    }
    const repeats = new Uint8Array(deflateRawSync(CONTENTS.zeros));
    expect(await decode(codec.CODEC_DEFLATE, repeats, 1000)).toBe(errors.ERROR_OVERLONG);
  });

  test.each([
    ["a block of kind 3", [7]],
    ["a stored length that is not confirmed", [1, 4, 0, 4, 0, 1, 2, 3, 4]],
    ["a distance before the start", [0x63, 0x00, 0x02, 0x00]],
    ["more codes than there can be", [0x05, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ])("refuses %s", async (_, blob) => {
    expect(
      await decode(codec.CODEC_DEFLATE, Uint8Array.from([...blob, ...new Uint8Array(64)]), 64),
    ).toBeLessThan(0);
  });
});

const zstd = (bytes: Uint8Array, level: number) => new Uint8Array(Bun.zstdCompressSync(bytes, { level }));

describe("zstd", () => {
  const levels = [1, 3, 6, 9, 12, 16, 19, 22];
  describe.each(contents)("of %s", (_, bytes) => {
    test.each(levels)("packed at level %d", async (level) => {
      expect(await decode(codec.CODEC_ZSTD, zstd(bytes, level), bytes.length)).toEqual(bytes);
    });
  });

  test.each([1, 2, 5, 100, 255, 256, 257, 1023, 1024, 70_000, 200_000, 600_000])(
    "of %d bytes",
    async (length) => {
      const bytes = make((index) => (index % 1000 < 300 ? random(17) : (index * 31) >> 5), length);
      expect(await decode(codec.CODEC_ZSTD, zstd(bytes, 3), length)).toEqual(bytes);
    },
  );

  test("with a checksum behind the frame", async () => {
    const blob = Uint8Array.from([...zstd(CONTENTS.text, 3), 1, 2, 3, 4]);
    blob[4] = (blob[4] ?? 0) | 4;
    expect(await decode(codec.CODEC_ZSTD, blob, HUNK_BYTES)).toEqual(CONTENTS.text);
  });

  test("without the content's size in front, in plain and repeated blocks", async () => {
    const blob = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, (3 << 3) | 0, 0, 0, 7, 8, 9, (5 << 3) | 3, 0, 0, 4];
    expect(await decode(codec.CODEC_ZSTD, Uint8Array.from(blob), 8)).toEqual(
      Uint8Array.from([7, 8, 9, 4, 4, 4, 4, 4]),
    );
  });

  test.each([
    ["another magic", [0x27, 0xb5, 0x2f, 0xfd, 0x20, 1, 9, 0, 0, 7]],
    ["a reserved bit", [0x28, 0xb5, 0x2f, 0xfd, 0x28, 1, 9, 0, 0, 7]],
    ["a dictionary", [0x28, 0xb5, 0x2f, 0xfd, 0x21, 5, 1, 9, 0, 0, 7]],
    ["a reserved kind of block", [0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 15, 0, 0, 7]],
  ])("refuses %s", async (_, blob) => {
    expect(await decode(codec.CODEC_ZSTD, Uint8Array.from(blob), 1)).toBeLessThan(0);
  });

  test("refuses a hunk that is too short, too long, or cut anywhere", async () => {
    const bytes = CONTENTS["few values"];
    const blob = new Uint8Array(zstd(bytes, 3));
    expect(await decode(codec.CODEC_ZSTD, blob, bytes.length + 1)).toBe(errors.ERROR_TRUNCATED);
    expect(await decode(codec.CODEC_ZSTD, blob, bytes.length - 1)).toBe(errors.ERROR_OVERLONG);
    for (let cut = 0; cut < blob.length - 1; cut += 7) {
      expect(await decode(codec.CODEC_ZSTD, blob.subarray(0, cut), bytes.length)).toBeLessThan(0);
    }
  });
});

describe("lzma", () => {
  test("refuses what does not begin as a range coder does, and what is cut off", async () => {
    expect(
      await decode(
        codec.CODEC_LZMA,
        make(() => 1, 100),
        64,
      ),
    ).toBe(errors.ERROR_DATA);
    expect(
      await decode(
        codec.CODEC_LZMA,
        make(() => 0, 4),
        64,
      ),
    ).toBe(errors.ERROR_TRUNCATED);
    // Zeros decode to literals of zero, and reach past their end on the way.
    expect(
      await decode(
        codec.CODEC_LZMA,
        make(() => 0, 5),
        1 << 20,
      ),
    ).toBe(errors.ERROR_TRUNCATED);
  });
});

describe("a job", () => {
  test("refuses codecs that do not exist and hunks that a codec cannot fill", async () => {
    const blob = make(() => 0, 32);
    expect(await decode(99, blob, 64)).toBe(errors.ERROR_CODEC);
    expect(await decode(-1, blob, 64)).toBe(errors.ERROR_CODEC);
    expect(await decode(codec.CODEC_CD_DEFLATE, blob, 64)).toBe(errors.ERROR_HUNK_BYTES);
    expect(await decode(codec.CODEC_FLAC, blob, 62)).toBe(errors.ERROR_HUNK_BYTES);
    expect(await decode(codec.CODEC_DEFLATE, new Uint8Array(0), 64)).toBe(errors.ERROR_TRUNCATED);
  });

  test("fills patterns from their first byte on, whatever the hunk size", async () => {
    const pattern = { kind: "pattern", high: 0x01020304, low: 0x05060708, check: "none", crc: 0 } as const;
    const job = {
      hunkBytes: 11,
      blobs: new Uint8Array(0),
      blobsAt: 0,
      steps: [pattern, { kind: "again", step: 0 }],
    } as const;
    const result = await runOnDisc((disc) => decodeJob(disc, job));
    const hunk = [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3];
    expect(Array.from(result?.bytes ?? [])).toEqual([...hunk, ...hunk]);
  });

  test("says of a repeated hunk what is said of the first", async () => {
    const stored = {
      kind: "stored",
      codec: codec.CODEC_DEFLATE,
      offset: 0,
      lengthBytes: 4,
      check: "none",
      crc: 0,
    } as const;
    const steps = [
      { kind: "zeros" },
      stored,
      { kind: "again", step: 1 },
      { kind: "again", step: 0 },
    ] as const;
    const blobs = Uint8Array.from([7, 7, 7, 7]);
    const result = await runOnDisc((disc) => decodeJob(disc, { hunkBytes: 16, blobs, blobsAt: 0, steps }));
    expect(result?.failures.map(({ step }) => step)).toEqual([1, 2]);
    expect(result?.bytes).toEqual(new Uint8Array(64));
  });
});
