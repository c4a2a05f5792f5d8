import { listZipEntries } from "../containers/zip.ts";
import { type RaContext, readChunks } from "../context.ts";
import { extensionOf } from "../files.ts";
import { getSource, type RaRule } from "../target.ts";
import { feedZipDirectory } from "./zip-directory.ts";

const LF = 10;
const CR = 13;

/** Arduboy: a `.arduboy` by the programs in its archive, else the text with each line ended by LF. */
export const hashArduboy: RaRule = async (target, context) => {
  if (extensionOf(target.path) !== "arduboy") return hashText(target, context);
  const entries = await listZipEntries(context, getSource(target));
  feedZipDirectory(
    context,
    entries.filter(({ name }) => name.length > 4 && /\.(?:hex|bin)$/i.test(name)),
  );
};

async function hashText(target: Parameters<RaRule>[0], context: RaContext): Promise<void> {
  const source = getSource(target);
  const range = { start: 0, length: source.sizeBytes };
  context.expect(range.length);
  let last = 0;
  for await (const bytes of readChunks(context, source, range)) {
    let length = 0;
    for (const byte of bytes) {
      // The second half of a CR LF is passed over; `length` never overtakes what was read.
      if (byte !== LF || last !== CR) bytes[length++] = byte === CR ? LF : byte;
      last = byte;
    }
    context.update(bytes.subarray(0, length));
  }
  if (last !== LF && last !== CR) context.update(Uint8Array.of(LF));
}
