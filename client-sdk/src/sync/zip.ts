import { SAVE_BYTES_MAX, SAVE_ENTRIES_MAX } from "./limits.ts";
import { END_BYTES, END_MARK, findEnd, viewOf } from "./zip-end.ts";

/** One file of an archive. */
export interface ZipEntry {
  /** With `/` between folders. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970; the format keeps two seconds. */
  readonly modifiedAtMs: number;
}

const LOCAL_MARK = 0x04034b50;
const CENTRAL_MARK = 0x02014b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
/** Names are UTF-8. */
const UTF8_FLAG = 0x800;
const ENCRYPTED_FLAG = 1;
const DEFLATED = 8;

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let value = -1;
  for (const byte of bytes) value = (value >>> 8) ^ (CRC_TABLE[(value ^ byte) & 0xff] ?? 0);
  return (value ^ -1) >>> 0;
}

/** Time and date of the format: two-second steps since 1980, here always in UTC. */
function toDosTime(atMs: number): number {
  const at = new Date(Math.max(atMs, Date.UTC(1980, 0, 1)));
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return ((date << 16) | time) >>> 0;
}

function fromDosTime(stamp: number): number {
  const date = stamp >>> 16;
  const [year, month, day] = [1980 + (date >> 9), ((date >> 5) & 15) - 1, date & 31];
  return Date.UTC(year, month, day, (stamp >> 11) & 31, (stamp >> 5) & 63, (stamp & 31) * 2);
}

/** Packs files uncompressed: bytes that compress are few, and every program can read the result. */
export function writeZip(entries: readonly ZipEntry[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const files = entries.map(({ path, bytes, modifiedAtMs }) => {
    const name = encoder.encode(path);
    return { name, bytes, crc: crc32(bytes), stamp: toDosTime(modifiedAtMs) };
  });
  const sizeBytes = files.reduce(
    (sum, { name, bytes }) => sum + LOCAL_BYTES + CENTRAL_BYTES + 2 * name.length + bytes.length,
    END_BYTES,
  );
  const out = new Uint8Array(sizeBytes);
  const view = new DataView(out.buffer);
  let at = 0;
  /** The part that both headers have: version needed up to the length of the name. */
  const writeFacts = (offset: number, { name, bytes, crc, stamp }: (typeof files)[number]) => {
    view.setUint16(offset, 20, true);
    view.setUint16(offset + 2, UTF8_FLAG, true);
    view.setUint32(offset + 6, stamp, true);
    view.setUint32(offset + 10, crc, true);
    view.setUint32(offset + 14, bytes.length, true);
    view.setUint32(offset + 18, bytes.length, true);
    view.setUint16(offset + 22, name.length, true);
  };
  const offsets = files.map((file) => {
    const start = at;
    view.setUint32(at, LOCAL_MARK, true);
    writeFacts(at + 4, file);
    out.set(file.name, at + LOCAL_BYTES);
    out.set(file.bytes, at + LOCAL_BYTES + file.name.length);
    at += LOCAL_BYTES + file.name.length + file.bytes.length;
    return start;
  });
  const directoryStart = at;
  files.forEach((file, index) => {
    view.setUint32(at, CENTRAL_MARK, true);
    view.setUint16(at + 4, 20, true);
    writeFacts(at + 6, file);
    view.setUint32(at + 42, offsets[index] ?? 0, true);
    out.set(file.name, at + CENTRAL_BYTES);
    at += CENTRAL_BYTES + file.name.length;
  });
  view.setUint32(at, END_MARK, true);
  view.setUint16(at + 8, files.length, true);
  view.setUint16(at + 10, files.length, true);
  view.setUint32(at + 12, at - directoryStart, true);
  view.setUint32(at + 16, directoryStart, true);
  return out;
}

/**
 * Unpacks all files of an archive, folders left out; null when it is damaged, encrypted, too large, or uses what no
 * save does.
 */
export async function readZip(bytes: Uint8Array): Promise<readonly ZipEntry[] | null> {
  try {
    return await unpack(bytes);
  } catch (thrown) {
    // An offset beyond the end, a name that is no UTF-8, a broken stream: all say that it is damaged.
    if (thrown instanceof RangeError || thrown instanceof TypeError) return null;
    throw thrown;
  }
}

async function unpack(bytes: Uint8Array): Promise<readonly ZipEntry[] | null> {
  const view = viewOf(bytes);
  const end = findEnd(bytes);
  if (end === null) return null;
  const count = view.getUint16(end + 10, true);
  if (count > SAVE_ENTRIES_MAX) return null;
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  let roomBytes = SAVE_BYTES_MAX;
  for (let index = 0; index < count; index++) {
    if (view.getUint32(at, true) !== CENTRAL_MARK) return null;
    const flags = view.getUint16(at + 8, true);
    const nameBytes = view.getUint16(at + 28, true);
    const sizeBytes = view.getUint32(at + 24, true);
    const name = bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes);
    // Names of older code pages are not guessed.
    const isReadable = (flags & UTF8_FLAG) !== 0 || name.every((byte) => byte < 0x80);
    roomBytes -= sizeBytes;
    if (!isReadable || (flags & ENCRYPTED_FLAG) !== 0 || roomBytes < 0) return null;
    const path = new TextDecoder("utf-8", { fatal: true }).decode(name);
    if (!path.endsWith("/")) {
      const content = await readContent(bytes, at);
      if (content === null || crc32(content) !== view.getUint32(at + 16, true)) return null;
      entries.push({ path, bytes: content, modifiedAtMs: fromDosTime(view.getUint32(at + 12, true)) });
    }
    at += CENTRAL_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

async function readContent(bytes: Uint8Array, central: number): Promise<Uint8Array | null> {
  const view = viewOf(bytes);
  const method = view.getUint16(central + 10, true);
  const packedBytes = view.getUint32(central + 20, true);
  const sizeBytes = view.getUint32(central + 24, true);
  const local = view.getUint32(central + 42, true);
  if (view.getUint32(local, true) !== LOCAL_MARK) return null;
  const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const packed = bytes.subarray(start, start + packedBytes);
  if (packed.length !== packedBytes) return null;
  if (method === 0) return packedBytes === sizeBytes ? packed : null;
  return method === DEFLATED ? await inflate(packed, sizeBytes) : null;
}

/** Never unpacks more than was announced; null for that, and for a damaged stream, whatever the platform calls it. */
async function inflate(packed: Uint8Array, sizeBytes: number): Promise<Uint8Array | null> {
  const stream = new DecompressionStream("deflate-raw");
  const writer = stream.writable.getWriter();
  const written = writer.write(new Uint8Array(packed)).then(() => writer.close());
  const [, out] = await Promise.allSettled([written, readExactly(stream.readable.getReader(), sizeBytes)]);
  return out.status === "fulfilled" ? out.value : null;
}

async function readExactly(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  sizeBytes: number,
): Promise<Uint8Array | null> {
  const out = new Uint8Array(sizeBytes);
  let filled = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    if (filled + piece.value.length > sizeBytes) {
      await reader.cancel();
      return null;
    }
    out.set(piece.value, filled);
    filled += piece.value.length;
  }
  return filled === sizeBytes ? out : null;
}
