import { ARCHIVE_MEMBERS_MAX, ZIP_DIRECTORY_BYTES_MAX } from "../limits.ts";
import { type ArchiveFile, type ArchiveMember, refuse } from "./archive.ts";
import { readRange } from "./read-file.ts";
import { decodeZipName } from "./zip-names.ts";

/** A member and where its bytes are. */
export interface ZipMember extends ArchiveMember {
  /** 0 stored, 8 deflated; others are 7-Zip's. */
  readonly method: number;
  readonly packedBytes: number;
  /** Of the local header, from the file's start. */
  readonly offset: number;
}

const END_BYTES = 22;
const COMMENT_BYTES_MAX = 0xffff;
const LOCATOR_BYTES = 20;
const END_64_BYTES = 56;
const ENTRY_BYTES = 46;
const UNKNOWN_16 = 0xffff;
const UNKNOWN_32 = 0xffff_ffff;

const FLAG_ENCRYPTED = 1 << 0;
const FLAG_UTF8 = 1 << 11;
/** Upper half of the external attributes, when Unix wrote them: the file's mode. */
const MODE_KIND = 0o170_000;
/** Kinds that are no files; what was packed from a pipe has a pipe's mode, and is a file all the same. */
const MODE_FOLDER = 0o040_000;
const MODE_LINK = 0o120_000;

interface Directory {
  readonly count: number;
  readonly sizeBytes: number;
  readonly start: number;
  /** Bytes before the archive, such as a program that unpacks it; offsets do not count them. */
  readonly shift: number;
}

/**
 * Reads a zip's directory, in its order.
 * @throws ArchiveRefusal `damaged`, `too_large`, or `unsupported` when it is split over several files.
 */
export function readZipDirectory(file: ArchiveFile): ZipMember[] {
  const directory = findDirectory(file);
  const { count, sizeBytes, start } = directory;
  if (count > ARCHIVE_MEMBERS_MAX) refuse("too_large", `holds ${count} members`);
  if (sizeBytes > ZIP_DIRECTORY_BYTES_MAX) refuse("too_large", `has a directory of ${sizeBytes} bytes`);
  if (sizeBytes < count * ENTRY_BYTES) refuse("damaged", `has no room for ${count} members in its directory`);
  const view = viewOf(readRange(file, start, sizeBytes));
  const members: ZipMember[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + ENTRY_BYTES > sizeBytes || view.getUint32(at, true) !== 0x02014b50)
      refuse("damaged", `has ${index} of ${count} members in its directory`);
    const { member, end } = readEntry(view, at, directory.shift);
    members.push(member);
    at = end;
  }
  return members;
}

function findDirectory(file: ArchiveFile): Directory {
  const tailBytes = Math.min(file.sizeBytes, END_BYTES + COMMENT_BYTES_MAX + LOCATOR_BYTES);
  const tailStart = file.sizeBytes - tailBytes;
  const tail = viewOf(readRange(file, tailStart, tailBytes));
  let at = tailBytes - END_BYTES;
  while (at >= 0 && !isEnd(tail, at)) at -= 1;
  if (at < 0) return refuse("damaged", "has no directory");
  const disks = [tail.getUint16(at + 4, true), tail.getUint16(at + 6, true)];
  const count = tail.getUint16(at + 10, true);
  const sizeBytes = tail.getUint32(at + 12, true);
  const offset = tail.getUint32(at + 16, true);
  const isLarge = count === UNKNOWN_16 || sizeBytes === UNKNOWN_32 || offset === UNKNOWN_32;
  const locatorAt = at - LOCATOR_BYTES;
  if (isLarge && locatorAt >= 0 && tail.getUint32(locatorAt, true) === 0x07064b50)
    return readLargeDirectory(file, { locator: tail, at: locatorAt, locatorStart: tailStart + locatorAt });
  if (disks.some((disk) => disk !== 0)) refuse("unsupported", "is split over several files");
  // What stands right before this record is the directory, also behind a program that was put in front.
  const start = tailStart + at - sizeBytes;
  if (start < offset) refuse("damaged", "has its directory elsewhere than it says");
  return { count, sizeBytes, start, shift: start - offset };
}

/** The record, and a comment that reaches to the end: a comment may hold the record's mark. */
function isEnd(tail: DataView, at: number): boolean {
  return (
    tail.getUint32(at, true) === 0x06054b50 &&
    at + END_BYTES + tail.getUint16(at + 20, true) <= tail.byteLength
  );
}

function readLargeDirectory(
  file: ArchiveFile,
  place: { readonly locator: DataView; readonly at: number; readonly locatorStart: number },
): Directory {
  const offset = readLarge(place.locator, place.at + 8);
  // Behind a program the record is not where the locator says, but still right before the locator.
  const starts = [offset, place.locatorStart - END_64_BYTES];
  for (const recordStart of starts) {
    const isInside = recordStart >= 0 && recordStart + END_64_BYTES <= file.sizeBytes;
    if (!isInside) continue;
    const record = viewOf(readRange(file, recordStart, END_64_BYTES));
    if (record.getUint32(0, true) !== 0x06064b50) continue;
    if (record.getUint32(16, true) !== 0 || record.getUint32(20, true) !== 0)
      refuse("unsupported", "is split over several files");
    const shift = recordStart - offset;
    const start = readLarge(record, 48) + shift;
    return { count: readLarge(record, 32), sizeBytes: readLarge(record, 40), start, shift };
  }
  return refuse("damaged", "has no directory");
}

function readEntry(view: DataView, at: number, shift: number): { member: ZipMember; end: number } {
  const flags = view.getUint16(at + 8, true);
  const nameAt = at + ENTRY_BYTES;
  const extraAt = nameAt + view.getUint16(at + 28, true);
  const extraEnd = extraAt + view.getUint16(at + 30, true);
  const end = extraEnd + view.getUint16(at + 32, true);
  if (end > view.byteLength) refuse("damaged", "has a directory that breaks off");
  const large = listLargeFields(view, extraAt, extraEnd);
  // The extra field holds, in this order, those of the three that are marked as unknown.
  const resolve = (value: number): number =>
    value === UNKNOWN_32 && large !== null
      ? (large.shift() ?? refuse("damaged", "has a short field"))
      : value;
  const sizeBytes = resolve(view.getUint32(at + 24, true));
  const packedBytes = resolve(view.getUint32(at + 20, true));
  const offset = resolve(view.getUint32(at + 42, true)) + shift;
  const nameBytes = new Uint8Array(view.buffer, view.byteOffset + nameAt, extraAt - nameAt);
  const name = decodeZipName(nameBytes, (flags & FLAG_UTF8) !== 0);
  const mode = view.getUint32(at + 38, true) >>> 16;
  const modeKind = mode & MODE_KIND;
  const member = {
    name,
    sizeBytes,
    crc32: view.getUint32(at + 16, true),
    isRegular: !name.endsWith("/") && modeKind !== MODE_FOLDER && modeKind !== MODE_LINK,
    isEncrypted: (flags & FLAG_ENCRYPTED) !== 0,
    method: view.getUint16(at + 10, true),
    packedBytes,
    offset,
  };
  return { member, end };
}

/** Gives the 64-bit numbers of the ZIP64 extra field; null where there is no such field. */
function listLargeFields(view: DataView, from: number, to: number): number[] | null {
  for (let at = from; at + 4 <= to; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    const end = Math.min(to, at + 4 + view.getUint16(at + 2, true));
    const fields: number[] = [];
    for (let field = at + 4; field + 8 <= end; field += 8) fields.push(readLarge(view, field));
    return fields;
  }
  return null;
}

/** No real size or offset is beyond what a number holds exactly. */
function readLarge(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  return Number.isSafeInteger(value) ? value : refuse("damaged", "names more bytes than any disk has");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
