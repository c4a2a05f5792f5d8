import { createReading, type RaReading } from "./context.ts";
import { extensionOf } from "./files.ts";
import { followPlaylist, getEntry } from "./playlist.ts";
import { RaRefusal } from "./refusal.ts";
import { toFiles } from "./target.ts";
import type { RaHashOptions, RaInput } from "./types.ts";

/** Consoles to try for an extension, in order: `id: extensions`. */
const CONSOLES_BY_EXTENSION: ReadonlyMap<string, readonly number[]> = new Map(
  (
    "64:2d|62:3ds 3dsx app axf cci cia cxi elf|27:7z zip|79:83g 83p|25:a26|51:a78|71:arduboy hex|" +
    "3:bs fig sfc smc swc|55:cart|29:cas mx1 mx2 ri rom|57:chf|44:col|59:csw pzx scl trd tzx|30:d64 tap|26:dosz|" +
    "66:fd k7 m5 m7 sap|7:fds nes|4:gb|5:gba|6:gbc|40:gdi|15:gg|17:jag|13:lnx|1:md|24:min|2:n64 ndd v64 z64|" +
    "18:nds|14:ngc|41:pbp|8:pce sgx|75:pgm tvc|33:sg|63:sv|65:tic|80:uze|28:vb|19:wad|72:wasm|38:woz|53:wsc|" +
    "12,21,40,9,41,76,43,56,49:chd|12,21,40,9,76,43,49,56,77:cue|21,41,43,9,16,19:iso|47,64:d88|38,30:nib"
  )
    .split("|")
    .flatMap((row) => {
      const [ids = "", extensions = ""] = row.split(":");
      return extensions.split(" ").map((extension) => [extension, ids.split(",").map(Number)] as const);
    }),
);

/** Larger ones are discs. */
const LARGE_BIN_BYTES = 32 << 20;
const DISC_BIN_CONSOLES = [43, 12, 21, 9, 1];
const SMALL_BIN_CONSOLES = [1];
/** Disk images of several computers: the sizes that say whose they may be. */
const DSK_CONSOLES: ReadonlyMap<number, readonly number[]> = new Map([
  [368_640, [29]],
  [737_280, [29]],
  [184_320, [29, 37]],
  [143_360, [38]],
  [116_480, [38]],
]);
const DSK_OTHERS = [29, 37, 59, 38];
/** Plain whole-file hash for whatever is not known. */
const UNKNOWN_CONSOLES = [4];

/**
 * Gives the consoles whose rules are worth trying for a file of unknown platform, by its extension and size, in
 * order. Every rule that succeeds gives a hash, so the first success need not be the game's. A playlist is
 * followed; one without entries has no consoles.
 */
export async function detectConsoles(
  input: RaInput,
  options: Pick<RaHashOptions, "signal"> = {},
): Promise<readonly number[]> {
  if ("tracks" in input) return CONSOLES_BY_EXTENSION.get("chd") ?? [];
  try {
    return await listConsoles(createReading(options.signal), toFiles(input));
  } catch (error) {
    if (error instanceof RaRefusal) return [];
    throw error;
  }
}

async function listConsoles(
  context: RaReading,
  files: ReturnType<typeof toFiles>,
): Promise<readonly number[]> {
  const file = await followPlaylist(files, await getEntry(files, context), context);
  if (file === null) return [];
  const { sizeBytes } = file.source;
  const extension = extensionOf(file.path);
  if (extension === "bin") return sizeBytes > LARGE_BIN_BYTES ? DISC_BIN_CONSOLES : SMALL_BIN_CONSOLES;
  if (extension === "dsk") return [...new Set([...(DSK_CONSOLES.get(sizeBytes) ?? []), ...DSK_OTHERS])];
  return CONSOLES_BY_EXTENSION.get(extension) ?? UNKNOWN_CONSOLES;
}
