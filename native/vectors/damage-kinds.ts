import { parseHeader } from "../host/chd/header.ts";
import type { Random } from "./damage.ts";

/** Where and how a file is damaged. */
export const damageKinds = ["bits", "cut", "length", "header", "map", "metadata", "blob"] as const;
export type DamageKind = (typeof damageKinds)[number];

/** Bytes of a file from and up to but without. */
type Region = readonly [from: number, to: number];

const HEADER_BYTES_MAX = 124;
const MAP_HEAD_BYTES = 16;
/** Head of a metadata entry and the text of one or two tracks. */
const METADATA_BYTES = 250;
const CHANGES_MAX = 4;
/** Longest part that is put in or taken out, in bytes. */
const PART_BYTES_MAX = 64;
const EXTREME_WORDS = [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x10000, 0xffff];
/** Bytes of map for each hunk, by version; of version 5 without codecs. */
const MAP_ENTRY_BYTES: Readonly<Record<number, number>> = { 1: 8, 2: 8, 3: 16, 4: 16, 5: 4 };

/** The regions of a valid file; what it does not have is empty. */
function findRegions(bytes: Uint8Array): Readonly<Record<"header" | "map" | "metadata" | "blob", Region>> {
  const header = parseHeader(bytes.subarray(0, HEADER_BYTES_MAX));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { mapOffset, metadataOffset, hunkCount, version } = header;
  const headerBytes = view.getUint32(8);
  const isPacked = version === 5 && header.codecs.length > 0;
  const mapBytes = isPacked
    ? MAP_HEAD_BYTES + view.getUint32(mapOffset)
    : hunkCount * (MAP_ENTRY_BYTES[version] ?? 0);
  const mapEnd = Math.min(bytes.length, mapOffset + mapBytes);
  const metadataEnd = metadataOffset === 0 ? 0 : Math.min(bytes.length, metadataOffset + METADATA_BYTES);
  // A packed map stands behind the hunks, any other before them.
  const blob: Region = isPacked ? [headerBytes, mapOffset] : [Math.max(headerBytes, mapEnd), bytes.length];
  return {
    header: [0, headerBytes],
    map: [mapOffset, mapEnd],
    metadata: [metadataOffset, metadataEnd],
    blob,
  };
}

function changeWithin(bytes: Uint8Array, region: Region, random: Random): Uint8Array {
  const [from, to] = region[1] > region[0] ? region : ([0, bytes.length] as const);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let changes = 1 + random(CHANGES_MAX); changes > 0; changes -= 1) {
    const at = from + random(to - from);
    const kind = random(4);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else if (kind === 2) bytes[at] = (bytes[at] ?? 0) + random(9) - 4;
    else if (at + 4 <= bytes.length) view.setUint32(at, EXTREME_WORDS[random(EXTREME_WORDS.length)] ?? 0);
  }
  return bytes;
}

/** Puts bytes in, takes some out, or adds some behind. */
function changeLength(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random(3) === 0 ? bytes.length : random(bytes.length);
  const removed = random(2) === 0 ? Math.min(bytes.length - at, random(PART_BYTES_MAX)) : 0;
  const put = Uint8Array.from({ length: 1 + random(PART_BYTES_MAX) }, () => random(256));
  const added = removed > 0 ? new Uint8Array(0) : put;
  const result = new Uint8Array(bytes.length - removed + added.length);
  result.set(bytes.subarray(0, at));
  result.set(added, at);
  result.set(bytes.subarray(at + removed), at + added.length);
  return result;
}

function flipBits(bytes: Uint8Array, random: Random): Uint8Array {
  for (let flips = 1 + random(CHANGES_MAX); flips > 0; flips -= 1) {
    const at = random(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
  }
  return bytes;
}

/** Gives a copy of a valid file that is damaged in one way. */
export function damageAs(kind: DamageKind, valid: Uint8Array, random: Random): Uint8Array {
  const bytes = valid.slice();
  switch (kind) {
    case "bits":
      return flipBits(bytes, random);
    case "cut":
      return bytes.subarray(0, random(bytes.length));
    case "length":
      return changeLength(bytes, random);
    default:
      return changeWithin(bytes, findRegions(valid)[kind], random);
  }
}
