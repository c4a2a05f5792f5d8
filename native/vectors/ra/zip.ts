import { crc32, deflateRawSync } from "node:zlib";
import { ascii, join, le16, le32 } from "./bytes.ts";

/** A file to pack. */
export interface ZipInput {
  readonly name: string;
  readonly data: Uint8Array;
  readonly isDeflated?: boolean | undefined;
}

const VERSION = le16(20);
const NO_FLAGS = le16(0);
/** 1 January 1980, midnight. */
const TIME = [...le16(0), ...le16(0x21)];

/** Gives an archive, the same for the same files. */
export function createZip(files: readonly ZipInput[]): Uint8Array {
  const members: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let offset = 0;
  for (const { name, data, isDeflated = false } of files) {
    const packed = isDeflated ? new Uint8Array(deflateRawSync(data, { level: 9 })) : data;
    const nameBytes = ascii(name);
    const facts = [
      ...VERSION,
      ...NO_FLAGS,
      ...le16(isDeflated ? 8 : 0),
      ...TIME,
      ...le32(crc32(data) >>> 0),
      ...le32(packed.length),
      ...le32(data.length),
      ...le16(nameBytes.length),
      ...le16(0),
    ];
    const member = join(ascii("PK\x03\x04"), facts, nameBytes, packed);
    const rest = [...le16(0), ...le16(0), ...le16(0), ...le32(0), ...le32(offset)];
    entries.push(join(ascii("PK\x01\x02"), VERSION, facts, rest, nameBytes));
    members.push(member);
    offset += member.length;
  }
  const directory = join(...entries);
  const count = le16(files.length);
  const end = [0, 0, 0, 0, ...count, ...count, ...le32(directory.length), ...le32(offset), 0, 0];
  return join(...members, directory, ascii("PK\x05\x06"), end);
}
