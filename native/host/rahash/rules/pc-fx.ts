import { hasText, le24 } from "../bytes.ts";
import type { RaContext } from "../context.ts";
import { openDisc } from "../discs/open-disc.ts";
import { findTrack, type RaTrack, readData, startOf } from "../discs/ra-disc.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";
import { feedBootCode } from "./pc-engine-cd.ts";

const MARK = "PC-FX:Hu_CD-ROM";
const HEADER_BYTES = 128;
const SECTOR_BYTES = 2048;
const SECTORS_PER_READ = 512;

/** PC-FX: header and boot code of the largest data track, else of track 2; a PC Engine CD counts as well. */
export const hashPcFx: RaRule = async (target, context) => {
  const disc = await openDisc(target, context);
  if (disc.kind === "image") return refuse("unsupported", "a bare image does not say where its tracks are");
  const second = await findTrack(disc, 2);
  for (const track of [await findTrack(disc, "largest_data"), second]) {
    if (track === null) continue;
    const start = await readData(context, track, { sector: startOf(track), length: MARK.length });
    if (hasText(start, MARK)) return feedProgram(context, track);
  }
  const isPcEngine = second !== null && (await feedBootCode(context, second));
  if (!isPcEngine) return refuse("unrecognized", "no PC-FX header");
};

async function feedProgram(context: RaContext, track: RaTrack): Promise<void> {
  const start = startOf(track);
  const header = await readData(context, track, { sector: start + 1, length: HEADER_BYTES });
  if (header.length < HEADER_BYTES) refuse("damaged", "the image ends inside its header");
  context.update(header);
  const end = start + le24(header, 32) + le24(header, 36);
  for (let sector = start + le24(header, 32); sector < end; sector += SECTORS_PER_READ) {
    const length = Math.min(SECTORS_PER_READ, end - sector) * SECTOR_BYTES;
    const bytes = await readData(context, track, { sector, length });
    if (bytes.length < length) refuse("damaged", "the image ends inside the boot code");
    context.update(bytes);
  }
}
