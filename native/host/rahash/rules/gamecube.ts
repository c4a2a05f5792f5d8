import { be32 } from "../bytes.ts";
import { openPlainImage } from "../containers/plain-image.ts";
import { readUpTo } from "../context.ts";
import { refuse } from "../refusal.ts";
import { getSource, type RaRule } from "../target.ts";
import { feedBootArea } from "./boot-area.ts";

const MAGIC_AT = 0x1c;
const MAGIC = 0xc2339f3d;

/** GameCube: what the disc starts from; also out of RVZ and WIA. */
export const hashGameCube: RaRule = async (target, context) => {
  const disc = await openPlainImage(context, getSource(target));
  const magic = await readUpTo(context, disc, { start: MAGIC_AT, length: 4 });
  if (be32(magic, 0) !== MAGIC) return refuse("unrecognized", `${disc.name} is no GameCube disc`);
  await feedBootArea(context, disc, { start: 0, unitBytes: 1 });
};
