import type { BytesInput } from "../transfers/types.ts";
import { guarded, loadPart } from "./failures.ts";
import type { Hashes, HashTarget, NativeOptions, RomHashName } from "./types.ts";

/**
 * Gives digests of a game's bytes and the hash by which RetroAchievements knows it. Of several files (a sheet with
 * what it names, a playlist with its discs) the digests are of all bytes in the given order, and `ra` is null where
 * a file is missing. File names count, a `File`'s own or the source's.
 * @param target Whose rules make `ra`; "detect" tries those that the file's name and size suggest, and gives what
 *   the first one that fits gives.
 * @param options `names`: all four unless given.
 * @returns `raConsoleId`: the console whose rules were used; null where the platform has none, and with "detect"
 *   when no rule fitted or `ra` was not asked for.
 * @throws MultitapError `storage` when the bytes cannot be read, `aborted`; a damaged game is no error.
 * @example
 * const { ra } = await hashRom([cueFile, ...binFiles], { platform: "psx" }, { names: ["ra"] });
 */
export function hashRom<H extends RomHashName = RomHashName>(
  source: BytesInput | readonly BytesInput[],
  target: HashTarget,
  options: NativeOptions & { readonly names?: readonly H[] | undefined } = {},
): Promise<Hashes<H> & { readonly raConsoleId: number | null }> {
  return guarded(options.signal, async () => {
    const { hashRomFiles } = await loadPart(import("./rom-hashes.ts"));
    return hashRomFiles(source, target, options);
  });
}
