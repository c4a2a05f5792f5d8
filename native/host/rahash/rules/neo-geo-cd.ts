import { latin1, untilNul } from "../bytes.ts";
import { feedFile, findFile, getFile } from "../discs/iso9660.ts";
import { openDisc } from "../discs/open-disc.ts";
import { getTrack, readData } from "../discs/ra-disc.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";

const LIST = "IPL.TXT";
const LIST_BYTES = 1023;
const LIST_END = "\x1a";

/** Neo Geo CD: the programs that the boot list names, in its order. */
export const hashNeoGeoCd: RaRule = async (target, context) => {
  const track = await getTrack(await openDisc(target, context), 1);
  const list = await findFile(context, track, LIST);
  if (list === null) return refuse("unrecognized", "the disc has no boot list");
  const bytes = await readData(context, track, { sector: list.sector, length: LIST_BYTES });
  for (const name of listPrograms(untilNul(latin1(bytes))))
    await feedFile(context, track, await getFile(context, track, name));
};

/** Gives the names of the list's programs; a line counts up to its first dot. */
function listPrograms(text: string): string[] {
  const names: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith(LIST_END)) break;
    const name = /^[^.]*\.PRG/i.exec(line)?.[0];
    if (name !== undefined) names.push(name);
  }
  return names;
}
