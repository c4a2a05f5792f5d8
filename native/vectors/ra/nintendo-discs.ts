import { be16, be32, be64, filled, join, padTo, put } from "./bytes.ts";
import type { Random } from "./random.ts";

/** What the start of a GameCube or Wii partition differs in. */
export interface BootOptions {
  /** Bits that offsets and sizes are shifted by: 2 on Wii. */
  readonly shift?: number | undefined;
  readonly bodyBytes?: number | undefined;
  readonly segments?: readonly number[] | undefined;
  readonly totalBytes?: number | undefined;
}

const PROGRAM_AT = 0x8000;
const FIRST_SEGMENT_AT = 0x9000;
const GAMECUBE_SEGMENTS = [0x400, 0, 0, 0, 0, 0, 0, 0x200, 0x100];
const WII_SEGMENTS = [0x400, 0x80, 0, 0, 0, 0, 0, 0x200];

/** Gives a partition that starts a program. */
export function createBootPartition(random: Random, options: BootOptions = {}): Uint8Array {
  const { shift = 0, bodyBytes = 0x340, segments = GAMECUBE_SEGMENTS, totalBytes = 0x20000 } = options;
  const partition = random.soft(totalBytes);
  put(partition, 0, "GVECTR01");
  partition.fill(0, 0x18, 0x20);
  partition[0x61] = 1;
  put(partition, 0x420, be32(PROGRAM_AT >>> shift));
  put(partition, 0x2454, be32(bodyBytes));
  put(partition, 0x2458, be32(0x120));
  const header = filled(0x100);
  let at = FIRST_SEGMENT_AT;
  for (const [index, length] of segments.entries()) {
    put(header, index * 4, be32(length === 0 ? 0 : at >>> shift));
    put(header, 0x90 + index * 4, be32(length >>> shift));
    at += (length + 0x1f) & ~0x1f;
  }
  return put(partition, PROGRAM_AT, header);
}

/** Gives a GameCube disc. */
export const createGameCube = (random: Random, options: BootOptions = {}): Uint8Array =>
  put(createBootPartition(random, options), 0x1c, [0xc2, 0x33, 0x9f, 0x3d]);

/** What a Wii disc differs in. */
export interface WiiOptions {
  readonly isPlain?: boolean | undefined;
  readonly hasUpdate?: boolean | undefined;
  readonly hasSecondTable?: boolean | undefined;
}

const CLUSTERS = 3;
const CLUSTER_BYTES = 0x8000;
const PARTITION_AT = 0x50000;
const UPDATE_AT = 0x4f000;
/** Where the rule looks for the data: the partition's field, taken from the disc's start. */
const DATA_AT = 0x60000;
const TMD_BYTES = 0x208;

/** Gives a Wii disc with one game partition. */
export function createWiiDisc(random: Random, options: WiiOptions = {}): Uint8Array {
  const image = filled(DATA_AT + (CLUSTERS + 3) * CLUSTER_BYTES);
  image.set(random.soft(0x400));
  put(image, 0, "RVECTR");
  put(image, 0x18, [0x5d, 0x1c, 0x9e, 0xa3]);
  image[0x60] = 0;
  image[0x61] = options.isPlain ? 1 : 0;
  put(image, 0x4e000, be32(2));
  const entries = [...(options.hasUpdate ? [[UPDATE_AT, 1]] : []), [PARTITION_AT, 0]];
  put(image, 0x40000, [...be32(entries.length), ...be32(0x40020 >>> 2)]);
  for (const [index, [start = 0, type = 0]] of entries.entries())
    put(image, 0x40020 + index * 8, [...be32(start >>> 2), ...be32(type)]);
  if (options.hasSecondTable) {
    put(image, 0x40008, [...be32(1), ...be32(0x40100 >>> 2)]);
    put(image, 0x40100, [...be32(PARTITION_AT >>> 2), ...be32(0x56454354)]);
  }
  put(image, PARTITION_AT + 0x2a4, [...be32(TMD_BYTES), ...be32(0x2c0 >>> 2)]);
  image.set(random.soft(TMD_BYTES), PARTITION_AT + 0x2c0);
  put(image, PARTITION_AT + 0x2b8, [...be32(DATA_AT >>> 2), ...be32((CLUSTERS * CLUSTER_BYTES) >>> 2)]);
  const totalBytes = CLUSTERS * CLUSTER_BYTES;
  const data = options.isPlain
    ? createBootPartition(random, { shift: 2, totalBytes, segments: WII_SEGMENTS })
    : random.soft(totalBytes);
  return put(image, DATA_AT, data);
}

/** What a WAD differs in. */
export interface WadOptions {
  readonly contents?: readonly number[] | undefined;
  readonly certificateBytes?: number | undefined;
  readonly ticketBytes?: number | undefined;
}

/** Gives a WAD, the form in which a Wii installs titles. */
export function createWad(random: Random, options: WadOptions = {}): Uint8Array {
  const { contents = [0x123, 0x4000], certificateBytes = 0xa00, ticketBytes = 0x2a4 } = options;
  const align = (length: number): number => (length + 63) & ~63;
  const tmdBytes = 0x1e4 + contents.length * 0x24;
  const header = put(filled(0x40), 0, [...be32(0x20), 0x49, 0x73, 0, 0, ...be32(certificateBytes)]);
  put(header, 0x10, [...be32(ticketBytes), ...be32(tmdBytes)]);
  put(header, 0x18, be32(contents.reduce((sum, length) => sum + align(length), 0)));
  const tmd = put(random.bytes(tmdBytes), 0x1de, be16(contents.length));
  for (const [index, length] of contents.entries()) put(tmd, 0x1ec + index * 0x24, be64(length));
  const certificates = padTo(random.bytes(certificateBytes), 64);
  const ticket = padTo(random.bytes(ticketBytes), 64);
  const bodies = contents.map((length) => padTo(random.soft(length), 64));
  return join(header, certificates, ticket, padTo(tmd, 64), ...bodies);
}
