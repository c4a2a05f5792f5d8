import { be16, be24, hasText, latin1, lowerAscii, u8, untilNul } from "../bytes.ts";
import type { RaContext } from "../context.ts";
import { openDisc } from "../discs/open-disc.ts";
import { getTrack, type RaTrack, readData } from "../discs/ra-disc.ts";
import { OPERA_BLOCKS_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";

const VOLUME_BYTES = 132;
const SECTOR_BYTES = 2048;
const FILE_TYPE = 2;
const LAST_BLOCK = 0xffff;
const ENTRY_BYTES = 0x48;
const NAME_AT = 0x20;
const PROGRAM = "launchme";

/** 3DO: the volume header and the program that the console starts. */
export const hashThreeDo: RaRule = async (target, context) => {
  const track = await getTrack(await openDisc(target, context), 1);
  const volume = await readData(context, track, { sector: 0, length: VOLUME_BYTES });
  if (!hasText(volume, "\x01ZZZZZ\x01") || volume.length < VOLUME_BYTES)
    return refuse("unrecognized", "no 3DO volume header");
  context.update(volume);
  const blockBytes = be24(volume, 0x4d);
  const root = be24(volume, 0x65) * blockBytes;
  let block = await readSector(context, track, root);
  for (let count = 1; ; count += 1) {
    const file = findProgram(block);
    if (file !== null) return feedProgram(context, track, { ...file, block });
    const next = be16(block, 2);
    if (next === LAST_BLOCK || block.length === 0) return refuse("file_missing", "the disc has no LaunchMe");
    if (count === OPERA_BLOCKS_MAX) return refuse("over_limit", "the disc's directory has no end");
    block = await readSector(context, track, root + next * blockBytes);
  }
};

const readSector = (context: RaContext, track: RaTrack, address: number): Promise<Uint8Array> =>
  readData(context, track, { sector: Math.floor(address / SECTOR_BYTES), length: SECTOR_BYTES });

function findProgram(block: Uint8Array): { readonly address: number; readonly sizeBytes: number } | null {
  const end = Math.min(be24(block, 0x0d), block.length);
  for (let at = be16(block, 0x12); at + ENTRY_BYTES <= end; at += ENTRY_BYTES + 4 * u8(block, at + 0x43)) {
    const name = untilNul(latin1(block, at + NAME_AT, at + NAME_AT + PROGRAM.length + 1));
    if (u8(block, at + 3) === FILE_TYPE && lowerAscii(name) === PROGRAM)
      return {
        address: be24(block, at + 0x0d) * be24(block, at + 0x45),
        sizeBytes: be24(block, at + 0x11),
      };
  }
  return null;
}

async function feedProgram(
  context: RaContext,
  track: RaTrack,
  file: { readonly address: number; readonly sizeBytes: number; readonly block: Uint8Array },
): Promise<void> {
  context.expect(file.sizeBytes);
  const buffer = new Uint8Array(SECTOR_BYTES);
  // Clients read into one buffer, so where the image ends what it held before counts again.
  buffer.set(file.block);
  for (let done = 0; done < file.sizeBytes; done += SECTOR_BYTES) {
    buffer.set(await readSector(context, track, file.address + done));
    context.update(buffer.subarray(0, Math.min(SECTOR_BYTES, file.sizeBytes - done)));
  }
}
