import { be32, le32 } from "../bytes.ts";
import { feed, readFull, readUpTo } from "../context.ts";
import { refuse } from "../refusal.ts";
import { getSource, type RaRule } from "../target.ts";

const HEADER_BYTES = 512;
const HASHED_HEADER_BYTES = 0x160;
const ICON_BYTES = 0xa00;
const CODE_BYTES_MAX = 16 << 20;

/** Nintendo DS and DSi: header, both processors' code, and the icon. */
export const hashNintendoDs: RaRule = async (target, context) => {
  const source = getSource(target);
  let base = 0;
  let header = await readFull(context, source, { start: 0, length: HEADER_BYTES });
  // A SuperCard puts a header of its own before the image.
  if (be32(header, 0) === 0x2e0000ea && be32(header, 0xb0) === 0x44469600) {
    base = HEADER_BYTES;
    header = await readFull(context, source, { start: base, length: HEADER_BYTES });
  }
  const arm9 = { start: base + le32(header, 0x20), length: le32(header, 0x2c) };
  const arm7 = { start: base + le32(header, 0x30), length: le32(header, 0x3c) };
  if (arm9.length + arm7.length > CODE_BYTES_MAX)
    return refuse("unrecognized", `${source.name}: more code than a DS holds`);
  context.update(header.subarray(0, HASHED_HEADER_BYTES));
  await feed(context, source, arm9);
  await feed(context, source, arm7);
  const icon = new Uint8Array(ICON_BYTES);
  icon.set(await readUpTo(context, source, { start: base + le32(header, 0x68), length: ICON_BYTES }));
  context.update(icon);
};
