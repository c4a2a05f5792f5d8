import { fromLatin1, hasText, latin1, le32, untilNul } from "../bytes.ts";
import type { RaContext } from "../context.ts";
import { type DiscFile, feedFile, findFile } from "../discs/iso9660.ts";
import { openDisc } from "../discs/open-disc.ts";
import { getTrack, type RaTrack, readData } from "../discs/ra-disc.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";

const CONFIGURATION = "SYSTEM.CNF";
const CONFIGURATION_BYTES = 2047;
const NAME_LENGTH_MAX = 63;
const FALLBACK = "PSX.EXE";
/** Compared as far as this: the last letter does not count. */
const EXECUTABLE_MARK = "PS-X EX";
const EXECUTABLE_HEADER_BYTES = 2048;

/** A line of SYSTEM.CNF; white space is what C counts as such. */
const PLAYSTATION_LINE = /(?:^|\n)BOOT[ \t-\r]*=[ \t-\r]*(?:cdrom:)?\\*([^ \t-\r;]*)/;
const PLAYSTATION_2_LINE = /(?:^|\n)BOOT2[ \t-\r]*=[ \t-\r]*(?:cdrom0:)?\\*([^ \t-\r;]*)/;

/** PlayStation: the executable's name and the executable. */
export const hashPlayStation: RaRule = async (target, context) => {
  const track = await getTrack(await openDisc(target, context), 1);
  let name = await findBootName(context, track, PLAYSTATION_LINE);
  let file = name === null ? null : await findFile(context, track, name);
  if (name === null || file === null) [name, file] = [FALLBACK, await findFile(context, track, FALLBACK)];
  if (file === null) return refuse("unrecognized", "the disc has no PlayStation executable");
  const header = await readData(context, track, { sector: file.sector, length: 32 });
  if (header.length < 32) return refuse("damaged", `the image ends before ${name}`);
  const sizeBytes = hasText(header, EXECUTABLE_MARK)
    ? le32(header, 28) + EXECUTABLE_HEADER_BYTES
    : file.sizeBytes;
  await feedExecutable(context, track, { name, sector: file.sector, sizeBytes });
};

/** PlayStation 2: the executable's name and the executable. */
export const hashPlayStation2: RaRule = async (target, context) => {
  const track = await getTrack(await openDisc(target, context), 1);
  const name = await findBootName(context, track, PLAYSTATION_2_LINE);
  if (name === null) return refuse("unrecognized", "the disc names no PlayStation 2 executable");
  const file = await findFile(context, track, name);
  if (file === null) return refuse("file_missing", `the disc has no file ${name}`);
  await feedExecutable(context, track, { name, ...file });
};

async function findBootName(context: RaContext, track: RaTrack, line: RegExp): Promise<string | null> {
  const file = await findFile(context, track, CONFIGURATION);
  if (file === null) return null;
  const bytes = await readData(context, track, { sector: file.sector, length: CONFIGURATION_BYTES });
  const name = line.exec(untilNul(latin1(bytes)))?.[1];
  return name === undefined ? null : name.slice(0, NAME_LENGTH_MAX);
}

async function feedExecutable(
  context: RaContext,
  track: RaTrack,
  file: DiscFile & { readonly name: string },
): Promise<void> {
  context.update(fromLatin1(file.name));
  await feedFile(context, track, file);
}
