import { CODEC_DEFLATE } from "../../assembly/chd/codecs/ids.ts";
import { errorFromNumber, NativeError } from "../errors.ts";
import type { FileWindow } from "./file-window.ts";
import type { ParsedHeader } from "./header.ts";
import { HUNKS_FREE, HUNKS_PER_FILE_BYTE, MAP_BYTES_MAX } from "./limits.ts";
import { readCompressedMap } from "./map-stream.ts";

/** What a hunk's bytes are checked with. */
export type HunkCheck = "none" | "crc16" | "crc32";

/** A hunk whose bytes lie in this file; codec 0: as they are. */
export interface StoredEntry {
  readonly kind: "stored";
  readonly codec: number;
  readonly offset: number;
  readonly lengthBytes: number;
  readonly check: HunkCheck;
  readonly crc: number;
}

/** A hunk of eight bytes, as two 32-bit numbers, over and over. */
export interface PatternEntry {
  readonly kind: "pattern";
  readonly high: number;
  readonly low: number;
  readonly check: HunkCheck;
  readonly crc: number;
}

/** Where a hunk's bytes come from. */
export type HunkEntry =
  | StoredEntry
  | PatternEntry
  | { readonly kind: "zeros" }
  /** The same as another hunk of this file. */
  | { readonly kind: "self"; readonly hunkIndex: number }
  /** A hunk's worth of the parent's bytes. */
  | { readonly kind: "parent"; readonly start: number };

/** Tells for each hunk where its bytes come from. */
export interface HunkMap {
  /**
   * @param hunkIndex 0-based, below the number of hunks.
   * @throws NativeError `CHD_MAP_INVALID` when the hunk's entry means nothing.
   */
  get(hunkIndex: number): HunkEntry;
}

const V1_ENTRY_BYTES = 8;
const V3_ENTRY_BYTES = 16;
const V5_PLAIN_ENTRY_BYTES = 4;
const V5_ENTRY_BYTES = 12;
const V3_FLAG_NO_CRC = 0x10;
const ZEROS: HunkEntry = { kind: "zeros" };

function refuseEntry(hunkIndex: number, type: number): never {
  throw new NativeError("CHD_MAP_INVALID", `hunk ${hunkIndex} is of type ${type}, which means nothing`);
}

/** Reads a table that lies in the file as it is. */
async function readTable(
  file: FileWindow,
  header: ParsedHeader,
  options: { readonly entryBytes: number; readonly signal: AbortSignal | undefined },
): Promise<DataView> {
  const length = header.hunkCount * options.entryBytes;
  const end = header.mapOffset + length;
  if (length > MAP_BYTES_MAX) {
    throw new NativeError("CHD_TOO_LARGE", `a map of ${length} bytes, at most ${MAP_BYTES_MAX}`);
  }
  if (end > file.sizeBytes) throw new NativeError("CHD_MAP_INVALID", "the map lies past the end of the file");
  // A copy, because the window's own bytes may be far larger than the table.
  const bytes = (await file.read(header.mapOffset, end, options.signal)).slice();
  return new DataView(bytes.buffer);
}

/** Versions 1 and 2: 20 bits of length over 44 bits of offset. */
function createMap1(view: DataView, hunkBytes: number): HunkMap {
  return {
    get(hunkIndex) {
      const at = hunkIndex * V1_ENTRY_BYTES;
      const high = view.getUint32(at);
      const lengthBytes = high >>> 12;
      const offset = (high & 0xfff) * 2 ** 32 + view.getUint32(at + 4);
      const codec = lengthBytes === hunkBytes ? 0 : CODEC_DEFLATE;
      return { kind: "stored", codec, offset, lengthBytes, check: "none", crc: 0 };
    },
  };
}

/** Versions 3 and 4. */
function createMap3(view: DataView, hunkBytes: number): HunkMap {
  return {
    get(hunkIndex) {
      const at = hunkIndex * V3_ENTRY_BYTES;
      const [high, low, crc] = [view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8)];
      const flags = view.getUint8(at + 15);
      const check: HunkCheck = (flags & V3_FLAG_NO_CRC) === 0 ? "crc32" : "none";
      const offset = high * 2 ** 32 + low;
      const lengthBytes = view.getUint8(at + 14) * 65536 + view.getUint16(at + 12);
      switch (flags & 15) {
        case 1:
          return { kind: "stored", codec: CODEC_DEFLATE, offset, lengthBytes, check, crc };
        case 2:
          return { kind: "stored", codec: 0, offset, lengthBytes: hunkBytes, check, crc };
        case 3:
          return { kind: "pattern", high, low, check, crc };
        case 4:
          return { kind: "self", hunkIndex: offset };
        case 5:
          return { kind: "parent", start: offset * hunkBytes };
        default:
          return refuseEntry(hunkIndex, flags & 15);
      }
    },
  };
}

/** Version 5 without codecs: the position of each hunk in hunks. */
function createPlainMap(view: DataView, header: ParsedHeader): HunkMap {
  const { hunkBytes } = header;
  return {
    get(hunkIndex) {
      const position = view.getUint32(hunkIndex * V5_PLAIN_ENTRY_BYTES);
      if (position !== 0) {
        const offset = position * hunkBytes;
        return { kind: "stored", codec: 0, offset, lengthBytes: hunkBytes, check: "none", crc: 0 };
      }
      return header.hasParent ? { kind: "parent", start: hunkIndex * hunkBytes } : ZEROS;
    },
  };
}

/** Version 5 with codecs, from the decoded table. */
function createMap5(view: DataView, header: ParsedHeader, codecs: readonly number[]): HunkMap {
  const { hunkBytes } = header;
  const unitBytes = header.unitBytes ?? hunkBytes;
  return {
    get(hunkIndex) {
      const at = hunkIndex * V5_ENTRY_BYTES;
      const head = view.getUint32(at);
      const type = head >>> 24;
      const offset = view.getUint32(at + 4) * 65536 + view.getUint16(at + 8);
      const crc = view.getUint16(at + 10);
      if (type < 4) {
        // A slot that the header leaves empty: a number no codec has.
        const codec = codecs[type] ?? -1;
        return { kind: "stored", codec, offset, lengthBytes: head & 0xffffff, check: "crc16", crc };
      }
      if (type === 4)
        return { kind: "stored", codec: 0, offset, lengthBytes: hunkBytes, check: "crc16", crc };
      if (type === 5) return { kind: "self", hunkIndex: offset };
      return { kind: "parent", start: offset * unitBytes };
    },
  };
}

/** Refuses a map whose table would be out of all proportion to the file. */
function checkHunkCount(hunkCount: number, fileBytes: number): void {
  const hunksMax = Math.max(HUNKS_FREE, fileBytes * HUNKS_PER_FILE_BYTE);
  if (hunkCount > hunksMax || hunkCount * V5_ENTRY_BYTES > MAP_BYTES_MAX) {
    throw new NativeError("CHD_TOO_LARGE", `${hunkCount} hunks in a file of ${fileBytes} bytes`);
  }
}

/**
 * Reads a file's map.
 * @param codecs Number of the codec by slot of the header.
 * @throws NativeError `CHD_MAP_INVALID` or `CHD_TOO_LARGE`.
 */
export async function readHunkMap(
  file: FileWindow,
  header: ParsedHeader,
  options: { readonly codecs: readonly number[]; readonly signal: AbortSignal | undefined },
): Promise<HunkMap> {
  const { signal, codecs } = options;
  if (header.hunkCount === 0) return { get: (hunkIndex) => refuseEntry(hunkIndex, -1) };
  if (header.version < 3) {
    return createMap1(
      await readTable(file, header, { entryBytes: V1_ENTRY_BYTES, signal }),
      header.hunkBytes,
    );
  }
  if (header.version < 5) {
    return createMap3(
      await readTable(file, header, { entryBytes: V3_ENTRY_BYTES, signal }),
      header.hunkBytes,
    );
  }
  if (header.codecs.length === 0) {
    return createPlainMap(
      await readTable(file, header, { entryBytes: V5_PLAIN_ENTRY_BYTES, signal }),
      header,
    );
  }
  checkHunkCount(header.hunkCount, file.sizeBytes);
  const { table, error } = await readCompressedMap(file, header, signal);
  if (error !== 0) throw errorFromNumber(error, "the map");
  return createMap5(new DataView(table.buffer), header, codecs);
}
