import type { Platform } from "@multitap/server/contract/platforms";
import type { Instant } from "../auth/types.ts";
import type { CallOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** The consoles and computer families of the library. */
export interface Platforms {
  /**
   * Gives the platforms of the library, those without roms included.
   * @example
   * for (const platform of await client.platforms.list()) show(`${platform.name}: ${platform.romCount}`);
   */
  list(
    input?: { readonly updatedAfter?: Instant | undefined },
    options?: CallOptions,
  ): Promise<readonly Platform[]>;
  /**
   * Reads one platform.
   * @throws MultitapError `not_found`.
   * @example
   * const { displayName } = await client.platforms.get(3);
   */
  get(platformId: number, options?: CallOptions): Promise<Platform>;
  /**
   * Gives every platform that the server knows; `id` is -1 where the library has no folder for it.
   * @example
   * const slugs = (await client.platforms.supported()).map((platform) => platform.slug);
   */
  supported(options?: CallOptions): Promise<readonly Platform[]>;
}

/** Builds the calls of this domain. */
export function createPlatforms(rpc: Rpc): Platforms {
  return {
    list: (input = {}, options) => rpc.query("platforms.list", input, options),
    get: (platformId, options) => rpc.query("platforms.get", { platformId }, options),
    supported: (options) => rpc.query("platforms.supported", {}, options),
  };
}
