import { createCipheriv, createHash } from "node:crypto";
import { be16, be32, filled, join, put } from "./bytes.ts";
import { formatRvz, type RvzGroupInput } from "./containers.ts";
import type { Random } from "./random.ts";

/** A Wii disc as it is, and what its RVZ and WIA forms are made of. */
export interface WiiDiscParts {
  readonly image: Uint8Array;
  readonly titleKey: Uint8Array;
  /** Of each sector, decrypted and without its hashes. */
  readonly sectors: readonly Uint8Array[];
  /** Hashes that rebuilding would get wrong: sector, offset in its hash block, what stands there. */
  readonly exceptions: readonly (readonly [sector: number, offset: number, hash: Uint8Array])[];
}

const SECTOR_BYTES = 0x8000;
const HASH_BYTES = 0x400;
const DATA_BYTES = SECTOR_BYTES - HASH_BYTES;
const PARTITION_AT = 0x50000;
const DATA_OFFSET = 0x20000;
const FIRST_SECTOR = (PARTITION_AT + DATA_OFFSET) / SECTOR_BYTES;
/** One whole group of hashes and the start of a second. */
const SECTOR_COUNT = 70;
const GROUP_SECTORS = 64;
const TAIL_BYTES = 0x18000;

const sha1 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

function encrypt(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-cbc", key, iv).setAutoPadding(false);
  return new Uint8Array(cipher.update(bytes));
}

/** Gives the hash blocks of a group; sectors that the partition does not have count as zeros. */
function hashGroup(sectors: readonly Uint8Array[]): Uint8Array[] {
  const all = Array.from({ length: GROUP_SECTORS }, (_, index) => sectors[index] ?? filled(DATA_BYTES));
  const tables = all.map((data) =>
    join(
      ...Array.from({ length: 31 }, (_, block) => sha1(data.subarray(block * 0x400, (block + 1) * 0x400))),
    ),
  );
  const rows = Array.from({ length: 8 }, (_, row) =>
    join(...tables.slice(row * 8, row * 8 + 8).map((table) => sha1(table))),
  );
  const top = join(...rows.map((row) => sha1(row)));
  return tables.map((table, index) => {
    const block = put(filled(HASH_BYTES), 0, table);
    put(block, 0x280, rows[Math.floor(index / 8)] ?? filled(0));
    return put(block, 0x340, top);
  });
}

/** Gives an encrypted Wii disc with one partition of 70 sectors. */
export function createEncryptedWiiDisc(random: Random): WiiDiscParts {
  const titleKey = random.bytes(16);
  const sectors = Array.from({ length: SECTOR_COUNT }, () => random.soft(DATA_BYTES));
  const exceptions = [
    [3, 20, random.bytes(20)],
    [17, 0x280 + 40, random.bytes(20)],
    [66, 0x340, random.bytes(20)],
  ] as const;
  const blocks = [hashGroup(sectors.slice(0, GROUP_SECTORS)), hashGroup(sectors.slice(GROUP_SECTORS))].flat();
  for (const [sector, offset, hash] of exceptions) put(blocks[sector] ?? filled(HASH_BYTES), offset, hash);
  const body = sectors.map((data, index) => {
    const hashes = encrypt(titleKey, filled(16), blocks[index] ?? filled(0));
    return join(hashes, encrypt(titleKey, hashes.subarray(0x3d0, 0x3e0), data));
  });
  const start = random.soft(PARTITION_AT + DATA_OFFSET);
  put(start, 0, "RVECTR");
  put(start, 0x18, [0x5d, 0x1c, 0x9e, 0xa3]);
  put(start, 0x60, [0, 0]);
  start.fill(0, 0x40000, 0x40100);
  put(start, 0x40000, [...be32(1), ...be32(0x40020 >>> 2)]);
  put(start, 0x40020, [...be32(PARTITION_AT >>> 2), ...be32(0)]);
  put(start, PARTITION_AT + 0x2a4, [...be32(0x208), ...be32(0x2c0 >>> 2)]);
  put(start, PARTITION_AT + 0x2b8, [
    ...be32(DATA_OFFSET >>> 2),
    ...be32((SECTOR_COUNT * SECTOR_BYTES) >>> 2),
  ]);
  return { image: join(start, ...body, random.soft(TAIL_BYTES)), titleKey, sectors, exceptions };
}

/** How to store the disc. */
export interface WiiRvzOptions {
  readonly isWia?: boolean | undefined;
  readonly chunkBytes: number;
  readonly zstd?: ((bytes: Uint8Array) => Uint8Array) | undefined;
}

/** Gives the lists of exceptions before a chunk's data: one for each 2 MiB that it covers. */
function formatExceptions(
  parts: WiiDiscParts,
  chunk: { readonly first: number; readonly count: number; readonly isPadded: boolean },
): Uint8Array {
  const { first, count, isPadded } = chunk;
  const lists: Uint8Array[] = [];
  for (let at = first; at < first + count; at += GROUP_SECTORS) {
    const end = Math.min(at + GROUP_SECTORS, first + count);
    const own = parts.exceptions.filter(([sector]) => sector >= at && sector < end);
    const rows = own.map(([sector, offset, hash]) => join(be16((sector - at) * HASH_BYTES + offset), hash));
    lists.push(join(be16(own.length), ...rows));
  }
  const bytes = join(...lists);
  return isPadded ? join(bytes, filled((4 - (bytes.length % 4)) % 4)) : bytes;
}

/** Gives the disc as RVZ or WIA, its partition cut into two segments. */
export function createWiiRvz(parts: WiiDiscParts, options: WiiRvzOptions): Uint8Array {
  const { chunkBytes, zstd, isWia } = options;
  const { image } = parts;
  const groups: RvzGroupInput[] = [];
  const addArea = (start: number, end: number): readonly [number, number, number, number] => {
    const first = groups.length;
    for (let at = start; at < end; at += chunkBytes)
      groups.push({ data: image.subarray(at, Math.min(end, at + chunkBytes)) });
    const offset = Math.max(start, 0x80);
    return [offset, end - offset, first, groups.length - first];
  };
  const addSegment = (first: number, count: number): number[] => {
    const firstGroup = groups.length;
    const step = chunkBytes / SECTOR_BYTES;
    for (let at = first; at < first + count; at += step) {
      const length = Math.min(step, first + count - at);
      const lists = formatExceptions(parts, { first: at, count: length, isPadded: zstd === undefined });
      groups.push({ data: join(lists, ...parts.sectors.slice(at, at + length)) });
    }
    return [FIRST_SECTOR + first, count, firstGroup, groups.length - firstGroup].flatMap(be32);
  };
  const head = addArea(0, FIRST_SECTOR * SECTOR_BYTES);
  const segments = [addSegment(0, GROUP_SECTORS), addSegment(GROUP_SECTORS, SECTOR_COUNT - GROUP_SECTORS)];
  const tail = addArea((FIRST_SECTOR + SECTOR_COUNT) * SECTOR_BYTES, image.length);
  return formatRvz({
    isWia,
    chunkBytes,
    compression: zstd === undefined ? 0 : 5,
    compress: zstd,
    discBytes: image.length,
    discHeader: image,
    discType: 2,
    groups,
    areas: [head, tail],
    partitions: [join(parts.titleKey, ...segments)],
  });
}
