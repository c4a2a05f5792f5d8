import { crc32 } from "node:zlib";

/** A file in a RAR; the name has `/` between folders. */
export interface RarMember {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Not a file but a folder. */
  readonly isFolder?: boolean | undefined;
}

const SIGNATURE = [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00];
const TYPE_MAIN = 1;
const TYPE_FILE = 2;
const TYPE_END = 5;
/** The header has a data area, whose size comes behind its flags. */
const HEADER_HAS_DATA = 0x0002;
const FILE_IS_FOLDER = 0x0001;
const FILE_HAS_CRC32 = 0x0004;
/** Method 0: stored. The other fields are for decompression. */
const STORED = 0;
const HOST_UNIX = 1;
const MODE_FILE = 0o100_644;
const MODE_FOLDER = 0o040_755;

/**
 * Creates a RAR 5 archive that only stores its members; the same members give the same bytes.
 * @source RAR 5.0 archive format, as its authors publish it.
 */
export function createStoredRar(members: readonly RarMember[]): Uint8Array {
  const parts: Uint8Array[] = [
    Uint8Array.from(SIGNATURE),
    createHeader([...number(TYPE_MAIN), ...number(0), ...number(0)]),
  ];
  for (const member of members) parts.push(createFileHeader(member), member.bytes);
  parts.push(createHeader([...number(TYPE_END), ...number(0), ...number(0)]));
  return Buffer.concat(parts);
}

function createFileHeader({ name, bytes, isFolder = false }: RarMember): Uint8Array {
  const nameBytes = new TextEncoder().encode(name);
  const hasCrc32 = !isFolder;
  return createHeader([
    ...number(TYPE_FILE),
    ...number(HEADER_HAS_DATA),
    ...number(bytes.length),
    ...number(isFolder ? FILE_IS_FOLDER : FILE_HAS_CRC32),
    ...number(bytes.length),
    ...number(isFolder ? MODE_FOLDER : MODE_FILE),
    ...(hasCrc32 ? littleEndian(crc32(bytes)) : []),
    ...number(STORED),
    ...number(HOST_UNIX),
    ...number(nameBytes.length),
    ...nameBytes,
  ]);
}

/** Puts the checksum and the size before a header's fields. */
function createHeader(fields: readonly number[]): Uint8Array {
  const sized = Uint8Array.from([...number(fields.length), ...fields]);
  return Uint8Array.from([...littleEndian(crc32(sized)), ...sized]);
}

function littleEndian(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
}

/** A number in groups of 7 bits, the lowest first; the top bit says that more follow. */
function number(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}
