import { inflateRawSync, zstdDecompressSync } from "node:zlib";
import * as codecIds from "../assembly/chd/codecs/ids.ts";
import { ERROR_CODEC } from "../assembly/errors.ts";
import { type CountingExports, startCoverage } from "./coverage.ts";
import { type FuzzTarget, featureOf, type Outcome } from "./target.ts";
import { listStoredHunks } from "./vector-parts.ts";

/** What a codec may touch around its areas, in bytes: the promise of `assembly/disc.ts`. */
const PAD_BYTES = 512;
/** Bytes between areas that must stay as they are. */
const GUARD_BYTES = 4096;
const GUARD_VALUE = 0xa5;
const INPUT_BYTES_MAX = 24 << 10;
/** Seeds above this are slow to change anything of, in bytes. */
const SEED_BYTES_MAX = 6 << 10;
const SEEDS_MAX = 40;

/** The sizes an input chooses from by its first byte; a CD's hunks are whole frames. */
const HUNK_BYTES = [4096, 512, 2048, 16, 8192, 65_536] as const;
const CD_HUNK_BYTES = [2448, 4896, 19_584, 7344] as const;

type CodecName = "zlib" | "lzma" | "huff" | "flac" | "zstd" | "cdzl" | "cdlz" | "cdfl" | "cdzs";
const CODECS: Readonly<Record<CodecName, number>> = {
  zlib: codecIds.CODEC_DEFLATE,
  lzma: codecIds.CODEC_LZMA,
  huff: codecIds.CODEC_HUFF,
  flac: codecIds.CODEC_FLAC,
  zstd: codecIds.CODEC_ZSTD,
  cdzl: codecIds.CODEC_CD_DEFLATE,
  cdlz: codecIds.CODEC_CD_LZMA,
  cdfl: codecIds.CODEC_CD_FLAC,
  cdzs: codecIds.CODEC_CD_ZSTD,
};

/** The names of all codecs, which are those of the targets. */
export const codecNames = Object.keys(CODECS) as readonly CodecName[];

interface Areas {
  readonly input: number;
  readonly output: number;
  readonly scratch: number;
  readonly end: number;
}

const align = (at: number) => (at + 15) & ~15;

function layOut(disc: CountingExports, inputBytes: number, hunkBytes: number): Areas | null {
  const input = align(disc.heapStart() + PAD_BYTES + GUARD_BYTES);
  const output = align(input + inputBytes + PAD_BYTES + GUARD_BYTES);
  const scratch = align(output + hunkBytes + PAD_BYTES + GUARD_BYTES);
  const end = scratch + hunkBytes + 3 * PAD_BYTES + GUARD_BYTES;
  return disc.growTo(end) === 0 ? { input, output, scratch, end } : null;
}

/** Bytes that no codec may write, as places from and to. */
function listGuards(disc: CountingExports, areas: Areas, sizes: { input: number; hunk: number }) {
  return [
    [align(disc.heapStart()), areas.input],
    [areas.input + sizes.input, areas.output],
    [areas.output + sizes.hunk + PAD_BYTES, areas.scratch],
    [areas.end - GUARD_BYTES, areas.end],
  ] as const;
}

/** The whole output by the runtime's own decoder; null where it refuses or has none. */
function decodeElsewhere(name: CodecName, blob: Uint8Array, hunkBytes: number): Uint8Array | null {
  try {
    if (name === "zlib") return new Uint8Array(inflateRawSync(blob, { maxOutputLength: 4 * hunkBytes }));
    if (name === "zstd") return new Uint8Array(zstdDecompressSync(blob, { maxOutputLength: 4 * hunkBytes }));
    return null;
  } catch (error) {
    // Whatever it refuses is no measure for ours.
    return error instanceof Error ? null : null;
  }
}

function findDifference(name: CodecName, blob: Uint8Array, output: Uint8Array): string | null {
  const theirs = decodeElsewhere(name, blob, output.length);
  if (theirs === null || theirs.length < output.length) return null;
  return Buffer.compare(theirs.subarray(0, output.length), output) === 0 ? null : "decodes to other bytes";
}

function runCodec(
  disc: CountingExports,
  name: CodecName,
  input: Uint8Array,
): Omit<Outcome, "features"> & { code: number } {
  const sizes: readonly number[] = name.startsWith("cd") ? CD_HUNK_BYTES : HUNK_BYTES;
  const hunk = sizes[(input[0] ?? 0) % sizes.length] ?? 4096;
  const blob = input.subarray(1);
  const areas = layOut(disc, blob.length, hunk);
  if (areas === null) return { problem: "the memory does not grow", code: 0 };
  const memory = new Uint8Array(disc.memory.buffer);
  memory.fill(GUARD_VALUE, align(disc.heapStart()), areas.end);
  memory.set(blob, areas.input);
  const code = disc.decodeHunk(CODECS[name], areas.input, blob.length, areas.output, hunk, areas.scratch);
  const isTouched = listGuards(disc, areas, { input: blob.length, hunk }).some(([from, to]) =>
    memory.subarray(from, to).some((value) => value !== GUARD_VALUE),
  );
  if (isTouched) return { problem: "wrote beside its output", code };
  if (Buffer.compare(memory.subarray(areas.input, areas.input + blob.length), blob) !== 0) {
    return { problem: "changed its input", code };
  }
  if (code > 0 || code <= ERROR_CODEC) return { problem: code === -6 ? null : `answered ${code}`, code };
  const output = memory.subarray(areas.output, areas.output + hunk);
  return { problem: code === 0 ? findDifference(name, blob, output) : null, code };
}

/** Gives the target of one codec: the first byte chooses the hunk's size, the rest is what is to be decoded. */
export function createCodecTarget(name: CodecName): FuzzTarget {
  let disc: CountingExports | null = null;
  const sizes: readonly number[] = name.startsWith("cd") ? CD_HUNK_BYTES : HUNK_BYTES;
  return {
    name,
    inputBytesMax: INPUT_BYTES_MAX,
    async listSeeds() {
      const hunks = await listStoredHunks(name);
      const usable = hunks.filter(
        ({ bytes, hunkBytes }) => sizes.includes(hunkBytes) && bytes.length <= SEED_BYTES_MAX,
      );
      const every = Math.max(1, Math.floor(usable.length / SEEDS_MAX));
      return usable
        .filter((_, index) => index % every === 0)
        .map(({ bytes, hunkBytes }) => Uint8Array.from([sizes.indexOf(hunkBytes), ...bytes]));
    },
    async run(input) {
      const coverage = await startCoverage();
      disc ??= await coverage.createInstance();
      try {
        const { problem, code } = runCodec(disc, name, input);
        return { problem, features: [...coverage.takeFeatures(), featureOf(`${code}`)] };
      } catch (error) {
        disc = null;
        return { problem: `trapped: ${String(error)}`, features: [] };
      }
    },
  };
}
