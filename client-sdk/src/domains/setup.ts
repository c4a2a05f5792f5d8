import type { CreatedFolders, SetupLibrary } from "@multitap/server/contract/setup";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** First steps of a new server. Open to everyone until it has an administrator. */
export interface Setup {
  /**
   * Tells what the library looks like, and which platforms there are to choose from.
   * @throws MultitapError `forbidden` (`SETUP_DONE`) without a sign-in that may read platforms, once there is an
   *   administrator.
   * @example
   * const { folders, supportedPlatforms } = await client.setup.library();
   */
  library(options?: CallOptions): Promise<SetupLibrary>;
  /**
   * Makes folders for platforms; those that are there stay as they are.
   * @throws MultitapError `forbidden` (`SETUP_DONE`); `conflict` (`SETUP_FOLDERS_FAILED`).
   * @example
   * const { createdCount } = await client.setup.createFolders(["gb", "snes"]);
   */
  createFolders(fsSlugs: readonly string[], options?: WriteOptions): Promise<CreatedFolders>;
}

/** Builds the calls of this domain. */
export function createSetup(rpc: Rpc): Setup {
  return {
    library: (options) => rpc.query("setup.library", {}, options),
    createFolders: (fsSlugs, options) => rpc.mutate("setup.createFolders", { fsSlugs }, options),
  };
}
