import { filled, join, le32, put } from "./bytes.ts";
import type { Random } from "./random.ts";

/** What a DS image differs in. */
export interface NdsOptions {
  readonly iconBytes?: number | undefined;
  readonly hasSuperCard?: boolean | undefined;
  /** Says that it holds more code than a DS can. */
  readonly isTooLarge?: boolean | undefined;
}

const ARM9_AT = 0x4000;
const ARM9_BYTES = 0x3000;
const ARM7_BYTES = 0x1400;
const ARM7_AT = ARM9_AT + ARM9_BYTES + 0x80;
const ICON_AT = ARM7_AT + ARM7_BYTES + 0x40;

/** Gives a Nintendo DS image. */
export function createNds(random: Random, options: NdsOptions = {}): Uint8Array {
  const header = random.bytes(512);
  // Never the mark of a SuperCard.
  header[0] = 0x53;
  put(header, 0x20, le32(ARM9_AT));
  put(header, 0x2c, le32(options.isTooLarge ? 0x00f00000 : ARM9_BYTES));
  put(header, 0x30, le32(ARM7_AT));
  put(header, 0x3c, le32(options.isTooLarge ? 0x00200000 : ARM7_BYTES));
  put(header, 0x68, le32(ICON_AT));
  const image = put(random.soft(ICON_AT + (options.iconBytes ?? 0xa00)), 0, header);
  if (!options.hasSuperCard) return image;
  const card = put(random.bytes(512), 0, [0x2e, 0, 0, 0xea]);
  return join(put(card, 0xb0, [0x44, 0x46, 0x96, 0]), image);
}

/** Gives a Nintendo 64 image in big endian. */
export const createN64 = (random: Random, length: number): Uint8Array =>
  put(random.soft(length), 0, [0x80, 0x37, 0x12, 0x40]);

/** Gives an iNES header. */
export const createInesHeader = (): Uint8Array => put(filled(16), 0, "NES\x1a\x02\x01\x01");
