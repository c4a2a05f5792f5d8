import type { WrittenList } from "@multitap/server/contract/export";
import type { WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** What to write lists of. */
export interface ExportLists {
  readonly platformIds: readonly number[];
  /**
   * For programs on the disk of the library: paths instead of addresses, with pictures put beside the roms.
   * `false` unless said: the list leads to this server.
   */
  readonly isLocal?: boolean | undefined;
}

/** Lists of the library for other programs, written into its platform folders. */
export interface Exports {
  /**
   * Writes `gamelist.xml`, for front ends of the EmulationStation family, in place of an older one.
   * @throws MultitapError `not_found` when there was nothing to write, `conflict` for a read-only library.
   * @example
   * const [list] = await client.exports.gamelistXml({ platformIds: [3], isLocal: true });
   */
  gamelistXml(input: ExportLists, options?: WriteOptions): Promise<readonly WrittenList[]>;
  /**
   * Writes `metadata.pegasus.txt`, for Pegasus, in place of an older one.
   * @throws MultitapError as `gamelistXml`.
   * @example
   * await client.exports.pegasus({ platformIds: [3], isLocal: true });
   */
  pegasus(input: ExportLists, options?: WriteOptions): Promise<readonly WrittenList[]>;
}

/** Builds the calls of this domain. */
export function createExports(rpc: Rpc): Exports {
  return {
    gamelistXml: (input, options) => rpc.mutate("exports.gamelistXml", input, options),
    pegasus: (input, options) => rpc.mutate("exports.pegasus", input, options),
  };
}
