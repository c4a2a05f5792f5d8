import { openChd } from "../host/chd/open.ts";
import { NativeError } from "../host/errors.ts";
import { readDamaged } from "../vectors/damage.ts";
import { startCoverage } from "./coverage.ts";
import { type FuzzTarget, featureOf, type Outcome } from "./target.ts";
import { listVectorFiles } from "./vector-parts.ts";

const HEADER_INPUT_BYTES_MAX = 6 << 10;
/** What is made of a map's input: a header of version 5 in front, and hunks to refer to behind. */
const HEADER_BYTES = 124;
const HUNKS_AREA_BYTES = 8 << 10;
const MAP_HEAD_BYTES = 16;
const MAP_INPUT_BYTES_MAX = 4 << 10;
const HUNK_COUNT_BYTES = 4;
/** Content is read only of maps that describe no more, in hunks. */
const HUNKS_READ_MAX = 2000;
const HUNK_BYTES = 512;
/** More hunks than this take long and show nothing else: the map is decoded in steps of 65,536. */
const HUNK_COUNT_END = 1 << 19;

/** Opens and reads; gives what went wrong and a text for what came out. */
async function useChd(
  bytes: Uint8Array,
  isContentWanted: boolean,
): Promise<{ problem: string | null; result: string }> {
  try {
    const chd = await openChd(bytes);
    if (isContentWanted) await readDamaged(chd);
    const { header, tracks, metadata } = chd;
    return { problem: null, result: `v${header.version} ${tracks.length > 0} ${metadata.length > 1}` };
  } catch (error) {
    if (!(error instanceof NativeError)) return { problem: `threw ${String(error)}`, result: "" };
    if (error.code === "NATIVE_INTERNAL") return { problem: `trapped: ${String(error.cause)}`, result: "" };
    return { problem: null, result: `${error.code} ${error.message}` };
  }
}

/** Gives the target of whole files: their headers, metadata, maps and hunks, of all versions. */
export function createHeaderTarget(): FuzzTarget {
  return {
    name: "header",
    inputBytesMax: HEADER_INPUT_BYTES_MAX,
    async listSeeds() {
      const files = await listVectorFiles();
      return files.map(({ bytes }) => bytes).filter(({ length }) => length <= HEADER_INPUT_BYTES_MAX);
    },
    async run(input): Promise<Outcome> {
      const coverage = await startCoverage();
      const { problem, result } = await useChd(input, true);
      return { problem, features: [...coverage.takeFeatures(), featureOf(result)] };
    },
  };
}

/** Builds a file around a map: the count of hunks (4 bytes), the map's head (16), its bits. */
function buildFile(input: Uint8Array): { file: Uint8Array; view: DataView; hunkCount: number } {
  const map = input.subarray(HUNK_COUNT_BYTES);
  const streamBytes = Math.max(0, map.length - MAP_HEAD_BYTES);
  const file = new Uint8Array(HEADER_BYTES + MAP_HEAD_BYTES + streamBytes + HUNKS_AREA_BYTES);
  const view = new DataView(file.buffer);
  const given = new DataView(new Uint8Array([...input.subarray(0, 4), 0, 0, 0, 0]).buffer).getUint32(0);
  const hunkCount = given % HUNK_COUNT_END;
  file.set(new TextEncoder().encode("MComprHD"));
  view.setUint32(8, HEADER_BYTES);
  view.setUint32(12, 5);
  file.set(new TextEncoder().encode("zliblzmahuffflac"), 16);
  view.setBigUint64(32, BigInt(hunkCount) * BigInt(HUNK_BYTES));
  view.setBigUint64(40, BigInt(HEADER_BYTES));
  view.setUint32(56, HUNK_BYTES);
  view.setUint32(60, HUNK_BYTES);
  file.set(map, HEADER_BYTES);
  // The length is set right, because a wrong one is refused at once.
  view.setUint32(HEADER_BYTES, streamBytes);
  return { file, view, hunkCount };
}

/** Gives the target of the compressed map; its checksum is set right, so that what stands in it is used. */
export function createMapTarget(): FuzzTarget {
  return {
    name: "map",
    inputBytesMax: MAP_INPUT_BYTES_MAX,
    async listSeeds() {
      const seeds: Uint8Array[] = [];
      for (const { bytes, header } of await listVectorFiles()) {
        if (header.version !== 5 || header.codecs.length === 0) continue;
        const count = new Uint8Array(4);
        new DataView(count.buffer).setUint32(0, header.hunkCount);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const end = header.mapOffset + MAP_HEAD_BYTES + view.getUint32(header.mapOffset);
        const seed = Uint8Array.from([...count, ...bytes.subarray(header.mapOffset, end)]);
        if (seed.length <= MAP_INPUT_BYTES_MAX) seeds.push(seed);
      }
      return seeds;
    },
    async run(input): Promise<Outcome> {
      const coverage = await startCoverage();
      const { file, view, hunkCount } = buildFile(input);
      const isSmall = hunkCount <= HUNKS_READ_MAX;
      let { problem, result } = await useChd(file, isSmall);
      if (problem === null && result.includes("checksum")) {
        // One of the instances that ran just now decoded the map to its end.
        const sums = coverage.listUsed().map((exports) => exports.mapChecksum() & 0xffff);
        for (const sum of new Set(sums)) {
          view.setUint16(HEADER_BYTES + 10, sum);
          ({ problem, result } = await useChd(file, isSmall));
          if (problem !== null || !result.includes("checksum")) break;
        }
      }
      return { problem, features: [...coverage.takeFeatures(), featureOf(result)] };
    },
  };
}
