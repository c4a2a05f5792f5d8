import type { ByteSource } from "../../byte-source.ts";
import { hasText } from "../bytes.ts";
import { type RaContext, readUpTo } from "../context.ts";

/** How containers of disc images start, and what opens them; the code is loaded when such a file is met. */
const OPENERS = {
  block: async () => (await import("./block-image.ts")).openBlockImage,
  rvz: async () => (await import("./rvz.ts")).openRvz,
};

const MARKS: readonly (readonly [mark: string, kind: keyof typeof OPENERS])[] = [
  ["CISO", "block"],
  ["ZISO", "block"],
  ["DAX\0", "block"],
  ["RVZ\x01", "rvz"],
  ["WIA\x01", "rvz"],
];

/** Gives the plain image inside a CISO, ZISO, DAX, RVZ or WIA file, or the source itself where it is none. */
export async function openPlainImage(context: RaContext, source: ByteSource): Promise<ByteSource> {
  const start = await readUpTo(context, source, { start: 0, length: 4 });
  const kind = MARKS.find(([mark]) => hasText(start, mark))?.[1];
  if (kind === undefined) return source;
  const open = await OPENERS[kind]();
  return open(context, source);
}
