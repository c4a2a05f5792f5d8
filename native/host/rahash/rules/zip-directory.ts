import { fromLatin1, lowerAscii } from "../bytes.ts";
import type { ZipEntry } from "../containers/zip.ts";
import type { RaContext } from "../context.ts";

/** Records that are hashed at once: some tens of KiB. */
const RECORDS_PER_UPDATE = 512;

/** Hashes names, checksums and sizes of a ZIP's entries in the order of their names; not their content. */
export function feedZipDirectory(context: RaContext, entries: readonly ZipEntry[]): void {
  // One character for each byte, so the order of texts is the order of bytes.
  const records = entries.map(formatRecord).sort();
  for (let at = 0; at < records.length; at += RECORDS_PER_UPDATE)
    context.update(fromLatin1(records.slice(at, at + RECORDS_PER_UPDATE).join("")));
}

function formatRecord(entry: ZipEntry): string {
  const number = (value: number): string =>
    String.fromCharCode(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
  const name = lowerAscii(entry.name.replaceAll("\\", "/"));
  const size = number(entry.sizeBytes % 2 ** 32) + number(Math.floor(entry.sizeBytes / 2 ** 32));
  return `${name}\0${number(entry.crc32)}${size}`;
}
