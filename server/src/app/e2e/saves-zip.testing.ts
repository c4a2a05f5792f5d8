/** Zips that nobody would make by accident. */
import { crc32, deflateRawSync } from "node:zlib";

/** One entry; what it says of itself may be untrue. */
export interface HostileEntry {
  readonly name: string;
  readonly packed: Uint8Array;
  readonly isDeflated: boolean;
  readonly crc: number;
  readonly declaredBytes: number;
}

/** An entry that is what it says. */
export function toEntry(name: string, bytes: Uint8Array, { isDeflated = false } = {}): HostileEntry {
  const packed = isDeflated ? deflateRawSync(bytes) : bytes;
  return { name, packed, isDeflated, crc: crc32(bytes), declaredBytes: bytes.length };
}

const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;

/**
 * Writes a zip; the record at its end counts to 65,535 and says no more beyond.
 * @source APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export function makeHostileZip(entries: readonly HostileEntry[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const local = Buffer.alloc(LOCAL_BYTES);
    local.writeUInt32LE(0x04034b50, 0);
    writeFacts(local, 4, { entry, name });
    locals.push(local, name, Buffer.from(entry.packed));
    const central = Buffer.alloc(CENTRAL_BYTES);
    central.writeUInt32LE(0x02014b50, 0);
    writeFacts(central, 6, { entry, name });
    central.writeUInt32LE(offset, 42);
    centrals.push(central, name);
    offset += LOCAL_BYTES + name.length + entry.packed.length;
  }
  const directory = Buffer.concat(centrals);
  return Buffer.concat([
    ...locals,
    directory,
    ...toEnd(entries.length, { offset, sizeBytes: directory.length }),
  ]);
}

function writeFacts(
  header: Buffer,
  at: number,
  { entry, name }: { readonly entry: HostileEntry; readonly name: Buffer },
): void {
  header.writeUInt16LE(20, at);
  header.writeUInt16LE(entry.isDeflated ? 8 : 0, at + 4);
  header.writeUInt32LE(entry.crc, at + 10);
  header.writeUInt32LE(entry.packed.length, at + 14);
  header.writeUInt32LE(entry.declaredBytes, at + 18);
  header.writeUInt16LE(name.length, at + 22);
}

const ZIP64_END_BYTES = 56;
const ZIP64_LOCATOR_BYTES = 20;

function toEnd(
  count: number,
  { offset, sizeBytes }: { readonly offset: number; readonly sizeBytes: number },
) {
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt32LE(sizeBytes, 12);
  end.writeUInt32LE(offset, 16);
  if (count < 0xffff) return [end];
  const large = Buffer.alloc(ZIP64_END_BYTES);
  large.writeUInt32LE(0x06064b50, 0);
  large.writeBigUInt64LE(BigInt(ZIP64_END_BYTES - 12), 4);
  large.writeUInt16LE(45, 12);
  large.writeUInt16LE(45, 14);
  large.writeBigUInt64LE(BigInt(count), 24);
  large.writeBigUInt64LE(BigInt(count), 32);
  large.writeBigUInt64LE(BigInt(sizeBytes), 40);
  large.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(ZIP64_LOCATOR_BYTES);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + sizeBytes), 8);
  locator.writeUInt32LE(1, 16);
  return [large, locator, end];
}
