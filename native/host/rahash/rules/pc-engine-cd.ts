import { be24, hasText, u8 } from "../bytes.ts";
import type { RaContext } from "../context.ts";
import { feedFile, findFile } from "../discs/iso9660.ts";
import { openDisc } from "../discs/open-disc.ts";
import { getTrack, type RaTrack, readData, startOf } from "../discs/ra-disc.ts";
import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";

const MARK = "PC Engine CD-ROM SYSTEM";
const MARK_AT = 32;
const HEADER_BYTES = 128;
const TITLE_AT = 106;
const SECTOR_BYTES = 2048;

/** PC Engine CD: title and boot code, or the boot file of a GameExpress disc. Needs the disc's tracks. */
export const hashPcEngineCd: RaRule = async (target, context) => {
  const disc = await openDisc(target, context);
  if (disc.kind === "image" || disc.kind === "gdi")
    return refuse("unsupported", "a PC Engine CD is a cue sheet or a CHD");
  const track = await getTrack(disc, "first_data");
  if (await feedBootCode(context, track)) return;
  const file = await findFile(context, track, "BOOT.BIN");
  if (file === null || file.sizeBytes >= HASHED_FILE_BYTES_MAX)
    return refuse("unrecognized", "no PC Engine CD header");
  await feedFile(context, track, file);
};

/**
 * Hashes title and boot code of a track.
 * @returns false where the track has no PC Engine header; nothing was hashed then.
 */
export async function feedBootCode(context: RaContext, track: RaTrack): Promise<boolean> {
  const start = startOf(track);
  const header = await readData(context, track, { sector: start + 1, length: SECTOR_BYTES });
  if (!hasText(header, MARK, MARK_AT) || header.length < HEADER_BYTES) return false;
  context.update(header.subarray(TITLE_AT, HEADER_BYTES));
  const first = be24(header, 0) + start;
  // Clients read into one buffer, so where the image ends the last sector counts again.
  const buffer = new Uint8Array(SECTOR_BYTES);
  for (let index = 0; index < u8(header, 3); index += 1) {
    const bytes = await readData(context, track, { sector: first + index, length: SECTOR_BYTES });
    if (index === 0 && bytes.length < SECTOR_BYTES) refuse("damaged", "the image ends before the boot code");
    buffer.set(bytes);
    context.update(buffer);
  }
  return true;
}
