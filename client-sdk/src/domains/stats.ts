import type { Stats } from "@multitap/server/contract/stats";
import type { CallOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** Numbers about the library. */
export interface StatsCalls {
  /**
   * Counts what the library and its users hold; per platform too when asked for.
   * @example
   * const { roms, sizeBytes } = await client.stats.get();
   */
  get(input?: { readonly withPlatforms?: boolean | undefined }, options?: CallOptions): Promise<Stats>;
}

/** Builds the calls of this domain. */
export function createStats(rpc: Rpc): StatsCalls {
  return { get: (input = {}, options) => rpc.query("stats.get", input, options) };
}
