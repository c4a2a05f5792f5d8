import { hasText, le16, le32 } from "../bytes.ts";
import { feed, partOfSource, readFull } from "../context.ts";
import { HASHED_FILE_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { getSource, type RaRule } from "../target.ts";
import { openCiaContent } from "../three-ds/cia.ts";
import { feedNcch, HEADER_BYTES, MEDIA_UNIT_BYTES } from "../three-ds/ncch.ts";
import { hashWholeFile } from "./whole-file.ts";

const MARK_AT = 0x100;
const FIRST_PARTITION_AT = 0x120;
const CIA_MARK = "\x20\x20\0\0";
/** Code of a 3DSX stands behind its header and three tables of the same length. */
const TABLE_COUNT = 3;

/** Nintendo 3DS: header and program of a cartridge, an executable or an installable title; homebrew's code. */
export const hashNintendo3ds: RaRule = async (target, context) => {
  const source = getSource(target);
  const header = await readFull(context, source, { start: 0, length: HEADER_BYTES });
  const feedContent = (start: number) =>
    feedNcch(context, partOfSource(source, { start, length: source.sizeBytes }));
  if (hasText(header, "NCSD", MARK_AT)) {
    context.update(header);
    return feedContent(le32(header, FIRST_PARTITION_AT) * MEDIA_UNIT_BYTES);
  }
  if (hasText(header, "NCCH", MARK_AT)) return feedContent(0);
  if (hasText(header, CIA_MARK)) return feedNcch(context, await openCiaContent(context, source, header));
  if (hasText(header, "3DSX")) {
    const length = Math.min(le32(header, 0x10), HASHED_FILE_BYTES_MAX);
    return feed(context, source, { start: le16(header, 4) + TABLE_COUNT * le16(header, 6), length });
  }
  if (hasText(header, "\x7fELF")) return hashWholeFile(target, context);
  return refuse("unrecognized", `${source.name} is nothing that a Nintendo 3DS starts`);
};
