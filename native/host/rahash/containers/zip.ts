import type { ByteSource } from "../../byte-source.ts";
import { hasText, latin1, le16, le32, le64, u8 } from "../bytes.ts";
import { partOfSource, type RaContext, readFull } from "../context.ts";
import { ZIP_DIRECTORY_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { inflatedSource } from "./inflate.ts";

/** An entry of a ZIP's central directory that is no folder. */
export interface ZipEntry {
  /** As stored, one character for each byte. */
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc32: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  /** Of the local header. */
  readonly offset: number;
}

const END_BYTES = 22;
const COMMENT_BYTES_MAX = 65_535;
const LOCATOR_BYTES = 20;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const UNKNOWN_16 = 0xffff;
const UNKNOWN_32 = 0xffff_ffff;
const FOLDER_ATTRIBUTE = 0x10;
/** Largest directory of the format's definition here; beyond it the archive counts as damaged. */
const DIRECTORY_BYTES_MAX = 256 << 20;

interface DirectoryPlace {
  readonly count: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

/** Gives the files of a ZIP in the order of its directory; refuses what is none or contradicts itself. */
export async function listZipEntries(context: RaContext, source: ByteSource): Promise<ZipEntry[]> {
  const place = await findDirectory(context, source);
  const { count, sizeBytes, offset } = place;
  if (sizeBytes >= DIRECTORY_BYTES_MAX || sizeBytes < count * ENTRY_BYTES)
    refuse("damaged", `${source.name}: its directory of ${sizeBytes} bytes cannot hold ${count} entries`);
  if (sizeBytes > ZIP_DIRECTORY_BYTES_MAX)
    refuse("over_limit", `${source.name}: a ZIP directory of ${sizeBytes} bytes`);
  const directory = await readFull(context, source, { start: offset, length: sizeBytes });
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count && hasText(directory, "PK\x01\x02", at); index += 1) {
    const nameEnd = at + ENTRY_BYTES + le16(directory, at + 28);
    const extraEnd = nameEnd + le16(directory, at + 30);
    if (extraEnd > directory.length) refuse("damaged", `${source.name}: its directory breaks off`);
    const entry = readEntry(directory, { at, nameEnd, extraEnd });
    const attributes = le16(directory, at + 38);
    if (!/[/\\]$/.test(entry.name) && (attributes & FOLDER_ATTRIBUTE) === 0) {
      checkEntry(entry, source);
      entries.push(entry);
    }
    at = extraEnd + le16(directory, at + 32);
  }
  return entries;
}

async function findDirectory(context: RaContext, source: ByteSource): Promise<DirectoryPlace> {
  const length = Math.min(source.sizeBytes, END_BYTES + COMMENT_BYTES_MAX + 1 + LOCATOR_BYTES);
  const start = source.sizeBytes - length;
  const tail = await readFull(context, source, { start, length });
  let at = tail.length - END_BYTES;
  while (at >= 0 && !hasText(tail, "PK\x05\x06", at)) at -= 1;
  if (at < 0) return refuse("unrecognized", `${source.name} is no ZIP archive`);
  const place = { count: le16(tail, at + 10), sizeBytes: le32(tail, at + 12), offset: le32(tail, at + 16) };
  const isLarge = place.count === UNKNOWN_16 || Math.max(place.sizeBytes, place.offset) === UNKNOWN_32;
  const locatorAt = at - LOCATOR_BYTES;
  if (!isLarge || locatorAt < 0 || !hasText(tail, "PK\x06\x07", locatorAt)) return place;
  const record = await readFull(context, source, { start: le64(tail, locatorAt + 8), length: 56 });
  if (!hasText(record, "PK\x06\x06")) return place;
  return { count: le64(record, 0x20), sizeBytes: le64(record, 0x28), offset: le64(record, 0x30) };
}

function readEntry(
  directory: Uint8Array,
  place: { readonly at: number; readonly nameEnd: number; readonly extraEnd: number },
): ZipEntry {
  const { at, nameEnd, extraEnd } = place;
  const large = listLargeFields(directory, nameEnd, extraEnd);
  // The extra field holds, in this order, those of the three that are marked as unknown.
  const resolve = (value: number): number =>
    value === UNKNOWN_32 && large !== null
      ? (large.shift() ?? refuse("damaged", "a ZIP64 field is short"))
      : value;
  const sizeBytes = resolve(le32(directory, at + 24));
  const compressedBytes = resolve(le32(directory, at + 20));
  return {
    name: latin1(directory, at + ENTRY_BYTES, nameEnd),
    isEncrypted: (u8(directory, at + 8) & 1) !== 0,
    method: le16(directory, at + 10),
    crc32: le32(directory, at + 16),
    compressedBytes,
    sizeBytes,
    offset: resolve(le32(directory, at + 42)),
  };
}

/** Gives the 64-bit numbers of the ZIP64 extra field; null where there is no such field. */
function listLargeFields(directory: Uint8Array, from: number, to: number): number[] | null {
  for (let at = from; at + 4 <= to; at += 4 + le16(directory, at + 2)) {
    if (le16(directory, at) !== 1) continue;
    const end = Math.min(to, at + 4 + le16(directory, at + 2));
    const fields: number[] = [];
    for (let field = at + 4; field + 8 <= end; field += 8) fields.push(le64(directory, field));
    return fields;
  }
  return null;
}

function checkEntry(entry: ZipEntry, source: ByteSource): void {
  const { compressedBytes, sizeBytes, offset } = entry;
  const isSane =
    Number.isSafeInteger(sizeBytes) &&
    (entry.method !== 0 || compressedBytes === sizeBytes) &&
    (sizeBytes === 0 || compressedBytes > 0) &&
    offset + LOCAL_BYTES + compressedBytes <= source.sizeBytes;
  if (!isSane) refuse("damaged", `${source.name}: the entry ${entry.name} contradicts itself`);
}

/** Gives a member's bytes, unpacked as they are read, under the member's name without folders. */
export async function openZipMember(
  context: RaContext,
  source: ByteSource,
  entry: ZipEntry,
): Promise<ByteSource> {
  if (entry.isEncrypted) return refuse("keys_missing", `${source.name}: ${entry.name} is encrypted`);
  const local = await readFull(context, source, { start: entry.offset, length: LOCAL_BYTES });
  if (!hasText(local, "PK\x03\x04"))
    return refuse("damaged", `${source.name}: ${entry.name} is not where the directory says`);
  const start = entry.offset + LOCAL_BYTES + le16(local, 26) + le16(local, 28);
  const packed = partOfSource(source, { start, length: entry.compressedBytes });
  const name = entry.name.slice(Math.max(entry.name.lastIndexOf("/"), entry.name.lastIndexOf("\\")) + 1);
  if (packed.sizeBytes < entry.compressedBytes)
    return refuse("damaged", `${source.name}: ${entry.name} is cut off`);
  if (entry.method === 0) return { ...packed, name };
  if (entry.method !== 8)
    return refuse("unsupported", `${source.name}: ${entry.name} is packed by method ${entry.method}`);
  return { ...inflatedSource(context, packed, entry.sizeBytes), name };
}
