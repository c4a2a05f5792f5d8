import { crc32 } from "node:zlib";
import { toField, writeBytes, writeU16, writeU32 } from "./fields.ts";

export interface ZipMember {
  /** ASCII. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
/** 1 January 1980, the earliest date the format knows. */
const DATE = 0x0021;

/** Creates a zip that only stores its members; the same members give the same bytes. */
export function createStoredZip(members: readonly ZipMember[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const member of members) {
    const local = createEntry(member, { headerBytes: LOCAL_BYTES, signature: 0x04034b50, at: 4 });
    const central = createEntry(member, { headerBytes: CENTRAL_BYTES, signature: 0x02014b50, at: 6 });
    writeU16(central, 4, 20);
    writeU32(central, 42, offset);
    parts.push(local, member.bytes);
    directory.push(central);
    offset += local.length + member.bytes.length;
  }
  const directoryBytes = directory.reduce((sum, entry) => sum + entry.length, 0);
  const end = new Uint8Array(END_BYTES);
  writeU32(end, 0, 0x06054b50);
  writeU16(end, 8, members.length);
  writeU16(end, 10, members.length);
  writeU32(end, 12, directoryBytes);
  writeU32(end, 16, offset);
  return Buffer.concat([...parts, ...directory, end]);
}

/** Local and central headers share a run of fields (version to name length) at different offsets. */
function createEntry(
  { name, bytes }: ZipMember,
  form: { headerBytes: number; signature: number; at: number },
): Uint8Array {
  const { headerBytes, signature, at } = form;
  const entry = new Uint8Array(headerBytes + name.length);
  writeU32(entry, 0, signature);
  writeU16(entry, at, 20);
  writeU16(entry, at + 8, DATE);
  writeU32(entry, at + 10, crc32(bytes));
  writeU32(entry, at + 14, bytes.length);
  writeU32(entry, at + 18, bytes.length);
  writeU16(entry, at + 22, name.length);
  writeBytes(entry, headerBytes, toField(name, name.length));
  return entry;
}
