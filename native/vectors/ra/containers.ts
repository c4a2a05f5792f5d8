import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { ascii, be32, be64, filled, join, le32, le64, padTo, put } from "./bytes.ts";

const sha1 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha1").update(bytes).digest());

/** How a block image is made. */
export interface CisoOptions {
  /** `CISO` packs by deflate; `ZISO` stores what the given function packs. */
  readonly mark?: "CISO" | "ZISO" | undefined;
  readonly pack?: ((block: Uint8Array) => Uint8Array) | undefined;
  /** Bits that places are shifted by. */
  readonly shift?: number | undefined;
}

const BLOCK_BYTES = 2048;

/** Gives a CISO or ZISO image. */
export function createCiso(image: Uint8Array, options: CisoOptions = {}): Uint8Array {
  const { mark = "CISO", shift = 0 } = options;
  const pack = options.pack ?? ((block) => new Uint8Array(deflateRawSync(block, { level: 9 })));
  const count = Math.ceil(image.length / BLOCK_BYTES);
  const index: number[] = [];
  const parts: Uint8Array[] = [];
  const start = 24 + (count + 1) * 4;
  const gap = (2 ** shift - (start % 2 ** shift)) % 2 ** shift;
  let at = start + gap;
  for (let block = 0; block < count; block += 1) {
    const plain = image.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    const packed = pack(plain);
    const isStored = packed.length >= plain.length;
    const part = padTo(isStored ? plain : packed, 2 ** shift);
    index.push(((at >>> shift) | (isStored ? 0x80000000 : 0)) >>> 0);
    parts.push(part);
    at += part.length;
  }
  index.push(at >>> shift);
  const header = [...le32(24), ...le64(image.length), ...le32(BLOCK_BYTES), 1, shift, 0, 0];
  return join(ascii(mark), header, index.flatMap(le32), filled(gap), ...parts);
}

const DAX_BLOCK_BYTES = 8192;

/** Gives a DAX image, the blocks of `storedAreas` (first block, count) stored. */
export function createDax(
  image: Uint8Array,
  pack: (block: Uint8Array) => Uint8Array,
  storedAreas: readonly (readonly [number, number])[] = [],
): Uint8Array {
  const count = Math.ceil(image.length / DAX_BLOCK_BYTES);
  const parts: Uint8Array[] = [];
  for (let block = 0; block < count; block += 1) {
    const plain = image.subarray(block * DAX_BLOCK_BYTES, (block + 1) * DAX_BLOCK_BYTES);
    const isStored = storedAreas.some(([first, length]) => block >= first && block < first + length);
    parts.push(isStored ? plain : pack(plain));
  }
  let at = 32 + count * 6 + storedAreas.length * 8;
  const offsets = parts.flatMap((part) => {
    const offset = at;
    at += part.length;
    return le32(offset);
  });
  const sizes = parts.flatMap((part) => [part.length & 255, part.length >>> 8]);
  const version = storedAreas.length > 0 ? 1 : 0;
  const header = [...le32(image.length), ...le32(version), ...le32(storedAreas.length), ...filled(16)];
  return join(ascii("DAX\0"), header, offsets, sizes, storedAreas.flat().flatMap(le32), ...parts);
}

/** A group of an RVZ or WIA image. */
export interface RvzGroupInput {
  /** As it is stored when nothing compresses it; empty stands for zeros. */
  readonly data: Uint8Array;
  /** Length of what replaced padding; 0 where nothing did. */
  readonly packedBytes?: number | undefined;
}

/** What an RVZ or WIA image is made of. */
export interface RvzInput {
  readonly isWia?: boolean | undefined;
  readonly chunkBytes: number;
  /** 0 none, 5 zstd, for example. */
  readonly compression?: number | undefined;
  readonly compress?: ((bytes: Uint8Array) => Uint8Array) | undefined;
  readonly discBytes: number;
  readonly discHeader: Uint8Array;
  readonly discType: number;
  readonly groups: readonly RvzGroupInput[];
  /** Offset, size, first group and group count. */
  readonly areas: readonly (readonly [number, number, number, number])[];
  /** Entries of 0x30 bytes. */
  readonly partitions?: readonly Uint8Array[] | undefined;
}

const FIRST_HEADER_BYTES = 0x48;
const SECOND_HEADER_BYTES = 0xdc;
const MAJOR_VERSIONS = [...be32(0x01000000), ...be32(0x00030000)];

/** Gives an RVZ or WIA image of the given groups. */
export function formatRvz(input: RvzInput): Uint8Array {
  const { isWia = false, compression = 0, compress = (bytes) => bytes, partitions = [] } = input;
  const parts: Uint8Array[] = [];
  let at = FIRST_HEADER_BYTES + SECOND_HEADER_BYTES;
  const add = (bytes: Uint8Array, multiple: number): number => {
    const place = at;
    parts.push(padTo(bytes, multiple));
    at += padTo(bytes, multiple).length;
    return place;
  };
  const groupRows = input.groups.flatMap(({ data, packedBytes = 0 }) => {
    const packed = data.length === 0 ? data : compress(data);
    const place = be32(add(packed, 4) >>> 2);
    if (isWia) return [...place, ...be32(packed.length)];
    const mark = compression > 0 && packed.length > 0 ? 0x80000000 : 0;
    return [...place, ...be32((packed.length | mark) >>> 0), ...be32(packedBytes)];
  });
  const areaRows = input.areas.map(([offset, bytes, first, count]) => [
    ...be64(offset),
    ...be64(bytes),
    ...be32(first),
    ...be32(count),
  ]);
  const areaTable = compress(join(...areaRows));
  const areasAt = add(areaTable, 4);
  const partitionsAt = partitions.length === 0 ? 0 : add(join(...partitions), 4);
  const groupTable = compress(Uint8Array.from(groupRows));
  const groupsAt = add(groupTable, 1);
  const second = filled(SECOND_HEADER_BYTES);
  put(second, 0, [...be32(input.discType), ...be32(compression), ...be32(5), ...be32(input.chunkBytes)]);
  put(second, 0x10, input.discHeader.subarray(0, 0x80));
  put(second, 0x90, [...be32(partitions.length), ...be32(0x30), ...be64(partitionsAt)]);
  put(second, 0xb4, [...be32(input.areas.length), ...be64(areasAt), ...be32(areaTable.length)]);
  put(second, 0xc4, [...be32(input.groups.length), ...be64(groupsAt), ...be32(groupTable.length)]);
  const first = put(filled(FIRST_HEADER_BYTES), 0, isWia ? "WIA\x01" : "RVZ\x01");
  put(first, 4, [...MAJOR_VERSIONS, ...be32(SECOND_HEADER_BYTES)]);
  put(first, 0x10, sha1(second));
  put(first, 0x24, [...be64(input.discBytes), ...be64(at)]);
  put(first, 0x34, sha1(first.subarray(0, 0x34)));
  return join(first, second, ...parts);
}

/** How a GameCube image is stored. */
export interface GameCubeRvzOptions {
  readonly isWia?: boolean | undefined;
  readonly chunkBytes?: number | undefined;
  readonly zstd?: ((bytes: Uint8Array) => Uint8Array) | undefined;
}

/** Gives an RVZ or WIA image of a GameCube disc. */
export function createGameCubeRvz(image: Uint8Array, options: GameCubeRvzOptions = {}): Uint8Array {
  const { isWia, chunkBytes = 0x20000, zstd } = options;
  const padded = padTo(image, 0x8000);
  const groups: RvzGroupInput[] = [];
  for (let at = 0; at < padded.length; at += chunkBytes) {
    const chunk = padded.subarray(at, at + chunkBytes);
    groups.push({ data: chunk.every((byte) => byte === 0) ? filled(0) : chunk });
  }
  return formatRvz({
    isWia,
    chunkBytes,
    compression: zstd === undefined ? 0 : 5,
    compress: zstd,
    discBytes: image.length,
    discHeader: image,
    discType: 1,
    groups,
    areas: [[0x80, padded.length - 0x80, 0, groups.length]],
  });
}
