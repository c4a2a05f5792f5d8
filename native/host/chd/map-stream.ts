import { NativeError } from "../errors.ts";
import { type DiscExports, runOnOwnDisc } from "../load.ts";
import { createPacer } from "../pacer.ts";
import { type Fields, readFields } from "./fields.ts";
import type { FileWindow } from "./file-window.ts";
import type { ParsedHeader } from "./header.ts";
import { MAP_STREAM_BYTES_MAX } from "./limits.ts";

const HEAD_BYTES = 16;
const ENTRY_BYTES = 12;
/** What the reader of bits may read behind the stream's end. */
const PAD_BYTES = 64;
/** Hunks whose types are passed over in one go. */
const TYPES_PER_STEP = 65_536;
/** Hunks that one byte of map can describe at most: three symbols of one bit each for a run of 274. */
const HUNKS_PER_BYTE_MAX = 731;

interface MapHead {
  readonly firstBlob: number;
  readonly crc: number;
  readonly lengthBits: number;
  readonly selfBits: number;
  readonly parentBits: number;
  readonly streamBytes: number;
}

function parseHead(fields: Fields): MapHead {
  const widths = fields.u32(12);
  return {
    streamBytes: fields.u32(0),
    firstBlob: Math.floor(fields.u64(4) / 65536),
    crc: fields.u32(8) & 0xffff,
    lengthBits: widths >>> 24,
    selfBits: (widths >>> 16) & 0xff,
    parentBits: (widths >>> 8) & 0xff,
  };
}

/** Lays the stream into the chunk's memory and starts the reader on it; gives a number other than 0 on an error. */
function start(disc: DiscExports, stream: Uint8Array, map: { head: MapHead; header: ParsedHeader }): number {
  const { head, header } = map;
  const widths = disc.setMapWidths(head.lengthBits, head.selfBits, head.parentBits);
  if (widths !== 0) return widths;
  const at = disc.heapStart();
  const end = at + stream.length + PAD_BYTES;
  const grown = disc.growTo(end);
  if (grown !== 0) return grown;
  const memory = new Uint8Array(disc.memory.buffer);
  memory.set(stream, at);
  memory.fill(0, at + stream.length, end);
  const unitsPerHunk = Math.floor(header.hunkBytes / (header.unitBytes ?? header.hunkBytes));
  return disc.startMap(at, stream.length, header.hunkBytes, unitsPerHunk);
}

async function decode(
  disc: DiscExports,
  map: { readonly head: MapHead; readonly header: ParsedHeader; readonly stream: Uint8Array },
  signal: AbortSignal | undefined,
): Promise<{ table: Uint8Array<ArrayBuffer>; error: number }> {
  const { hunkCount } = map.header;
  const pacer = createPacer(signal);
  let error = start(disc, map.stream, map);
  for (let done = 0; done < hunkCount && error === 0; done += TYPES_PER_STEP) {
    error = disc.skipMapTypes(Math.min(TYPES_PER_STEP, hunkCount - done));
    await pacer.step();
  }
  if (error !== 0) return { table: new Uint8Array(0), error };
  disc.startMapEntries(BigInt(map.head.firstBlob));
  const table = new Uint8Array(hunkCount * ENTRY_BYTES);
  const pieceEntries = disc.mapPieceEntries();
  for (let done = 0; done < hunkCount && error === 0; done += pieceEntries) {
    const count = Math.min(pieceEntries, hunkCount - done);
    error = disc.readMapPiece(count);
    table.set(new Uint8Array(disc.memory.buffer, disc.mapPieceAt(), count * ENTRY_BYTES), done * ENTRY_BYTES);
    await pacer.step();
  }
  if (error === 0 && disc.mapChecksum() !== map.head.crc) {
    throw new NativeError("CHD_MAP_INVALID", "the map does not match its checksum");
  }
  return { table, error };
}

/**
 * Reads the compressed map of version 5.
 * @returns A table of 12 bytes a hunk (type, length 24, offset or reference 48, CRC-16), and an error's number or 0.
 * @throws NativeError `CHD_MAP_INVALID` or `CHD_TOO_LARGE`.
 */
export async function readCompressedMap(
  file: FileWindow,
  header: ParsedHeader,
  signal: AbortSignal | undefined,
): Promise<{ table: Uint8Array<ArrayBuffer>; error: number }> {
  const streamAt = header.mapOffset + HEAD_BYTES;
  if (streamAt > file.sizeBytes) {
    throw new NativeError("CHD_MAP_INVALID", "the map lies past the end of the file");
  }
  const head = parseHead(readFields(await file.read(header.mapOffset, streamAt, signal)));
  if (head.streamBytes > file.sizeBytes - streamAt) {
    throw new NativeError("CHD_MAP_INVALID", "the map goes on past the end of the file");
  }
  if (head.streamBytes > MAP_STREAM_BYTES_MAX) {
    throw new NativeError("CHD_TOO_LARGE", `a map of ${head.streamBytes} bytes`);
  }
  if (header.hunkCount > head.streamBytes * HUNKS_PER_BYTE_MAX) {
    throw new NativeError("CHD_MAP_INVALID", "the map ends before all hunks are described");
  }
  const stream = await file.read(streamAt, streamAt + head.streamBytes, signal);
  return runOnOwnDisc((disc) => decode(disc, { head, header, stream }, signal));
}
