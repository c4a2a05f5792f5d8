import type { Client } from "../index.ts";
import type { BytesInput } from "../transfers/types.ts";
import { guarded, loadPart } from "./failures.ts";
import type { HashTarget, Identified, NativeOptions } from "./types.ts";

/**
 * Gives the game of the library that some files are, null when the library has none. Only digests travel to the
 * server, no byte of the files. What is cheapest comes first: the digest that a CHD holds of itself, then
 * RetroAchievements' hash of a disc, then a digest of the bytes; of a small file the bytes come before the hash.
 * Of several files the largest one's bytes count.
 * @param options `target`: whose rules make RetroAchievements' hash; found out unless given.
 * @throws MultitapError of the server's answer, `storage` when the bytes cannot be read, `aborted`.
 * @example
 * const hit = await identify(client, file, { signal });
 * show(hit === null ? "not in the library" : hit.rom.name);
 */
export function identify(
  client: Client,
  source: BytesInput | readonly BytesInput[],
  options: NativeOptions & { readonly target?: Exclude<HashTarget, "detect"> | undefined } = {},
): Promise<Identified | null> {
  return guarded(options.signal, async () => {
    const { identifyFiles } = await loadPart(import("./identify-files.ts"));
    return identifyFiles(client, source, options);
  });
}
