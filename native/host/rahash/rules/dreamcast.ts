import { hasText, latin1 } from "../bytes.ts";
import type { RaContext } from "../context.ts";
import { feedFile, getFile } from "../discs/iso9660.ts";
import { openDisc } from "../discs/open-disc.ts";
import { findTrack, getTrack, type RaDisc, type RaTrack, readData, startOf } from "../discs/ra-disc.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";

const HEADER_BYTES = 256;
const BOOT_NAME_AT = 96;
const BOOT_NAME_BYTES = 16;

/** Dreamcast: the header of the boot track, and the file that it names. */
export const hashDreamcast: RaRule = async (target, context) => {
  const disc = await openDisc(target, context);
  const { track, header } = await getBootTrack(context, disc);
  context.update(header);
  const name = /^[^ \t-\r\0]*/.exec(latin1(header, BOOT_NAME_AT, BOOT_NAME_AT + BOOT_NAME_BYTES))?.[0] ?? "";
  if (name === "") return refuse("damaged", "the disc's header names no boot file");
  const file = await getFile(context, track, name);
  // On discs with audio behind the data the file lies in the last track.
  const probe = await readData(context, track, { sector: file.sector, length: 1 });
  await feedFile(context, probe.length > 0 ? track : await getTrack(disc, "last"), file);
};

async function getBootTrack(
  context: RaContext,
  disc: RaDisc,
): Promise<{ readonly track: RaTrack; readonly header: Uint8Array }> {
  for (const choice of [3, "first_data"] as const) {
    const track = await findTrack(disc, choice);
    if (track === null) continue;
    const header = await readData(context, track, { sector: startOf(track), length: HEADER_BYTES });
    if (header.length === HEADER_BYTES && hasText(header, "SEGA SEGAKATANA ")) return { track, header };
  }
  return refuse("unrecognized", "no Dreamcast disc header");
}
