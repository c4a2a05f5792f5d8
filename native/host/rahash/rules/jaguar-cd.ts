import { be32, hasText, roundUp, swapPairs } from "../bytes.ts";
import type { RaContext } from "../context.ts";
import { openDisc } from "../discs/open-disc.ts";
import { getTrack, type RaTrack, readData, startOf } from "../discs/ra-disc.ts";
import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import type { RaRule } from "../target.ts";

const MARK = "ATARI APPROVED DATA HEADER ATRI ";
const SWAPPED_MARK = "TARA IPARPVODED TA AEHDAREA RT I";
const SECTOR_BYTES = 2352;
const SEARCH_FROM = 64;
/** Load address and size stand behind the mark; the search stops where they would not fit. */
const SEARCH_TO = SECTOR_BYTES - MARK.length - 12 - 1;
/** Bytes of one read; even, so that pairs stay whole. */
const CODE_BYTES_PER_READ = 512 << 10;

/** The loader that homebrew discs share: their own program is in track 2. */
const HOMEBREW_LOADER = "254487b59ab21bc005338e85cbf9fd2f";
const HOMEBREW_MARK = "RT!IRTKA";
const HOMEBREW_MARK_AT = 0x5e;
const HOMEBREW_SIZE_AT = 0xa6;
const HOMEBREW_CODE_AT = 0xaa;

/** Jaguar CD: the boot code in the second session's first track. */
export const hashJaguarCd: RaRule = async (target, context) => {
  const disc = await openDisc(target, context);
  const track = await getTrack(disc, "second_session");
  const header = await readHeader(context, track);
  let at = SEARCH_FROM;
  const isMark = () => hasText(header, MARK, at) || hasText(header, SWAPPED_MARK, at);
  while (at <= SEARCH_TO && !isMark()) at += 1;
  if (at > SEARCH_TO) return refuse("unrecognized", "no Jaguar CD boot header");
  const isSwapped = hasText(header, SWAPPED_MARK, at);
  const fields = header.slice(at + MARK.length, at + MARK.length + 8);
  const length = be32(isSwapped ? swapPairs(fields) : fields, 4);
  await feedCode(context, track, { start: at + MARK.length + 8, length, isSwapped });
  if (!isSwapped) return;
  const digest = context.takeDigest();
  if (digest === HOMEBREW_LOADER) await hashHomebrew(context, await getTrack(disc, 2));
  else context.setDigest(digest);
};

async function hashHomebrew(context: RaContext, track: RaTrack): Promise<void> {
  const header = await readHeader(context, track);
  if (!hasText(header, HOMEBREW_MARK, HOMEBREW_MARK_AT)) return refuse("unrecognized", "no homebrew header");
  const length = be32(swapPairs(header.slice(HOMEBREW_SIZE_AT, HOMEBREW_CODE_AT)), 0);
  await feedCode(context, track, { start: HOMEBREW_CODE_AT, length, isSwapped: true });
}

const readHeader = (context: RaContext, track: RaTrack): Promise<Uint8Array> =>
  readData(context, track, { sector: startOf(track), length: SECTOR_BYTES });

/** Hashes code that starts inside a track's first sector. */
async function feedCode(
  context: RaContext,
  track: RaTrack,
  code: { readonly start: number; readonly length: number; readonly isSwapped: boolean },
): Promise<void> {
  const length = Math.min(code.length, HASHED_FILE_BYTES_MAX);
  if (length === 0) return refuse("unrecognized", "the boot code is empty");
  context.expect(length);
  for (let done = 0; done < length; done += CODE_BYTES_PER_READ) {
    const wanted = Math.min(CODE_BYTES_PER_READ, length - done);
    const place = code.start + done;
    const skipped = place % SECTOR_BYTES;
    const sectors = await readData(context, track, {
      sector: startOf(track) + Math.floor(place / SECTOR_BYTES),
      length: skipped + roundUp(wanted, 2),
    });
    const bytes = sectors.slice(skipped);
    if (bytes.length < wanted) return refuse("damaged", "the image ends inside the boot code");
    context.update((code.isSwapped ? swapPairs(bytes) : bytes).subarray(0, wanted));
  }
}
