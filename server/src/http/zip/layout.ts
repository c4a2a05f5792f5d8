import { createHash } from "node:crypto";
import { assert } from "../../base/assert.ts";
import { ZIP_ENTRIES_MAX, ZIP_NAME_BYTES_MAX } from "./limits.ts";

/** One file of an archive, as far as its place in it depends on it. */
export interface ZipEntry {
  /** Path inside the archive with forward slashes. */
  readonly name: string;
  readonly sizeBytes: number;
  /** CRC-32 of the file. */
  readonly crc32: number;
}

/** A stretch of an archive: bytes that we made, or the content of an entry. */
export type ZipPiece =
  | { readonly kind: "bytes"; readonly start: number; readonly end: number; readonly bytes: Uint8Array }
  | { readonly kind: "entry"; readonly start: number; readonly end: number; readonly entryIndex: number };

/** Where everything of an archive is. */
export interface ZipLayout {
  readonly totalBytes: number;
  /** In order, without gaps, none of them empty. */
  readonly pieces: readonly ZipPiece[];
  /** Strong validator with its quotes: equal for equal bytes only. */
  readonly etag: string;
}

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const CENTRAL_END = 0x06054b50;
const CENTRAL_END_64 = 0x06064b50;
const CENTRAL_LOCATOR_64 = 0x07064b50;
const VERSION_PLAIN = 20;
const VERSION_64 = 45;
/** High byte 3: the attributes are those of Unix. */
const MADE_ON_UNIX = 3 << 8;
/** An ordinary file that its owner may write and everybody read. */
const FILE_MODE = 0o100644 << 16;
/** Names are UTF-8. */
const FLAG_UTF8 = 0x0800;
/** The first of January 1980, the first day the format knows: equal content makes equal bytes. */
const DOS_DATE = (1 << 5) | 1;
const MAX_32 = 0xffff_ffff;
const MAX_16 = 0xffff;
/** Extra field of 64-bit sizes. */
const EXTRA_64 = 0x0001;

/**
 * Lays out an archive that stores its files as they are. A pure function of names, sizes and checksums, so that
 * any part of it can be served without the rest.
 * @source PKWARE APPNOTE 6.3.10
 */
export function layOutZip(entries: readonly ZipEntry[]): ZipLayout {
  assert(entries.length <= ZIP_ENTRIES_MAX, `${entries.length} files in one archive`);
  const pieces: ZipPiece[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  const addBytes = (bytes: Uint8Array) => {
    pieces.push({ kind: "bytes", start: offset, end: offset + bytes.length, bytes });
    offset += bytes.length;
  };
  for (const [entryIndex, entry] of entries.entries()) {
    const name = encodeName(entry.name);
    central.push(formatCentralHeader(entry, name, offset));
    addBytes(formatLocalHeader(entry, name));
    if (entry.sizeBytes === 0) continue;
    pieces.push({ kind: "entry", start: offset, end: offset + entry.sizeBytes, entryIndex });
    offset += entry.sizeBytes;
  }
  const directoryStart = offset;
  const directory = joinBytes(central);
  if (directory.length > 0) addBytes(directory);
  addBytes(formatEnd(entries.length, { start: directoryStart, sizeBytes: directory.length }));
  return { totalBytes: offset, pieces, etag: makeEtag(entries) };
}

function makeEtag(entries: readonly ZipEntry[]): string {
  const hash = createHash("sha256");
  for (const { name, sizeBytes, crc32 } of entries)
    hash.update(`${JSON.stringify(name)} ${sizeBytes} ${crc32}\n`);
  return `"zip-${hash.digest("hex").slice(0, 40)}"`;
}

function encodeName(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  assert(
    bytes.length > 0 && bytes.length <= ZIP_NAME_BYTES_MAX,
    `a name of ${bytes.length} bytes in an archive`,
  );
  return bytes;
}

/** Writes little-endian fields one after another. */
function createFields(sizeBytes: number) {
  const bytes = new Uint8Array(sizeBytes);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const fields = {
    u16(value: number) {
      view.setUint16(at, value, true);
      at += 2;
      return fields;
    },
    u32(value: number) {
      view.setUint32(at, value, true);
      at += 4;
      return fields;
    },
    u64(value: number) {
      view.setBigUint64(at, BigInt(value), true);
      at += 8;
      return fields;
    },
    raw(value: Uint8Array) {
      bytes.set(value, at);
      at += value.length;
      return fields;
    },
    done() {
      assert(at === sizeBytes, "a record of an archive has another size than planned");
      return bytes;
    },
  };
  return fields;
}

function isLarge(entry: ZipEntry): boolean {
  return entry.sizeBytes >= MAX_32;
}

function formatLocalHeader(entry: ZipEntry, name: Uint8Array): Uint8Array {
  const large = isLarge(entry);
  const size32 = large ? MAX_32 : entry.sizeBytes;
  const fields = createFields(30 + name.length + (large ? 20 : 0));
  fields.u32(LOCAL_HEADER).u16(large ? VERSION_64 : VERSION_PLAIN);
  fields.u16(FLAG_UTF8).u16(0).u16(0).u16(DOS_DATE);
  fields.u32(entry.crc32).u32(size32).u32(size32);
  fields
    .u16(name.length)
    .u16(large ? 20 : 0)
    .raw(name);
  // Both sizes, as the format wants them in a local header.
  if (large) fields.u16(EXTRA_64).u16(16).u64(entry.sizeBytes).u64(entry.sizeBytes);
  return fields.done();
}

function formatCentralHeader(entry: ZipEntry, name: Uint8Array, offset: number): Uint8Array {
  const large = isLarge(entry);
  const far = offset >= MAX_32;
  const extraBytes = (large ? 16 : 0) + (far ? 8 : 0);
  const version = large || far ? VERSION_64 : VERSION_PLAIN;
  const size32 = large ? MAX_32 : entry.sizeBytes;
  const fields = createFields(46 + name.length + (extraBytes > 0 ? 4 + extraBytes : 0));
  fields
    .u32(CENTRAL_HEADER)
    .u16(MADE_ON_UNIX | version)
    .u16(version);
  fields.u16(FLAG_UTF8).u16(0).u16(0).u16(DOS_DATE);
  fields.u32(entry.crc32).u32(size32).u32(size32);
  fields
    .u16(name.length)
    .u16(extraBytes > 0 ? 4 + extraBytes : 0)
    .u16(0);
  fields
    .u16(0)
    .u16(0)
    .u32(FILE_MODE)
    .u32(far ? MAX_32 : offset)
    .raw(name);
  if (extraBytes > 0) fields.u16(EXTRA_64).u16(extraBytes);
  if (large) fields.u64(entry.sizeBytes).u64(entry.sizeBytes);
  if (far) fields.u64(offset);
  return fields.done();
}

interface Directory {
  readonly start: number;
  readonly sizeBytes: number;
}

function formatEnd(count: number, { start, sizeBytes }: Directory): Uint8Array {
  const needs64 = count >= MAX_16 || start >= MAX_32 || sizeBytes >= MAX_32;
  const fields = createFields(22 + (needs64 ? 76 : 0));
  if (needs64) {
    fields
      .u32(CENTRAL_END_64)
      .u64(44)
      .u16(MADE_ON_UNIX | VERSION_64)
      .u16(VERSION_64);
    fields.u32(0).u32(0).u64(count).u64(count).u64(sizeBytes).u64(start);
    fields
      .u32(CENTRAL_LOCATOR_64)
      .u32(0)
      .u64(start + sizeBytes)
      .u32(1);
  }
  const count16 = Math.min(count, MAX_16);
  fields.u32(CENTRAL_END).u16(0).u16(0).u16(count16).u16(count16);
  fields.u32(Math.min(sizeBytes, MAX_32)).u32(Math.min(start, MAX_32)).u16(0);
  return fields.done();
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A part of an archive: first byte, and the byte after the last. */
export interface ZipRange {
  readonly start: number;
  readonly end: number;
}

/** A stretch of a piece that a range asks for, counted from the piece's own beginning. */
export interface ZipCut {
  readonly piece: ZipPiece;
  readonly from: number;
  readonly to: number;
}

/** Lists what of an archive lies in a range, in order. */
export function cutZip(layout: ZipLayout, { start, end }: ZipRange): readonly ZipCut[] {
  const cuts: ZipCut[] = [];
  for (let index = findPiece(layout.pieces, start); index < layout.pieces.length; index += 1) {
    const piece = layout.pieces[index];
    if (piece === undefined || piece.start >= end) break;
    const from = Math.max(start, piece.start) - piece.start;
    const to = Math.min(end, piece.end) - piece.start;
    if (to > from) cuts.push({ piece, from, to });
  }
  return cuts;
}

/** Index of the piece that holds an offset, by halving. */
function findPiece(pieces: readonly ZipPiece[], offset: number): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pieces[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
