import { NativeError } from "../errors.ts";
import { readFields } from "./fields.ts";
import type { FileWindow } from "./file-window.ts";
import type { ParsedHeader } from "./header.ts";
import { METADATA_BYTES_MAX, METADATA_ENTRIES_MAX } from "./limits.ts";
import type { ChdMetadata } from "./types.ts";

const ENTRY_HEAD_BYTES = 16;
const FLAG_CHECKSUM = 1;

function refuse(message: string): never {
  throw new NativeError("CHD_METADATA_INVALID", message);
}

/** Gives an entry's text without its closing NUL; bytes above 127 become the characters of the same number. */
export function metadataText(entry: ChdMetadata): string {
  const end = entry.bytes.indexOf(0);
  const bytes = end === -1 ? entry.bytes : entry.bytes.subarray(0, end);
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

async function readEntry(
  file: FileWindow,
  at: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly entry: ChdMetadata; readonly next: number }> {
  if (at + ENTRY_HEAD_BYTES > file.sizeBytes) refuse("an entry is cut off by the end of the file");
  const fields = readFields(await file.read(at, at + ENTRY_HEAD_BYTES, signal));
  const tag = fields.text(0, 4);
  const flagsAndLength = fields.u32(4);
  const next = fields.u64(8);
  const start = at + ENTRY_HEAD_BYTES;
  const end = start + (flagsAndLength & 0xffffff);
  if (end > file.sizeBytes) refuse(`the entry "${tag}" goes on past the end of the file`);
  // A copy, so that a few bytes do not keep the window's alive.
  const bytes = (await file.read(start, end, signal)).slice();
  return { entry: { tag, isChecksummed: ((flagsAndLength >>> 24) & FLAG_CHECKSUM) !== 0, bytes }, next };
}

/** The hard disk's entry that versions 1 and 2 have in their header instead. */
function geometryEntry(geometry: string): ChdMetadata {
  return { tag: "GDDD", isChecksummed: false, bytes: new TextEncoder().encode(`${geometry}\0`) };
}

/**
 * Reads all metadata in the file's order. An offset past the end of the file means that there are none.
 * @throws NativeError `CHD_METADATA_INVALID` when entries are cut off, go in circles or are too many.
 */
export async function readMetadata(
  file: FileWindow,
  header: ParsedHeader,
  signal: AbortSignal | undefined,
): Promise<readonly ChdMetadata[]> {
  const entries: ChdMetadata[] = header.geometry === null ? [] : [geometryEntry(header.geometry)];
  const seen = new Set<number>();
  let totalBytes = 0;
  let at = header.metadataOffset;
  while (at !== 0 && at < file.sizeBytes) {
    if (seen.has(at)) refuse("the list of entries goes in circles");
    if (entries.length >= METADATA_ENTRIES_MAX) refuse(`more than ${METADATA_ENTRIES_MAX} entries`);
    seen.add(at);
    const { entry, next } = await readEntry(file, at, signal);
    totalBytes += entry.bytes.length;
    if (totalBytes > METADATA_BYTES_MAX) refuse(`more than ${METADATA_BYTES_MAX} bytes`);
    entries.push(entry);
    at = next;
  }
  return entries;
}

const CD_TAGS = new Set(["CHCD", "CHTR", "CHT2", "CHGT", "CHGD"]);
const CD_FRAME_BYTES = 2448;
const UNIT_BYTES_MAX = 2 ** 31;

/** Gives the unit size, which versions 1 to 4 do not store: that of a hard disk, of a CD, otherwise a hunk. */
export function findUnitBytes(header: ParsedHeader, metadata: readonly ChdMetadata[]): number {
  if (header.unitBytes !== null) return header.unitBytes;
  const disk = metadata.find(({ tag }) => tag === "GDDD");
  const sectorBytes = Number(/BPS:(\d+)/.exec(disk === undefined ? "" : metadataText(disk))?.[1] ?? 0);
  if (sectorBytes > 0 && sectorBytes < UNIT_BYTES_MAX) return sectorBytes;
  return metadata.some(({ tag }) => CD_TAGS.has(tag)) ? CD_FRAME_BYTES : header.hunkBytes;
}
