import { existsSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { encodeTrack } from "../../native/vectors/ra/cd-sectors.ts";
import { createIso } from "../../native/vectors/ra/iso9660.ts";
import { BenchError } from "./bench-error.ts";
import { runChdman } from "./chd-files.ts";
import { makeDiscContent } from "./disc-content.ts";

/** A disc whose hash covers one large file on it. */
export interface RaImage {
  readonly name: string;
  /** RetroAchievements' own id of the console. */
  readonly consoleId: number;
  readonly path: string;
  /** Where that file lies on the disc. */
  readonly firstSector: number;
  readonly sectors: number;
}

const SECTOR_BYTES = 2048;
/** Large for a program, so that opening the disc does not count, and below the 64 MiB that the rule allows. */
const PROGRAM_BYTES = 48 << 20;

/** What is put on the disc, and how it is made into a CHD. */
interface Recipe {
  readonly name: string;
  readonly consoleId: number;
  readonly program: string;
  readonly others: { readonly [path: string]: Uint8Array };
  readonly isCd: boolean;
}

const text = (value: string) => new TextEncoder().encode(value);

const RECIPES: readonly Recipe[] = [
  {
    name: "PlayStation, CD",
    consoleId: 12,
    program: "SLUS_000.01",
    others: { "SYSTEM.CNF": text("BOOT = cdrom:\\SLUS_000.01;1\r\n") },
    isCd: true,
  },
  {
    name: "PSP, DVD",
    consoleId: 41,
    program: "PSP_GAME/SYSDIR/EBOOT.BIN",
    others: { "PSP_GAME/PARAM.SFO": text("\0PSF") },
    isCd: false,
  },
];

/** Makes a disc of each kind as a CHD with chdman's own choice of codecs; what is there already is taken. */
export async function makeRaImages(chdman: string, folder: string): Promise<readonly RaImage[]> {
  const program = makeDiscContent(PROGRAM_BYTES, "program");
  const images: RaImage[] = [];
  for (const [index, recipe] of RECIPES.entries()) {
    const { name, consoleId, isCd } = recipe;
    const iso = createIso({ ...recipe.others, [recipe.program]: program });
    const path = join(folder, `ra-${index}.chd`);
    if (!existsSync(path)) await makeImage(chdman, { path, iso, isCd });
    const firstSector = findSector(iso, program);
    images.push({ name, consoleId, path, firstSector, sectors: PROGRAM_BYTES / SECTOR_BYTES });
  }
  return images;
}

async function makeImage(
  chdman: string,
  { path, iso, isCd }: { readonly path: string; readonly iso: Uint8Array; readonly isCd: boolean },
): Promise<void> {
  const imagePath = `${path}.bin`;
  const sheetPath = `${path}.cue`;
  await Bun.write(imagePath, isCd ? encodeTrack(iso, "MODE2/2352") : iso);
  await Bun.write(
    sheetPath,
    `FILE "${basename(imagePath)}" BINARY\n  TRACK 01 MODE2/2352\n    INDEX 01 00:00:00\n`,
  );
  const how = isCd ? ["createcd", "-i", sheetPath] : ["createdvd", "-i", imagePath];
  await runChdman(chdman, [...how, "-o", `${path}.new`, "-f"]);
  renameSync(`${path}.new`, path);
  for (const input of [imagePath, sheetPath]) rmSync(input);
}

function findSector(iso: Uint8Array, program: Uint8Array): number {
  const at = Buffer.from(iso.buffer, iso.byteOffset, iso.length).indexOf(program.subarray(0, SECTOR_BYTES));
  if (at < 0 || at % SECTOR_BYTES !== 0) throw new BenchError("the program is not on the disc");
  return at / SECTOR_BYTES;
}
