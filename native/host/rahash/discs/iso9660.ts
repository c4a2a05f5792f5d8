import { hasText, latin1, le16, le24, le32, lowerAscii, u8 } from "../bytes.ts";
import type { RaContext } from "../context.ts";
import { DIRECTORY_SECTORS_MAX, HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { type RaTrack, readData, startOf } from "./ra-disc.ts";

/** A file on a disc. */
export interface DiscFile {
  /** Absolute. */
  readonly sector: number;
  /** As its directory says. */
  readonly sizeBytes: number;
}

const DESCRIPTOR_SECTOR = 16;
const SECTOR_BYTES = 2048;
/** Sectors of one read of a file: 1 MiB. */
const FILE_SECTORS_PER_READ = 512;

/**
 * Finds a file in the track's ISO 9660 file system.
 * @param path Folders before `\`; a leading one is dropped, case and versions (`;1`) do not count.
 */
export async function findFile(context: RaContext, track: RaTrack, path: string): Promise<DiscFile | null> {
  const volume = await readData(context, track, { sector: startOf(track) + DESCRIPTOR_SECTOR, length: 256 });
  const blockBytes = le16(volume, 128);
  let directory: DiscFile = { sector: le24(volume, 158), sizeBytes: le32(volume, 166) };
  let sectorCount = blockBytes === 0 ? 1 : Math.floor(directory.sizeBytes / blockBytes);
  const names = path.replace(/^\\/, "").split("\\");
  for (const name of names) {
    const found = await findInDirectory(context, track, { first: directory.sector, sectorCount, name });
    if (found === null) return null;
    directory = found;
    // Only the first sector of a folder is looked through: part of how these hashes are defined.
    sectorCount = 1;
  }
  return directory;
}

/** Finds a file, and refuses a disc without it. */
export async function getFile(context: RaContext, track: RaTrack, path: string): Promise<DiscFile> {
  return (await findFile(context, track, path)) ?? refuse("file_missing", `the disc has no file ${path}`);
}

async function findInDirectory(
  context: RaContext,
  track: RaTrack,
  directory: { readonly first: number; readonly sectorCount: number; readonly name: string },
): Promise<DiscFile | null> {
  const wanted = lowerAscii(directory.name);
  const count = Math.min(Math.max(1, directory.sectorCount), DIRECTORY_SECTORS_MAX);
  for (let index = 0; index < count; index += 1) {
    const sector = await readData(context, track, { sector: directory.first + index, length: SECTOR_BYTES });
    if (sector.length === 0) return null;
    const found = findRecord(sector, wanted);
    if (found !== null) return found.sector === 0 ? null : found;
  }
  return null;
}

/** Looks through the records of one sector; a record that lies across its end is not read. */
function findRecord(sector: Uint8Array, wanted: string): DiscFile | null {
  for (let at = 0; u8(sector, at) !== 0; at += u8(sector, at)) {
    const nameAt = at + 33;
    const nameEnd = nameAt + wanted.length;
    if (nameEnd > sector.length) continue;
    const isWholeName = u8(sector, at + 32) === wanted.length || hasText(sector, ";", nameEnd);
    if (isWholeName && lowerAscii(latin1(sector, nameAt, nameEnd)) === wanted)
      return { sector: le24(sector, at + 2), sizeBytes: le32(sector, at + 10) };
  }
  return null;
}

/**
 * Hashes a file on a disc, at most its first 64 MiB. An image that ends inside the file gives what it has.
 * @param sizeBytes In place of what the directory says, where a rule knows better.
 */
export async function feedFile(
  context: RaContext,
  track: RaTrack,
  file: { readonly sector: number; readonly sizeBytes: number },
): Promise<void> {
  const first = await readData(context, track, { sector: file.sector, length: SECTOR_BYTES });
  if (first.length < SECTOR_BYTES) return refuse("damaged", `the image ends before sector ${file.sector}`);
  let left = Math.min(file.sizeBytes, HASHED_FILE_BYTES_MAX);
  context.expect(left);
  let { sector } = file;
  // Tracks of audio hold more than 2048 bytes a sector; files are read 2048 bytes a sector all the same.
  const sectorsPerRead = track.dataBytes === SECTOR_BYTES ? FILE_SECTORS_PER_READ : 1;
  while (left > 0) {
    const length = Math.min(left, sectorsPerRead * SECTOR_BYTES);
    const bytes = await readData(context, track, { sector, length });
    context.update(bytes);
    if (bytes.length < length) return;
    left -= length;
    sector += sectorsPerRead;
  }
}
