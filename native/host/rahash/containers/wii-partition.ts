import type { ByteSource } from "../../byte-source.ts";
import { be32 } from "../bytes.ts";
import type { RaContext } from "../context.ts";
import { encryptCbc, sha1 } from "../crypto.ts";
import { refuse } from "../refusal.ts";
import { type RvzFacts, type RvzGroup, readGroup } from "./rvz-groups.ts";

/** A run of a partition's sectors. */
interface Segment {
  /** On the disc, in sectors of 32 KiB. */
  readonly firstSector: number;
  readonly sectorCount: number;
  readonly firstGroup: number;
}

/** A Wii partition as RVZ and WIA keep it: decrypted, without its hashes. */
export interface RvzPartition {
  readonly titleKey: Uint8Array;
  readonly segments: readonly Segment[];
}

const SECTOR_BYTES = 0x8000;
const HASH_BYTES = 0x400;
const DATA_BYTES = SECTOR_BYTES - HASH_BYTES;
/** Sectors whose hashes depend on one another: 2 MiB. */
const SECTORS_PER_GROUP = 64;
const SHA1_BYTES = 20;
const H0_COUNT = 31;
const H1_AT = 0x280;
const H2_AT = 0x340;
const IV_AT = 0x3d0;

/** Reads an entry of the partition table: the key, then two segments. */
export function readPartition(table: Uint8Array, at: number): RvzPartition {
  const segments = [at + 16, at + 32].map((place) => ({
    firstSector: be32(table, place),
    sectorCount: be32(table, place + 4),
    firstGroup: be32(table, place + 8),
  }));
  return {
    titleKey: table.slice(at, at + 16),
    segments: segments.filter(({ sectorCount }) => sectorCount > 0),
  };
}

interface Image {
  readonly source: ByteSource;
  readonly facts: RvzFacts;
}

/**
 * Gives a reader of the partition's sectors as the disc holds them: with hashes, and encrypted. It gives 2 MiB at
 * once, and null outside the partition.
 */
export function createPartitionReader(context: RaContext, image: Image, partition: RvzPartition) {
  const { segments, titleKey } = partition;
  const base = segments[0]?.firstSector ?? 0;
  const getSector = createSectorReader(context, image, partition);
  const isInside = (sector: number): boolean =>
    segments.some(
      ({ firstSector, sectorCount }) => sector >= firstSector && sector < firstSector + sectorCount,
    );
  return async (at: number): Promise<{ start: number; bytes: Uint8Array<ArrayBuffer> } | null> => {
    const sector = Math.floor(at / SECTOR_BYTES);
    if (!isInside(sector)) return null;
    const first = base + Math.floor((sector - base) / SECTORS_PER_GROUP) * SECTORS_PER_GROUP;
    const sectors: SectorParts[] = [];
    for (let index = 0; index < SECTORS_PER_GROUP; index += 1) sectors.push(await getSector(first + index));
    await addHashes(sectors);
    const bytes = new Uint8Array(SECTORS_PER_GROUP * SECTOR_BYTES);
    for (const [index, parts] of sectors.entries()) {
      for (const { offset, hash } of parts.exceptions) parts.hashes.set(hash, offset);
      const hashes = await encryptCbc(titleKey, new Uint8Array(16), parts.hashes);
      bytes.set(hashes, index * SECTOR_BYTES);
      const iv = hashes.subarray(IV_AT, IV_AT + 16);
      bytes.set(await encryptCbc(titleKey, iv, parts.data), index * SECTOR_BYTES + HASH_BYTES);
    }
    // The last group may reach past the partition; what lies there belongs to another area.
    let count = sector - first + 1;
    while (count < SECTORS_PER_GROUP && isInside(first + count)) count += 1;
    return { start: first * SECTOR_BYTES, bytes: bytes.subarray(0, count * SECTOR_BYTES) };
  };
}

interface SectorParts {
  readonly data: Uint8Array;
  readonly hashes: Uint8Array;
  readonly exceptions: readonly { readonly offset: number; readonly hash: Uint8Array }[];
}

/** Gives a reader of one sector's data and exceptions; zeros where the partition has no such sector. */
function createSectorReader(context: RaContext, image: Image, partition: RvzPartition) {
  const { chunkBytes } = image.facts;
  const sectorsPerChunk = chunkBytes / SECTOR_BYTES;
  const base = partition.segments[0]?.firstSector ?? 0;
  let cached: { readonly index: number; readonly group: RvzGroup } | null = null;
  return async (sector: number): Promise<SectorParts> => {
    const hashes = new Uint8Array(HASH_BYTES);
    const segment = partition.segments.find(
      ({ firstSector, sectorCount }) => sector >= firstSector && sector < firstSector + sectorCount,
    );
    if (segment === undefined) return { data: new Uint8Array(DATA_BYTES), hashes, exceptions: [] };
    const inSegment = sector - segment.firstSector;
    const chunk = Math.floor(inSegment / sectorsPerChunk);
    const inChunk = inSegment - chunk * sectorsPerChunk;
    const index = segment.firstGroup + chunk;
    if (cached?.index !== index) {
      const sectorCount = Math.min(sectorsPerChunk, segment.sectorCount - chunk * sectorsPerChunk);
      const place = (segment.firstSector - base + chunk * sectorsPerChunk) * DATA_BYTES;
      const listCount = Math.max(1, sectorsPerChunk / SECTORS_PER_GROUP);
      const wish = { index, dataBytes: sectorCount * DATA_BYTES, place, listCount: Math.floor(listCount) };
      cached = { index, group: await readGroup(context, image, wish) };
    }
    const { data, exceptions } = cached.group;
    const own = exceptions.flatMap(({ listIndex, offset, hash }) => {
      if (listIndex * SECTORS_PER_GROUP + Math.floor(offset / HASH_BYTES) !== inChunk) return [];
      return [{ offset: Math.min(offset % HASH_BYTES, HASH_BYTES - SHA1_BYTES), hash }];
    });
    return { data: data.subarray(inChunk * DATA_BYTES, (inChunk + 1) * DATA_BYTES), hashes, exceptions: own };
  };
}

/** Writes the three tables of hashes into each sector's hash block. */
async function addHashes(sectors: readonly SectorParts[]): Promise<void> {
  for (const { data, hashes } of sectors) {
    const blocks = Array.from({ length: H0_COUNT }, (_, index) =>
      sha1(data.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)),
    );
    for (const [index, hash] of (await Promise.all(blocks)).entries()) hashes.set(hash, index * SHA1_BYTES);
  }
  for (const [index, { hashes }] of sectors.entries()) {
    const hash = await sha1(hashes.subarray(0, H0_COUNT * SHA1_BYTES));
    const row = index - (index % 8);
    for (const sector of sectors.slice(row, row + 8))
      sector.hashes.set(hash, H1_AT + (index % 8) * SHA1_BYTES);
  }
  for (let row = 0; row < 8; row += 1) {
    const first = sectors[row * 8] ?? refuse("damaged", "a group of sectors is short");
    const hash = await sha1(first.hashes.subarray(H1_AT, H1_AT + 8 * SHA1_BYTES));
    for (const sector of sectors) sector.hashes.set(hash, H2_AT + row * SHA1_BYTES);
  }
}
