import { feedFile, findFile, getFile } from "../discs/iso9660.ts";
import { openDisc } from "../discs/open-disc.ts";
import { getTrack } from "../discs/ra-disc.ts";
import { extensionOf } from "../files.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";
import { hashWholeFile } from "./whole-file.ts";

/** PSP: a `.pbp` as a whole, else the disc's PARAM.SFO and EBOOT.BIN. */
export const hashPsp: RaRule = async (target, context) => {
  if (extensionOf(target.path) === "pbp") return hashWholeFile(target, context);
  const track = await getTrack(await openDisc(target, context), 1);
  const parameters = await findFile(context, track, "PSP_GAME\\PARAM.SFO");
  if (parameters === null) return refuse("unrecognized", "the disc has no PSP game");
  const program = await getFile(context, track, "PSP_GAME\\SYSDIR\\EBOOT.BIN");
  await feedFile(context, track, parameters);
  await feedFile(context, track, program);
};
