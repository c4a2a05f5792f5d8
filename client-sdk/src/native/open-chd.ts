import type { BytesInput } from "../transfers/types.ts";
import { guarded, loadPart } from "./failures.ts";
import type { Chd, OpenChdOptions } from "./types.ts";

/**
 * Opens a CHD of version 1 to 5: reads its header, metadata and map, no hunk yet.
 * @param source Stays open; closing it is up to whoever opened it.
 * @throws MultitapError with a code `CHD_…` when it is none, is damaged or not supported, and `storage` when it
 *   cannot be read.
 * @example
 * const chd = await openChd(file);
 * show(`${chd.tracks.length} tracks`);
 */
export function openChd(source: BytesInput, options: OpenChdOptions = {}): Promise<Chd> {
  return guarded(options.signal, async () => {
    const { openChdFile } = await loadPart(import("./chd.ts"));
    return openChdFile(source, options);
  });
}
