import { hasText } from "../bytes.ts";
import { openDisc } from "../discs/open-disc.ts";
import { getTrack, readData } from "../discs/ra-disc.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";

const HEADER_BYTES = 512;

/** Sega CD and Saturn: the header in the disc's first sector; either mark goes for either console. */
export const hashSegaCd: RaRule = async (target, context) => {
  const track = await getTrack(await openDisc(target, context), 1);
  const header = await readData(context, track, { sector: 0, length: HEADER_BYTES });
  const isSega = hasText(header, "SEGADISCSYSTEM  ") || hasText(header, "SEGA SEGASATURN ");
  if (!isSega || header.length < HEADER_BYTES) return refuse("unrecognized", "no Sega disc header");
  context.update(header);
};
